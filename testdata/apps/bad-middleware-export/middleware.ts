export const middleware = 'not a function'
