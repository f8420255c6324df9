export const GET = () => new Response('api');
