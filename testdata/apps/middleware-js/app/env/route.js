export const GET = () => Response.json([process.env.FOLDER, process.env.WRAPPED])
