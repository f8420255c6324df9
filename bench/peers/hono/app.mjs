// The rows of bench/app as a Hono user writes them.
import { Hono } from 'hono'

const upstream = process.env.UPSTREAM
const app = new Hono()

app.get('/api/json', (c) => c.json({ hello: c.req.query('name'), ok: true }))

app.post('/api/echo', async (c) => c.json(await c.req.json()))

app.get('/api/items/:id', (c) => {
  const id = c.req.param('id')
  return c.json({ id, name: `Item ${id}` })
})

app.get('/api/user', (c) => c.json({ user: c.req.header('x-user'), ok: true }))

app.get('/api/proxy/small', () => fetch(`${upstream}/small`))
app.get('/api/proxy/large', () => fetch(`${upstream}/large`))

const from = async (name) => (await fetch(`${upstream}/${name}`)).json()

app.get('/api/merge', async (c) => {
  const [user, orders, news] = await Promise.all([from('user'), from('orders'), from('news')])
  return c.json({ user, orders, news })
})

const items = JSON.stringify({ items: Array.from({ length: 16 }, (_, id) => ({ id, name: `Item ${id}`, price: 100 * id, stock: id % 5 })) })
app.get('/api/cached', (c) => c.body(items, 200, { 'content-type': 'application/json', 'cache-control': 's-maxage=31536000' }))

let user
app.get('/api/cached-fetch', async (c) => c.json({ user: (user ??= await from('user')) }))

app.get('/api/transform', async (c) => {
  const { products } = await from('products')
  const list = products
    .filter((p) => p.stock > 0 && p.price < 5000)
    .map((p) => ({ id: p.id, name: p.name.toUpperCase(), gross: Math.round(p.price * 1.19), tags: p.tags.length }))
    .sort((a, b) => a.gross - b.gross || a.id - b.id)
  return c.json({ count: list.length, products: list })
})

export default app
