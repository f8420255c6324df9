export async function GET() {
  return fetch(`${process.env.UPSTREAM}/large`)
}
