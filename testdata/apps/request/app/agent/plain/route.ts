import { userAgent, userAgentFromString } from 'next/server'
import * as server from 'next/server'

export function GET() {
  return Response.json({
    headersOnly: userAgent({ headers: new Headers({ 'user-agent': 'curl/8.0' }) }),
    string: userAgentFromString('Googlebot/2.1'),
    undefined: userAgentFromString(undefined),
    exports: ['NextRequest', 'NextResponse', 'userAgent', 'userAgentFromString', 'after', 'connection'].map((n) => typeof (server as any)[n]),
  })
}
