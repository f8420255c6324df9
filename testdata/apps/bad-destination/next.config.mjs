export default {
  typescript: { ignoreBuildErrors: true },
  rewrites: async () => [
    { source: '/a/:b', destination: '/x/:c' },
    { source: '/b/(.*)', destination: '/x/:0' },
    { source: '/c', destination: 'ftp://example.test/' },
    { source: '/d', destination: 'relative' },
    { source: 'no-slash', destination: '/x' },
    { source: '/e', destination: '/x', basePath: false },
    { source: '/f', destination: '/x', foo: 1 },
  ],
}
