export default {
  typescript: { ignoreBuildErrors: true },
  basePath: 'docs/',
  trailingSlash: 'yes',
}
