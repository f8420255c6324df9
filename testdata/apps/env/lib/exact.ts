export const exact = 'lib/exact.ts'
