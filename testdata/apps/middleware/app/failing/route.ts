export function GET() {
  throw new Error('the handler fails')
}
