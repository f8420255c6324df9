import type { NextConfig } from 'next'

const config: NextConfig = {
  async redirects() {
    return [{ source: '/old/:id', destination: '/items/:id', permanent: true }]
  },
  async rewrites() {
    return [{ source: '/up/:path*', destination: `${process.env.UPSTREAM}/:path*` }]
  },
}

export default config
