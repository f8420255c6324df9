export default {
  typescript: { ignoreBuildErrors: true },
  trailingSlsh: true,
  rewritess: async () => [],
  images: { unoptimized: true },
}
