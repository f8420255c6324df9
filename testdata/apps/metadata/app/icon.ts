export const size = { width: 1, height: 1 };
export const contentType = 'image/png';
export default function Icon() {
  return new Response('icon', { headers: { 'content-type': 'image/png' } });
}
