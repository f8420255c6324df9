export default {
  typescript: { ignoreBuildErrors: true },
  redirects: async () => [
    { source: '/a', destination: '/x', statusCode: 200 },
    { source: '/b', destination: '/x' },
    { source: '/c', destination: '/x', permanent: false, has: [{ type: 'nothing', key: 'a' }] },
    { source: '/d', destination: '/x', permanent: false, has: [{ type: 'host' }] },
    { source: '/e(', destination: '/x', permanent: false },
    { source: '/f/:a*b', destination: '/x/:a', permanent: false },
    { source: '/g', permanent: false },
  ],
}
