export const dynamic = 'force-static';
export const revalidate = 0;
export const GET = () => new Response('never kept');
