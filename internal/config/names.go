package config

import "slices"

// Ignores reports whether a key is of Next.js and has no use here, so that its
// value need not be looked at.
func Ignores(key string) bool { return slices.Contains(ignored, key) }

// ignored are keys of Next.js 15 and 16 that configure React rendering, images
// for it, or Next.js's own build and development tools. A project keeps them
// for its frontend. The last line has keys of older versions that projects
// still carry.
var ignored = []string{
	"adapterPath", "agentRules", "allowedDevOrigins", "amp", "assetPrefix", "bundlePagesRouterDependencies",
	"cacheComponents", "cacheHandlers", "cleanDistDir", "compiler", "configOrigin", "crossOrigin",
	"deploymentId", "deprecated", "devIndicators", "enablePrerenderSourceMaps", "eslint", "excludeDefaultMomentLocales",
	"exportPathMap", "generateBuildId", "htmlLimitedBots", "images", "instrumentationClientInject", "logging",
	"modularizeImports", "onDemandEntries", "outputFileTracingExcludes", "outputFileTracingIncludes",
	"outputFileTracingRoot", "outputHashSalt", "partialPrefetching", "productionBrowserSourceMaps",
	"publicRuntimeConfig", "reactCompiler", "reactMaxHeadersLength", "reactProductionProfiling", "reactStrictMode",
	"sassOptions", "serverExternalPackages", "serverRuntimeConfig", "staticPageGenerationTimeout",
	"supportsImmutableAssets", "target", "transpilePackages", "turbopack", "typedRoutes", "typescript",
	"useFileSystemPublicRoutes", "watchOptions", "webpack",
	"future", "optimizeFonts", "swcMinify", "webpackDevMiddleware",
}
