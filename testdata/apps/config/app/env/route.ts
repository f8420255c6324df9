export const GET = () => Response.json({ inlined: process.env.FROM_CONFIG, listed: Object.keys(process.env).includes('FROM_CONFIG') })
