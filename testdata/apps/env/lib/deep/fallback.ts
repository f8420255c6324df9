export const fallback = 'second path'
