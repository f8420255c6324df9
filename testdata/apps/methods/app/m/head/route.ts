export function HEAD() {
  return new Response('never sent', { status: 202, headers: { 'x-head': 'own' } })
}
