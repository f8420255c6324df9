export const alt = 'marketing';
export default () => new Response('og of marketing', { headers: { 'content-type': 'image/png' } });
