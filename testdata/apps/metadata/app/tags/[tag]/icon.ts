export async function generateStaticParams() {
  return [{ tag: 'go' }, { tag: 'ts' }];
}
export default async function Image({ params }: { params: any }) {
  return new Response('icon of ' + (await params).tag, { headers: { 'content-type': 'image/png' } });
}
