export default {
  typescript: { ignoreBuildErrors: true },
  async headers() {
    return [
      { source: '/headed.txt', headers: [{ key: 'Cache-Control', value: 'public, max-age=600' }, { key: 'X-Own', value: 'yes' }] },
      { source: '/typed.txt', headers: [{ key: 'Content-Type', value: 'text/csv' }] },
    ];
  },
  async redirects() {
    return [{ source: '/moved.txt', destination: '/a.txt', permanent: false }];
  },
  async rewrites() {
    return {
      beforeFiles: [{ source: '/before.txt', destination: '/a.txt' }],
      afterFiles: [{ source: '/after.txt', destination: '/a.txt' }, { source: '/alias', destination: '/sub/page.html' }],
      fallback: [{ source: '/fall/:name', destination: '/nested/deep/:name' }],
    };
  },
};
