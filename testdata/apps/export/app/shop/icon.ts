export const dynamic = 'force-static';
export default () => new Response('<svg/>', { headers: { 'content-type': 'image/svg+xml' } });
