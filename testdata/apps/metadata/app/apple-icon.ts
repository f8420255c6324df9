export const contentType = 'image/svg+xml';
export default function Icon() {
  return new Response('<svg/>', { status: 203, headers: { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=60', 'x-own': 'yes' } });
}
