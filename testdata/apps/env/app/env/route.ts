// Everything of the env files, as the handler sees it.
const names = `ONLY_ENV ONLY_PRODUCTION ONLY_LOCAL ONLY_PRODUCTION_LOCAL ONLY_DEVELOPMENT ONLY_TEST ORDER_A ORDER_B ORDER_C ORDER_D
  PROCESS_WINS FROM_PROCESS NOT_SET`

export const dynamic = 'force-dynamic'

export function GET() {
  return Response.json(names.split(/\s+/).map((n) => [n, process.env[n] ?? null]))
}
