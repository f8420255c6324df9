import * as cache from 'next/cache';

export function GET() {
  return Response.json(Object.keys(cache).filter((name) => name !== 'default' && name !== '__esModule' && name !== 'module.exports').map((name) => [name, typeof (cache as any)[name]]).sort());
}
