export const generateStaticParams = () => ['a', 'a b', 'é', 'x/y', 'per%cent', 'q?x=1', 'dot.txt'].map((id) => ({ id }));
export const GET = async (_: Request, { params }: { params: Promise<{ id: string }> }) => new Response('id ' + (await params).id);
