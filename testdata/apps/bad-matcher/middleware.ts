export function middleware() {}

export const config = {
  matcher: ['/fine', '/un(balanced', 'no-slash', { source: '/x', has: [{ type: 'nothing', key: 'a' }] }, { source: '/y', foo: 1 }],
}
