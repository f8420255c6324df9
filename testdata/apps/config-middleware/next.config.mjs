const upstream = process.env.UPSTREAM

export default {
  typescript: { ignoreBuildErrors: true },
  redirects: async () => [
    { source: '/redirected', destination: '/config', permanent: false },
    { source: '/target-redirected', destination: '/config', permanent: false },
    { source: '/by-header', has: [{ type: 'header', key: 'x-in-mw' }], destination: '/config', permanent: false },
  ],
  rewrites: async () => ({
    beforeFiles: [
      { source: '/before', destination: '/place/before' },
      { source: '/exact-before', destination: '/exact' },
      { source: '/before-header', has: [{ type: 'header', key: 'x-in-mw' }], destination: '/place/header' },
      { source: '/before-cookie', has: [{ type: 'cookie', key: 'mw' }], destination: '/place/cookie' },
      { source: '/before-query', has: [{ type: 'query', key: 'mw' }], destination: '/place/query' },
      { source: '/out-before/:path*', destination: `${upstream}/asked/:path*` },
    ],
    afterFiles: [
      { source: '/after', destination: '/place/after' },
      { source: '/exact', destination: '/place/never' },
      { source: '/item/rewritten', destination: '/place/item' },
      { source: '/after-header', has: [{ type: 'header', key: 'x-in-mw' }], destination: '/place/header' },
      { source: '/out/:path*', destination: `${upstream}/asked/:path*` },
      { source: '/echo/:path*', destination: `${upstream}/echo/:path*` },
      { source: '/up/:path*', destination: `${upstream}/:path*` },
    ],
    fallback: [
      { source: '/fallback', destination: '/place/fallback' },
      { source: '/last/:path*', destination: `${upstream}/asked/last/:path*` },
    ],
  }),
  headers: async () => [
    { source: '/:path*', headers: [{ key: 'x-config', value: 'all' }] },
    { source: '/mw/next', headers: [{ key: 'x-both', value: 'config' }, { key: 'cache-control', value: 'max-age=3' }, { key: 'vary', value: 'x-config' }, { key: 'www-authenticate', value: 'Config' }, { key: 'set-cookie', value: 'config=1' }] },
    { source: '/mw/json', headers: [{ key: 'x-both', value: 'config' }, { key: 'content-type', value: 'text/x-config' }, { key: 'set-cookie', value: 'config=1' }] },
    { source: '/place/to', headers: [{ key: 'x-target', value: '1' }] },
    { source: '/plain/cookie', headers: [{ key: 'set-cookie', value: 'config=1' }] },
  ],
}
