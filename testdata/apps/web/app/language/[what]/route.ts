import { rejection, tell, thrownBy } from '@/lib/tell'

const cases: Record<string, () => unknown> = {
  arrays: () => [[3, 1, 2].toSorted(), [1, 2].toReversed(), [1, 2, 3].with(1, 9), [1, 2, 3].toSpliced(0, 1), [1, 2, 3].findLast((x) => x < 3), [1, 2].at(-1), [[1], [2]].flat(), [1].flatMap((x) => [x, x]), Array.from({ length: 2 }, (_, i) => i), [1, , 3].includes(undefined as any)],
  objects: () => [Object.fromEntries([['a', 1]]), Object.entries({ b: 2, 1: 1, a: 3 }), Object.hasOwn({ a: 1 }, 'a'), structuredClone({ a: 1 }), { ...{ a: 1 }, b: 2 }],
  strings: () => ['abc'.at(-1), 'a-b-a'.replaceAll('a', 'x'), ' x '.trimStart(), 'x'.padStart(3, '-'), '\u00c5'.normalize('NFD').length, [...'a\ud83d\ude00'].length, 'a\ud800'.isWellFormed(), 'a\ud800'.toWellFormed(), 'i'.toUpperCase(), '\u00df'.toUpperCase(), 'a,b'.split(','), 'abc'.substring(2, 0), String.raw`\n${1}`],
  regexps: () => ['2026-01-05'.replace(/(?<y>\d+)-(?<m>\d+)/, '$<m>/$<y>'), 'price: 5'.match(/(?<=: )\d/)?.[0], [...'a1b2'.matchAll(/[a-z](\d)/g)].map((m) => m[1]), /\p{L}+/u.exec('\u00e9t\u00e9!')?.[0], 'aXbX'.split(/x/i), /a.c/s.test('a\nc'), /^b/m.test('a\nb'), 'x'.search(/y/), /(?:a|ab)(?:c|bcd)(?:d*)/.exec('abcd')?.[0], '\ud83d\ude00'.match(/./u)?.[0].length],
  'regexp-sticky': () => {
    const r = /a/y
    r.lastIndex = 1
    return [r.test('ba'), r.lastIndex, /(a)|(b)/d.exec('b')?.indices?.[2]]
  },
  numbers: () => [0.1 + 0.2, (1234.5678).toFixed(2), (255).toString(16), parseInt('12px'), Number('0x1f'), Number.MAX_SAFE_INTEGER, (0.000001234).toString(), 1e21, (25).toString(36), Number.EPSILON > 0, Math.trunc(-1.5), Math.hypot(3, 4), Math.fround(5.5), Math.clz32(1), 5 % -3, (-7) % 3, 2 ** 31 | 0],
  bigints: () => [String(2n ** 100n), String(-7n / 2n), String(BigInt.asUintN(8, 257n)), typeof 1n, 5n > 4, String(BigInt('0xff'))],
  dates: () => {
    const d = new Date(Date.UTC(2026, 0, 5, 10, 20, 30, 456))
    return [d.toISOString(), d.toJSON(), Date.parse('2026-01-05'), Date.parse('2026-01-05T00:00:00+02:00'), Date.parse('Mon, 05 Jan 2026 10:00:00 GMT'), new Date('nope').getTime(), d.toUTCString(), new Date(2026, 0, 1).getFullYear(), thrownBy(() => new Date(NaN).toISOString())]
  },
  'dates-local': () => new Date(Date.UTC(2026, 0, 5)).toLocaleDateString('en-US', { timeZone: 'UTC' }),
  intl: () => [new Intl.NumberFormat('en-US').format(1234567.891), (1234.5).toLocaleString('en-US'), new Intl.NumberFormat('en-US', { style: 'currency', currency: 'EUR' }).format(5), new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' }).format(new Date(0)), ['b', 'a', 'A'].sort(new Intl.Collator('en').compare), ['\u00e9', 'f', 'e'].sort((a, b) => a.localeCompare(b))],
  classes: () => {
    class A {
      #p = 1
      static s = 2
      static #q = 3
      get p() {
        return this.#p
      }
      set p(v) {
        this.#p = v
      }
      static q() {
        return A.#q
      }
      #m() {
        return 'private'
      }
      m() {
        return this.#m()
      }
      has(o: any) {
        return #p in o
      }
      ['computed' + 1] = 4
    }
    class B extends A {
      m() {
        return 'sub ' + super.m()
      }
    }
    const b = new B()
    b.p = 5
    return [b.p, A.s, A.q(), b.m(), b.has(b), b.has({}), (b as any).computed1, b instanceof A, B.s]
  },
  'extend-builtins': () => {
    class E extends Error {
      constructor(m: string) {
        super(m, { cause: 'c' })
        this.name = 'E'
      }
    }
    class L extends Array {}
    class M extends Map {}
    const e = new E('m')
    return [e instanceof E, e instanceof Error, String(e), e.cause, L.from([1]) instanceof L, new L(1, 2).length, new M([[1, 2]]).get(1), typeof e.stack]
  },
  errors: () => [new AggregateError([1], 'all').errors, new Error('x', { cause: 1 }).cause, thrownBy(() => null!['x' as any]), thrownBy(() => (undefined as any).y.z), thrownBy(() => (undefinedName as any)), thrownBy(() => (5 as any)()), thrownBy(() => { 'use strict'; Object.freeze([1] as any).push(2) }).split(':')[0], thrownBy(() => new Array(-1)), thrownBy(() => 'x'.repeat(-1)), thrownBy(() => JSON.parse('{bad'))],
  generators: () => {
    function* g() {
      const x: number = yield 1
      try {
        yield x * 2
      } finally {
        yield 'cleanup'
      }
    }
    const it = g()
    return [it.next(), it.next(5), it.return('r' as any), it.next()]
  },
  'async-generators': async () => {
    async function* g() {
      for (let i = 0; i < 3; i++) yield await Promise.resolve(i)
    }
    const out = []
    for await (const v of g()) out.push(v)
    const it = g()
    return [out, await it.next(), await it.return(9 as any), await it.next()]
  },
  promises: async () => [
    await Promise.all([1, Promise.resolve(2)]), await Promise.allSettled([Promise.reject(new Error('e')), 1]).then((r) => r.map((x) => x.status)), await Promise.any([Promise.reject(1), Promise.resolve(2)]), await Promise.race([new Promise((r) => setTimeout(r, 50, 'slow')), 'fast']),
    await rejection(() => Promise.any([Promise.reject(1)])), await Promise.resolve(1).finally(() => 2), await { then: (f: any) => f('thenable') },
  ],
  destructuring: () => {
    const { a = 1, b: { c = 2, ...d } = {} as any, ...e } = { b: { x: 3 }, y: 4 } as any
    const [f, , g = 5, ...h] = [1, 2, undefined, 6, 7]
    return [a, c, d, e, f, g, h]
  },
  optional: () => {
    const o: any = { f: () => 1, n: null }
    let x: any = null
    x ??= 'set'
    x &&= 'both'
    x ||= 'never'
    return [o?.f?.(), o.g?.(), o.n?.x.y.z, o.n ?? 'd', x, delete o?.f]
  },
  proxies: () => {
    const log: string[] = []
    const p: any = new Proxy({ a: 1 }, { get: (t: any, k) => (log.push('get ' + String(k)), t[k]), has: (t, k) => (log.push('has ' + String(k)), k in t), ownKeys: () => ['a', 'b'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) })
    return [p.a, 'a' in p, Object.keys(p), log, Reflect.ownKeys({ b: 1, [Symbol.iterator]: 1 }).length, Reflect.has({ a: 1 }, 'a')]
  },
  symbols: () => [Symbol('d').description, Symbol.for('x') === Symbol.for('x'), typeof Symbol.asyncIterator, `${[...{ *[Symbol.iterator]() { yield 1 } } as any]}`],
  collections: () => {
    const m = new Map<any, any>([[NaN, 1], [0, 2]])
    const w = new WeakMap()
    const k = {}
    w.set(k, 1)
    return [m.get(NaN), m.get(-0), [...m.keys()].length, [...new Set([1, 1, 2])], w.get(k), new WeakRef(k).deref() === k]
  },
  'typed-arrays': () => {
    const b = new ArrayBuffer(8)
    new DataView(b).setFloat32(0, 1.5)
    return [[...new Uint8Array(b)], [...new Uint16Array([1, 65537])], [...Uint8ClampedArray.of(300, -5)], [...new Float64Array([0.1]).map((x) => x * 2)], new Uint8Array([3, 1, 2]).sort().join(), b.slice(1, 3).byteLength, [...new BigInt64Array([5n])].map(String), [...new Uint8Array([1, 2, 3]).subarray(1)], [...new Uint8Array([1, 2, 3]).toReversed()]]
  },
  json: () => [JSON.stringify({ a: [undefined, () => 1, Symbol('s')], b: undefined, c: NaN, d: new Date(0), e: -0 }), JSON.stringify('\u2028\ud800"\n'), JSON.stringify({ a: { b: 1 } }, null, 2), JSON.stringify({ a: 1, b: 2 }, ['b']), JSON.stringify([1], (k, v) => (k === '0' ? 'r' : v)), JSON.parse('{"a":[1,{"b":2}]}', (k, v) => (typeof v === 'number' ? v + 1 : v)), JSON.parse(' "\\u00e9" ')],
  'json-errors': () => ['', '{', '[1,]', '{"a":1,}', "{'a':1}", '01', 'nul', '"\n"', '{"a" 1}', '1 2', '[1'].map((t) => thrownBy(() => JSON.parse(t))),
  uri: () => [encodeURIComponent("a b&\u00e9/?-_.!~*'()"), encodeURI('http://h/\u00e9 ?x=#y'), decodeURIComponent('%C3%A9%20'), thrownBy(() => decodeURIComponent('%zz')), thrownBy(() => encodeURIComponent('\ud800')), escape('\u00e9 '), unescape('%E9')],
  labels: () => {
    const out: string[] = []
    outer: for (const a of [1, 2, 3]) {
      for (const b of [1, 2, 3]) {
        if (b === 2) continue outer
        if (a === 3) break outer
        out.push(`${a}${b}`)
      }
    }
    switch (out.length as number) {
      case 2:
        out.push('two')
      case 3:
        out.push('through')
        break
      default:
        out.push('never')
    }
    return out
  },
  closures: () => {
    const fs: (() => number)[] = []
    for (let i = 0; i < 3; i++) fs.push(() => i)
    return fs.map((f) => f())
  },
  getters: () => {
    const o = { get x() { return 1 }, set x(v) {}, ['y' + 1]: 2, async z() { return 3 }, *g() { yield 4 } }
    return [o.x, o.y1, Object.getOwnPropertyDescriptor(o, 'x')?.set !== undefined, [...o.g()]]
  },
  tagged: () => ((s: TemplateStringsArray, ...v: any[]) => [s.raw, [...s], v])`a${1}\n${2}b`,
  'sort-stable': () => [5, 1, 4].sort().concat([..."stable"].map((c, i) => ({ c, i })).sort((a, b) => (a.c < b.c ? -1 : a.c > b.c ? 1 : 0)).map((x) => x.i)),
  spread: () => [Math.max(...[1, 2]), [...'ab', ...new Set([1])], ((...a: any[]) => a.length)(...[1, 2], 3), { ...'hi', ...null, ...[9] }],
  eval: () => [eval('1 + 1'), new Function('a', 'return a * 2')(4)],
}
declare const undefinedName: unknown

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
