export const folder = 'lib/folder/index.ts'
