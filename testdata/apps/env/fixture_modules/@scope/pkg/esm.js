export const scoped = 'module field'
