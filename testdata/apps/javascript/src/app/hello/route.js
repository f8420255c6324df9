import { name } from '#/names'

export function GET() {
  return new Response('hello from ' + name)
}
