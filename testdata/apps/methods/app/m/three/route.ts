const say = (request: Request) => new Response(request.method)

export { say as GET, say as POST, say as DELETE }
