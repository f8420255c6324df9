export function generateImageMetadata() {
  return [
    { id: 'small', size: { width: 16, height: 16 }, contentType: 'image/png' },
    { id: 2, size: { width: 64, height: 64 }, contentType: 'image/png' },
  ];
}
export default async function Icon({ id }: { id: any }) {
  const n = await id;
  return new Response(`icon ${n} (${typeof n})`, { headers: { 'content-type': 'image/png' } });
}
