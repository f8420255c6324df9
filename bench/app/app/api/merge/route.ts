const from = async (name: string) => {
  const response = await fetch(`${process.env.UPSTREAM}/${name}`)
  return response.json()
}

export async function GET() {
  const [user, orders, news] = await Promise.all([from('user'), from('orders'), from('news')])
  return Response.json({ user, orders, news })
}
