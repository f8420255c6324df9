// Configurations, as an editor sees them; see TestTypes.
import type { NextConfig } from 'next'
import type { Config } from 'portico/config'

const next: NextConfig = {
  reactStrictMode: true,
  async redirects() {
    return [{ source: '/blog/:slug', destination: '/news/:slug', permanent: true, has: [{ type: 'host', value: 'a.example' }] }]
  },
  rewrites: async () => ({ beforeFiles: [{ source: '/v1/:path*', destination: '/api/:path*' }] }),
  headers: [{ source: '/:path*', headers: [{ key: 'X-A', value: '1' }] }],
  portico: { allowedHosts: ['shop.example'] },
}

export default {
  ...next,
  publicOrigin: 'https://shop.example',
  trustedProxies: ['10.0.0.0/8', 'loopback'],
  cors: { source: '/api/:path*', origins: ['https://app.example'], credentials: true },
  csrf: { exempt: '/api/webhook' },
  bodyLimit: '4mb',
  rateLimits: [{ source: '/api/:path*', limit: 100, window: '1m', by: 'session' }],
  cache: process.env.REDIS_URL ?? 'disk',
  frontend: { dir: 'dist', dev: 'http://localhost:5173', fallback: false },
  server: { listen: ['127.0.0.1:8080', 'unix:/run/app.sock'], tls: { acme: { domains: ['shop.example'] } }, handlerTimeout: false },
  proxy: { allow: ['api.example'], upstreams: { 'https://api.example': { addresses: ['10.0.0.1:443'], breaker: false } } },
} satisfies Config

export const mistakes: Config[] = [
  // @ts-expect-error it is called bodyLimit
  { bodyLimits: '4mb' },
  // @ts-expect-error a key of the server is wrong
  { server: { port: 3000 } },
  // @ts-expect-error a redirect is permanent, or has a status
  { redirects: [{ source: '/a', destination: '/b' }] },
  // @ts-expect-error there is no such kind
  { forwarding: 'x-real-ip' },
]
