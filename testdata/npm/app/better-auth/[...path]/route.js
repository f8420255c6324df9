import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

const auth = betterAuth({
  baseURL: 'http://localhost:3000',
  basePath: '/better-auth',
  secret: 'a secret of more than thirty-two characters',
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  logger: { disabled: true },
  telemetry: { enabled: false },
})

// The whole of signing up and coming back, with what is random left out.
export async function GET(request) {
  const call = (path, method, body, headers) => auth.handler(new Request('http://localhost:3000/better-auth/' + path, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json', origin: 'http://localhost:3000', ...headers } }))
  if (new URL(request.url).pathname !== '/better-auth/flow') return auth.handler(request)
  const who = { email: 'a@example.com', password: 'a long password', name: 'A' }
  const up = await call('sign-up/email', 'POST', who), made = await up.json()
  const cookie = up.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')
  const session = await (await call('get-session', 'GET', undefined, { cookie })).json()
  const wrong = await call('sign-in/email', 'POST', { ...who, password: 'not the password' })
  const right = await call('sign-in/email', 'POST', who)
  return Response.json([up.status, made.user?.email, up.headers.getSetCookie().map((c) => c.replace(/=[^;]*/, '')), session?.user?.name, session?.session?.userId === made.user?.id, wrong.status, await wrong.json(), right.status])
}
