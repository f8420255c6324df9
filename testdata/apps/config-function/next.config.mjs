const upstream = process.env.UPSTREAM

/** A function of the phase; rewrites as a list, which is asked after files. */
export default async function config(phase, { defaultConfig }) {
  const where = await Promise.resolve(/^phase-/.test(phase) ? 'known' : 'unknown')
  return {
    typescript: { ignoreBuildErrors: true },
    poweredByHeader: false,
    env: { PHASE: where, BY_DEFAULT: String(defaultConfig.trailingSlash), LONGER: `${process.env.GIVEN}!` },
    rewrites: async () => [
      { source: '/list/:path*', destination: '/target/:path*' },
      { source: '/place/7', destination: '/target/seven' },
      { source: '/target/exact', destination: '/place/never' },
      { source: '/out/:path*', destination: `${upstream}/asked/:path*` },
      { source: '/order', destination: '/target/first' },
      { source: '/order', destination: '/target/second' },
    ],
    redirects: () => [
      { source: '/old', destination: '/target', permanent: true },
      { source: '/before-rewrite', destination: '/list/x', permanent: false },
    ],
    headers: () => Promise.resolve([{ source: '/:path*', headers: [{ key: 'x-every', value: '1' }] }]),
  }
}
