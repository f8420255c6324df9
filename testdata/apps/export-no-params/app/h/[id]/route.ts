export const generateStaticParams = () => [];
export const GET = () => new Response('h');
