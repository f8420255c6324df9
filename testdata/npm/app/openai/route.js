import OpenAI from 'openai'

const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.UPSTREAM + '/openai/v1', maxRetries: 0 })

export async function GET(request) {
  const what = new URL(request.url).searchParams.get('what')
  if (what === 'error') {
    return client.models.retrieve('nope').then(() => new Response('no error'), (e) => Response.json({ name: e.constructor.name, status: e.status, message: e.message }, { status: 502 }))
  }
  if (what === 'whole') {
    const c = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })
    return Response.json(c)
  }
  const stream = await client.chat.completions.create({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] })
  if (what === 'proxy') return new Response(stream.toReadableStream(), { headers: { 'content-type': 'application/x-ndjson' } })
  const parts = []
  for await (const chunk of stream) parts.push(chunk.choices[0]?.delta?.content ?? null)
  return Response.json(parts)
}
