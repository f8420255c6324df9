export default {
  typescript: { ignoreBuildErrors: true },
  headers: async () => [
    { source: '/a', headers: [] },
    { source: '/b', headers: [{ key: 'x-a', value: 1 }] },
    { source: '/c' },
    { source: '/d', headers: [{ key: 'x-a', value: 'ok' }], foo: 1 },
  ],
}
