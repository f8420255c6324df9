import { fileURLToPath, pathToFileURL, URL as NodeURL } from 'node:url'
import { parse, stringify } from 'node:querystring'

export const GET = () =>
  Response.json({
    file: [fileURLToPath('file:///a/b%20c'), pathToFileURL('/a b').href],
    same: NodeURL === URL,
    query: [parse('a=1&b=2&a=3'), stringify({ a: [1, 2], b: 'x y' })],
  })
