import Stripe from 'stripe'

const stripe = new Stripe('sk_test_x', { httpClient: Stripe.createFetchHttpClient() })
const secret = 'whsec_test'

export async function POST(request) {
  const body = await request.text()
  const crypto = Stripe.createSubtleCryptoProvider()
  const header = request.headers.get('stripe-signature') ?? await stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret, cryptoProvider: crypto })
  try {
    const event = await stripe.webhooks.constructEventAsync(body, header, secret, undefined, crypto)
    return Response.json({ id: event.id, type: event.type })
  } catch (e) {
    return Response.json({ name: e.type, message: e.message.split('\n')[0] }, { status: 400 })
  }
}
