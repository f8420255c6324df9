export const word = 'imported'
