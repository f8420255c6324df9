export const GET = () => Response.json([process.env.PHASE, process.env.BY_DEFAULT, process.env.LONGER])
