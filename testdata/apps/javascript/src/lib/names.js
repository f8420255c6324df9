export const name = 'lib/names.js'
