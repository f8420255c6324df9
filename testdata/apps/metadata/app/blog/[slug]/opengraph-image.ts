export default async function Image({ params }: { params: any }) {
  const p = await params;
  return new Response('og of ' + JSON.stringify(p), { headers: { 'content-type': 'image/png' } });
}
