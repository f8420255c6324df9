export default { output: 'export', distDir: 'dist', trailingSlash: true, basePath: '/base', typescript: { ignoreBuildErrors: true } };
