// The server behind /catalog. `python3 -m http.server 4000` will do to try it.
const catalog = process.env.CATALOG ?? 'http://127.0.0.1:4000'

export default {
  // Who may speak for clients: the proxy in front. Forwarded headers of anybody else are removed.
  trustedProxies: ['loopback', '10.0.0.0/8'],
  // The hosts that are answered; any other is 421.
  allowedHosts: ['shop.example', '*.shop.example', 'localhost'],

  // Whose pages may read the answers, with cookies.
  cors: { source: '/api/:path*', origins: ['https://app.example'], credentials: true, maxAge: 600 },
  // Whose pages may send unsafe requests with cookies; and what takes them from anywhere.
  csrf: { trustedOrigins: ['https://admin.shop.example'], exempt: ['/api/webhook'] },

  // A body that a handler reads whole. A route may say otherwise: export const bodyLimit.
  bodyLimit: '64kb',
  accessLog: true,
  server: { headerTimeout: '5s', drainTimeout: '20s' },

  // Another server below a path of ours, with limits.
  rewrites: async () => [{ source: '/catalog/:path*', destination: `${catalog}/:path*` }],
  proxy: {
    allow: [new URL(catalog).hostname],
    connectTimeout: '2s',
    upstreams: {
      [catalog]: { responseTimeout: '5s', totalTimeout: '1m', maxConcurrent: 64, breaker: { failures: 5, cooldown: '10s' } },
    },
  },
}
