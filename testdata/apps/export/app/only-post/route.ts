export const POST = () => new Response('posted');
