import { notFound } from 'next/navigation'
import { articles } from '../../../lib/articles'

export const alt = 'The title of the article'
export const size = { width: 1200, height: 630 }
export const contentType = 'image/svg+xml'

const escape = (text: string) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)

export default async function Image({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params
  const article = (await articles()).find((article) => article.slug === slug)
  if (!article) notFound()
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630"><text x="80" y="330" font-size="72">${escape(article.title)}</text></svg>`
  return new Response(svg, { headers: { 'content-type': contentType } })
}
