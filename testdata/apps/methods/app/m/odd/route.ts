// Methods that Next.js does not know.
const say = (request: Request) => new Response(request.method)

export { say as PROPFIND, say as TRACE, say as CONNECT, say as QUERY, say as GET }
