const path = require('path')
const rules = require('./rules.json')
const { prefixed } = require('./helper')

/** @type {import('next').NextConfig} */
const config = {
  typescript: { ignoreBuildErrors: true },
  env: { FOLDER: path.basename(__dirname) },
  redirects: async () => rules.redirects,
  headers: async () => rules.headers,
  rewrites: async () => [{ source: prefixed('/w', '/:path*'), destination: prefixed('/place', '/:path*') }],
}

const wrapped = (inner) => (phase) => ({ ...inner, env: { ...inner.env, WRAPPED: String(typeof phase) } })

module.exports = wrapped(config)
