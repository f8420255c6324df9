export const both = 'ts wins'
