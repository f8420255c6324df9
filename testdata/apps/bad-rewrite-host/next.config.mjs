export default {
  typescript: { ignoreBuildErrors: true },
  rewrites: async () => [
    { source: '/to/:host/:path*', destination: 'http://:host/:path*' },
    { source: '/sub/:name', destination: 'https://:name.example.test/' },
  ],
}
