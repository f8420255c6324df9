export const dynamic = 'force-dynamic'

export function GET() {
  ;(process.env as any).SET_HERE = 1
  const set = process.env.SET_HERE
  delete process.env.SET_HERE
  return Response.json({
    NODE_ENV: process.env.NODE_ENV,
    NEXT_RUNTIME: process.env.NEXT_RUNTIME,
    PORT: process.env.PORT === undefined ? 'undefined' : 'set',
    public: process.env.NEXT_PUBLIC_NAME,
    destructured: (({ PLAIN }) => PLAIN)(process.env),
    listed: Object.keys(process.env).includes('PLAIN'),
    set: [set, typeof set, process.env.SET_HERE ?? 'undefined'],
    cwd: process.cwd().endsWith('/env'),
    platform: typeof process.platform,
    version: /^v\d+\./.test(process.version),
    pid: typeof process.pid,
    uptime: typeof process.uptime(),
    nextTick: typeof process.nextTick,
    hrtime: typeof process.hrtime.bigint(),
    memory: typeof process.memoryUsage().heapUsed,
    argv: Array.isArray(process.argv),
  })
}
