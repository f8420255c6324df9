// An upstream's answer returned as the handler's own.
const up = process.env.UPSTREAM
const cases: Record<string, () => Promise<Response>> = {
  plain: () => fetch(up + '/status/203'),
  'not-found': () => fetch(up + '/status/404'),
  gzip: () => fetch(up + '/gzip'),
  headers: () => fetch(up + '/headers'),
  bytes: () => fetch(up + '/bytes/100000'),
  stream: () => fetch(up + '/stream/4'),
  gated: () => fetch(up + '/gated/answer'),
  cut: () => fetch(up + '/cut'),
  drop: () => fetch(up + '/drop'),
  redirected: () => fetch(up + '/status/302?to=/status/200'),
  'no-content': () => fetch(up + '/status/204'),
  rewrapped: async () => {
    const r = await fetch(up + '/headers')
    return new Response(r.body, { status: 202, headers: { 'x-wrapped': r.headers.get('x-multi')! } })
  },
  'rewrapped-init': async () => {
    const r = await fetch(up + '/status/404')
    return new Response(r.body, r)
  },
  'used-already': async () => {
    const r = await fetch(up + '/status/200')
    await r.text()
    return r
  },
  merged: async () => {
    const parts = await Promise.all(['a', 'b', 'c'].map((k) => fetch(`${up}/echo/${k}`).then((r) => r.json())))
    return Response.json(parts.map((p) => p.url))
  },
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return cases[(await params).what]()
}
