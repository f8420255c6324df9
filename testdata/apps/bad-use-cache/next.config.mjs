export default {
  typescript: { ignoreBuildErrors: true },
  experimental: { useCache: true },
};
