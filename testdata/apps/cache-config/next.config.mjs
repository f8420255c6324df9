export default {
  typescript: { ignoreBuildErrors: true },
  basePath: '/docs',
  expireTime: 600,
  experimental: {
    useCache: true,
    cacheLife: { brief: { stale: 5, revalidate: 30, expire: 400 } },
  },
  headers: async () => [
    { source: '/ruled', headers: [{ key: 'Cache-Control', value: 'public, max-age=7' }, { key: 'X-Ruled', value: 'yes' }] },
  ],
  redirects: async () => [{ source: '/gone', destination: '/timed', permanent: false }],
  rewrites: async () => ({
    beforeFiles: [{ source: '/before', destination: '/timed' }],
    afterFiles: [{ source: '/item/:name', destination: '/items/:name?from=rule' }],
    fallback: [{ source: '/strict/:id', destination: '/caught/:id' }],
  }),
};
