const upstream = process.env.UPSTREAM

export default {
  typescript: { ignoreBuildErrors: true },
  basePath: '/docs',
  redirects: async () => [
    { source: '/r/here', destination: '/place/x', permanent: false },
    { source: '/r/away', destination: 'https://example.test/x', permanent: false },
    { source: '/r/out', destination: '/outside', permanent: false, basePath: false },
    { source: '/r/param/:id', destination: '/place/:id', permanent: true },
    { source: '/', destination: '/docs', permanent: false, basePath: false },
  ],
  rewrites: async () => ({
    beforeFiles: [{ source: '/w/before', destination: '/place/before' }],
    afterFiles: [
      { source: '/w/here/:path*', destination: '/place/:path*' },
      { source: '/w/away/:path*', destination: `${upstream}/asked/:path*` },
      { source: '/w/out/:path*', destination: `${upstream}/asked/out/:path*`, basePath: false },
    ],
    fallback: [{ source: '/w/last', destination: '/place/last' }],
  }),
  headers: async () => [
    { source: '/place/:path*', headers: [{ key: 'x-place', value: '1' }] },
    { source: '/docs/place/b', basePath: false, headers: [{ key: 'x-whole', value: '1' }] },
    { source: '/w/:path*', basePath: false, headers: [{ key: 'x-outside', value: '1' }] },
  ],
}
