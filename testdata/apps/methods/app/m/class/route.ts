export class Helper {
  say = () => 'helped'
}
export const GET = async () => new Response(new Helper().say())
export const extra = 1
