import { getIronSession, sealData, unsealData } from 'iron-session'

const options = { password: 'a password of at least thirty-two characters', cookieName: 'session' }

export async function GET(request) {
  const response = new Response()
  const session = await getIronSession(request, response, options)
  session.visits = (session.visits ?? 0) + 1
  await session.save()
  const cookie = response.headers.get('set-cookie')
  const back = new Request('http://x/', { headers: { cookie: cookie.split(';')[0] } })
  const again = await getIronSession(back, new Response(), options)
  const seal = await sealData({ a: 1 }, options)
  return Response.json({ attributes: cookie.split('; ').slice(1), visits: again.visits, prefix: seal.slice(0, 7), unsealed: await unsealData(seal, options), wrong: await unsealData(seal, { password: 'another password of more than thirty-two characters' }) })
}
