import { tell, thrownBy } from '@/lib/tell'

const parts = (text: string, base?: string) => {
  const u = new URL(text, base)
  return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash]
}
const set = (url: string, name: string, value: string) => {
  const u: any = new URL(url)
  u[name] = value
  return u.href
}

const cases: Record<string, () => unknown> = {
  parts: () => parts('https://user:pa%20ss@sub.Example.COM:8080/p/a/t/h?query=string#hash'),
  relative: () => ['b', '../b', './b', '/b', '?q', '#h', '//other/b', 'http:b', '', 'a/../../b'].map((p) => new URL(p, 'http://h.test/x/y?z').href),
  'default-port': () => parts('https://h.test:443/'),
  special: () => ['http:\\\\h.test\\a', 'http:/h.test', 'http:h.test', 'HTTP://H.test', ' http://h.test/ ', 'ht\ntp://h.t\test/'].map((u) => new URL(u).href),
  opaque: () => [parts('mailto:a@b.test'), parts('data:text/plain,x y'), parts('blob:https://h.test/uuid'), parts('urn:x:y')],
  file: () => [parts('file:///a/b'), new URL('file:c:\\x\\y').href, new URL('file://host/a').href],
  dots: () => ['/a/./b', '/a/../b', '/a/%2e%2e/b', '/..', '/a/..', '/a/.'].map((p) => new URL(p, 'http://h.test').pathname),
  encoding: () => parts('http://h.test/a b"<>`{}|~?a b"<>\'`#a b"<>`'),
  percent: () => parts('http://h.test/%zz%41%?%zz#%'),
  unicode: () => parts('http://m\u00fcnchen.test/stra\u00dfe?\u00fc=\u4f60#\u00e9'),
  idna: () => ['http://\u4f60\u597d.test', 'http://xn--mnchen-3ya.test', 'http://fa\u00df.test', 'http://A\u0308.test'].map((u) => new URL(u).host),
  ipv4: () => ['http://127.1', 'http://0x7f.0.0.1', 'http://2130706433', 'http://010.0.0.1', 'http://1.2.3'].map((u) => new URL(u).host),
  ipv6: () => ['http://[::1]:80', 'http://[2001:0db8:0:0:0:0:0:1]/', 'http://[::ffff:1.2.3.4]'].map((u) => new URL(u).host),
  invalid: () =>
    ['', '/a', 'http://', 'http://a b', 'http://[::1', 'http://h:99999', 'http://h:x', 'http://256.1.1.1', 'http://a%00b', '//h', 'http://a<b', 'http://xn--a', 'http://\u2100.test'].map((u) => {
      try {
        return new URL(u).href
      } catch (e: any) {
        return [e.name, e.code, e.message, e.input]
      }
    }),
  'can-parse': () => [URL.canParse('http://h'), URL.canParse('/a'), URL.canParse('/a', 'http://h')],
  setters: () => [
    set('http://h.test/a', 'protocol', 'https'), set('http://h.test/a', 'protocol', 'foo'), set('http://h.test/a', 'host', 'x:1'), set('http://h.test/a', 'hostname', 'x:1'),
    set('http://h.test/a', 'port', '8x'), set('http://h.test/a', 'port', '99999'), set('http://h.test/a', 'pathname', 'b c?#'), set('http://h.test/a', 'search', 'x=#'),
    set('http://h.test/a', 'hash', 'h h'), set('http://h.test/a', 'username', 'u:@'), set('http://h.test/a?x#y', 'search', ''), set('mailto:x', 'pathname', 'y'), set('http://h.test', 'href', 'https://k.test'),
  ],
  'href-invalid': () => thrownBy(() => ((new URL('http://h') as any).href = 'nope')),
  string: () => [`${new URL('http://h')}`, JSON.stringify({ u: new URL('http://h') }), Object.prototype.toString.call(new URL('http://h')), Object.keys(new URL('http://h'))],
  'without-new': () => thrownBy(() => (URL as any)('http://h')).split(':')[0],
  'from-object': () => new URL({ toString: () => 'http://o.test' } as any).href,
  'search-params-linked': () => {
    const u = new URL('http://h/?a=1')
    u.searchParams.append('b', 'x y')
    const first = u.href
    u.search = '?c=3'
    return [first, u.searchParams.get('c'), u.searchParams.get('a'), u.searchParams === u.searchParams]
  },
  'search-params-same': () => {
    const u = new URL('http://h/?a=%20+~')
    const before = u.href
    u.searchParams.sort()
    return [before, u.href]
  },
  params: () => {
    const p = new URLSearchParams('?a=1&b=2&a=3&c&=d&&e=%zz&f=%C3%A9&g=+%2B&%3D=%26')
    return [p.toString(), [...p], p.get('a'), p.getAll('a'), p.get('z'), p.has('c'), (p as any).size]
  },
  'params-init': () => [
    new URLSearchParams({ a: '1', b: 'x y' }).toString(), new URLSearchParams([['a', '1'], ['a', '2']]).toString(), new URLSearchParams(new URLSearchParams('x=1')).toString(),
    new URLSearchParams(new Map([['m', '1']]) as any).toString(), new URLSearchParams(undefined).toString(), new URLSearchParams('').toString(), new URLSearchParams({ a: 1, b: null, c: undefined } as any).toString(),
  ],
  'params-bad': () => [thrownBy(() => new URLSearchParams([['a']] as any)), thrownBy(() => new URLSearchParams([1] as any))],
  'params-edit': () => {
    const p = new URLSearchParams('a=1&b=2&a=3')
    p.append('c', 'x')
    p.set('a', '9')
    p.delete('b')
    p.set('n', 'ew')
    return [p.toString(), p.has('a', '9'), p.has('a', '1')]
  },
  'params-delete-value': () => {
    const p = new URLSearchParams('a=1&a=2')
    p.delete('a', '1')
    return p.toString()
  },
  'params-sort': () => {
    const p = new URLSearchParams('z=1&a=2&z=0&\u00e9=3&A=4')
    p.sort()
    return p.toString()
  },
  'params-encode': () => new URLSearchParams({ k: ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\u00e9\u4f60\ud83d\ude00\ud800\n' }).toString(),
  'params-iterate': () => {
    const p = new URLSearchParams('a=1&b=2')
    const seen: string[] = []
    p.forEach((v, k, self) => seen.push(k + v + (self === p)))
    return [seen, [...p.keys()], [...p.values()], [...p.entries()], Object.fromEntries(p), Object.prototype.toString.call(p.entries())]
  },
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
