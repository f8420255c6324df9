export const plain = 'plain js'; export default 'default of js'
