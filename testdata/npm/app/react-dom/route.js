import { createElement as h, Suspense, use, useId } from 'react'
import { renderToReadableStream, renderToStaticMarkup } from 'react-dom/server'

const Item = ({ text }) => h('li', { className: 'item', 'data-text': text, style: { color: 'red', marginTop: 4 } }, text, ' & ', h('b', null, useId() !== ''))
const Later = ({ promise }) => h('p', null, use(promise))

export async function GET(request) {
  const list = h('ul', null, ['<one>', 'zwei', '三'].map((text) => h(Item, { key: text, text })))
  if (new URL(request.url).searchParams.has('static')) return new Response(renderToStaticMarkup(list), { headers: { 'content-type': 'text/html' } })
  const promise = new Promise((resolve) => setTimeout(resolve, 5, 'late'))
  const stream = await renderToReadableStream(h('html', null, h('body', null, list, h(Suspense, { fallback: 'wait' }, h(Later, { promise })))))
  await stream.allReady
  return new Response(stream, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}
