export const dynamic = 'error';
export const GET = () => Response.json({ a: [1, 2], é: '€' });
