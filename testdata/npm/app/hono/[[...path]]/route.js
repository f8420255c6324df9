import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { getCookie, setCookie } from 'hono/cookie'
import { jwt, sign } from 'hono/jwt'
import { streamText } from 'hono/streaming'
import { validator } from 'hono/validator'
import { handle } from 'hono/vercel'

const app = new Hono().basePath('/hono')
app.use('*', cors({ origin: 'https://a.example' }))
app.get('/', (c) => c.json({ query: c.req.query(), path: c.req.path }))
app.get('/users/:id{[0-9]+}', (c) => c.text('user ' + c.req.param('id')))
app.post('/items', validator('json', (value, c) => (typeof value.name === 'string' ? value : c.json({ error: 'name' }, 400))), (c) => c.json({ made: c.req.valid('json').name }, 201))
app.get('/cookie', (c) => {
  setCookie(c, 'seen', 'yes', { httpOnly: true, path: '/hono', maxAge: 60, sameSite: 'Lax' })
  return c.text(getCookie(c, 'seen') ?? 'not seen')
})
app.get('/token', async (c) => c.text(await sign({ sub: 'me', exp: 4102444800 }, 'secret')))
app.use('/private/*', jwt({ secret: 'secret', alg: 'HS256' }))
app.get('/private/me', (c) => c.json(c.get('jwtPayload')))
app.get('/stream', (c) => streamText(c, async (s) => { for (const x of ['a', 'b', 'c']) await s.writeln(x) }))
app.get('/throws', () => { throw new Error('on purpose') })
app.onError((e, c) => c.text(e.getResponse ? e.message : 'caught ' + e.message, e.status ?? 500))

export const GET = handle(app)
export const POST = handle(app)
export const OPTIONS = handle(app)
