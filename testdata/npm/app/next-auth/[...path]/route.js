import NextAuth from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import GitHub from 'next-auth/providers/github'

const { handlers } = NextAuth({
  basePath: '/next-auth',
  secret: 'a secret for this test',
  trustHost: true,
  logger: { error() {}, warn() {} },
  providers: [GitHub({ clientId: 'id', clientSecret: 'secret' }), Credentials({ credentials: { name: {} }, authorize: ({ name }) => (name ? { id: '1', name } : null) })],
})
export const { GET, POST } = handlers
