export const greet = (name: string) => `hello ${name}`
export default greet
