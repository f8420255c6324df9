const text = 'the same words again and again, '.repeat(100);
// Each parameter of the query is a header of the answer.
export const GET = (request: Request) => new Response(text, { headers: [['content-type', 'text/plain'], ...new URL(request.url).searchParams] as [string, string][] });
