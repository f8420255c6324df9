import { createSchema, createYoga } from 'graphql-yoga'

const yoga = createYoga({
  graphqlEndpoint: '/graphql-yoga',
  graphiql: false,
  logging: false,
  fetchAPI: { Response, Request, Headers, fetch, ReadableStream, URL, TextEncoder, TextDecoder, FormData, File, Blob, URLSearchParams, crypto },
  schema: createSchema({
    typeDefs: `
      type Query { hello(name: String!): String! users(first: Int = 2): [User!]! fails: String }
      type User { id: ID! name: String friends: [User!]! }
      type Mutation { rename(id: ID!, name: String!): User }
    `,
    resolvers: {
      Query: { hello: (_, { name }) => `hello ${name}`, users: async (_, { first }) => Array.from({ length: first }, (_, i) => ({ id: i, name: `u${i}` })), fails: () => { throw new Error('secret reason') } },
      User: { friends: (u) => [{ id: u.id + 1, name: 'friend' }] },
      Mutation: { rename: (_, { id, name }) => ({ id, name }) },
    },
  }),
})
export const GET = (request) => yoga.handle(request, {})
export const POST = GET
