import { count } from '../../../../lib/upstream';

export const dynamic = 'force-static';

export async function generateStaticParams() {
  return [
    { lang: 'en', slug: ['a', 'b'] },
    { lang: 'de', slug: ['a'] },
  ];
}

export async function GET(_: Request, { params }: { params: Promise<{ lang: string; slug: string[] }> }) {
  const { lang, slug } = await params;
  return Response.json({ lang, slug, n: await count(`pages-${lang}-${slug.join('-')}`) });
}
