export default {
  // Who may say for whom a request is; see docs/configuration.md.
  trustedProxies: ['loopback'],

  rateLimits: [
    // By the client's address, which is the /64 for IPv6.
    { source: '/api/:path*', limit: 100, window: '1m' },
    { source: '/api/login', methods: ['POST'], limit: 10, window: '15m', name: 'login' },
  ],

  // Nodes that share `cache: 'redis://…'` count together. When it is away, each counts by itself.
  rateLimit: { whenStoreIsAway: 'local' },
}
