const upstream = process.env.UPSTREAM

export default {
  typescript: { ignoreBuildErrors: true },
  basePath: '/docs',
  trailingSlash: true,
  redirects: async () => [
    { source: '/old/:id', destination: '/place/:id', permanent: true },
    { source: '/old-slash/', destination: '/place/x/', permanent: false },
    { source: '/outside/:id', destination: '/docs/place/:id', permanent: false, basePath: false },
    { source: '/old-away', destination: 'https://example.test/a', permanent: false },
  ],
  rewrites: async () => [
    { source: '/w/:id', destination: '/place/:id' },
    { source: '/w-slash/:id/', destination: '/place/:id/' },
    { source: '/out/:path*', destination: `${upstream}/asked/:path*` },
    { source: '/out-slash/:path*', destination: `${upstream}/asked/:path*/` },
  ],
  headers: async () => [
    { source: '/place/headers', headers: [{ key: 'x-rule', value: '1' }] },
    { source: '/place/headers-slash/', headers: [{ key: 'x-rule', value: '1' }] },
  ],
}
