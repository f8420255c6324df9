export function midleware() {}

export const config = { matcher: '/x' }
