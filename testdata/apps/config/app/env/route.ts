export const GET = () => Response.json({ inlined: process.env.FROM_CONFIG, listed: 'FROM_CONFIG' in process.env })
