export const dynamic = 'force-static';
export const GET = () => new Response(new Uint8Array([0, 1, 128, 255, 10, 13]));
