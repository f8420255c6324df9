import util, { promisify } from 'node:util'

export const GET = async () =>
  Response.json({
    format: [util.format('%s %d %i %j %o %%', 'a', 1.5, 2.7, { b: 2 }, [1]), util.format('a', 'b', { c: 1 })],
    inspect: [util.inspect({ a: [1, { b: 'c' }], d: new Map([[1, 2]]), e: undefined, f: () => 1 }), util.inspect('x'), util.inspect(new Error('e')).split('\n')[0]],
    types: [util.types.isPromise(Promise.resolve()), util.types.isDate(new Date())],
    promisify: await promisify((a: number, done: (e: null, v: number) => void) => done(null, a + 1))(1),
    deep: [util.isDeepStrictEqual({ a: [1] }, { a: [1] }), util.isDeepStrictEqual({ a: 1 }, { a: '1' })],
    text: typeof util.TextEncoder,
  })
