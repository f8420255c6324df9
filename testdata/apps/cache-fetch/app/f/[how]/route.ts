import { attempt, number, twice, upstream } from '../../../lib/twice';

const post = (body: BodyInit, more: RequestInit = {}) => ({ method: 'POST', body, cache: 'force-cache', ...more }) as const;
const hour = { next: { revalidate: 3600 } };

/** Asks for a URL, and says what came. */
async function all(path: string, init?: RequestInit) {
  const response = await fetch(`${upstream}${path}`, init);
  return {
    status: response.status,
    statusText: response.statusText,
    url: response.url.replace(upstream, ''),
    redirected: response.redirected,
    type: response.type,
    headers: [...response.headers].filter(([name]) => !['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length'].includes(name)),
    body: await response.text(),
  };
}
const length = async (response: Response) => (await response.arrayBuffer()).byteLength;

const cases: Record<string, () => unknown> = {
  // Whether it is kept.
  none: () => twice('none'),
  'force-cache': () => twice('force-cache', { cache: 'force-cache' }),
  'no-store': () => twice('no-store', { cache: 'no-store' }),
  'no-cache': () => twice('no-cache', { cache: 'no-cache' }),
  default: () => twice('default', { cache: 'default' }),
  reload: () => twice('reload', { cache: 'reload' }),
  'revalidate-60': () => twice('revalidate-60', { next: { revalidate: 60 } }),
  'revalidate-false': () => twice('revalidate-false', { next: { revalidate: false } }),
  'revalidate-0': () => twice('revalidate-0', { next: { revalidate: 0 } }),
  'tags-only': () => twice('tags-only', { next: { tags: ['t'] } }),
  'tags-force': () => twice('tags-force', { cache: 'force-cache', next: { tags: ['t'] } }),
  'empty-next': () => twice('empty-next', { next: {} }),
  'force-cache-revalidate-0': () => twice('conflict-1', { cache: 'force-cache', next: { revalidate: 0 } }),
  'no-store-revalidate-10': () => twice('conflict-2', { cache: 'no-store', next: { revalidate: 10 } }),
  'force-cache-revalidate-60': () => twice('both', { cache: 'force-cache', next: { revalidate: 60 } }),
  parallel: () => Promise.all([number('parallel'), number('parallel'), number('parallel')]).then((n) => n.sort()),

  // What the key is made of.
  hash: async () => [await number('hash#a', { cache: 'force-cache' }), await number('hash#b', { cache: 'force-cache' })],
  query: async () => [await number('query?a=1&b=2', hour), await number('query?b=2&a=1', hour), await number('query?a=1&b=2', hour)],
  header: async () => [
    await number('header', { ...hour, headers: { 'x-lang': 'en' } }),
    await number('header', { ...hour, headers: { 'x-lang': 'de' } }),
    await number('header', { ...hour, headers: { 'X-Lang': 'en' } }),
    await number('header', { ...hour, headers: { 'x-lang': 'en', traceparent: '00-1-2-01' } }),
  ],
  'header-order': async () => [
    await number('header-order', { ...hour, headers: { 'x-a': '1', 'x-b': '2' } }),
    await number('header-order', { ...hour, headers: { 'x-b': '2', 'x-a': '1' } }),
  ],
  authorization: async () => [
    await number('authorization', { ...hour, headers: { authorization: 'Bearer a' } }),
    await number('authorization', { ...hour, headers: { authorization: 'Bearer b' } }),
    await number('authorization', { ...hour, headers: { authorization: 'Bearer a' } }),
    await number('authorization', hour),
  ],
  cookie: async () => [
    await number('cookie', { ...hour, headers: { cookie: 'user=a' } }),
    await number('cookie', { ...hour, headers: { cookie: 'user=b' } }),
    await number('cookie', { ...hour, headers: { cookie: 'user=a' } }),
  ],
  post: async () => [
    await number('post', post('one')), await number('post', post('two')), await number('post', post('one')), await number('post', { cache: 'force-cache' }),
  ],
  'post-plain': () => twice('post-plain', { method: 'POST', body: 'one' }),
  'post-json': async () => [await number('post-json', post('{"a":1}', hour)), await number('post-json', post('{"a":1}', hour))],
  'post-params': async () => [
    await number('post-params', post(new URLSearchParams({ a: '1' }))),
    await number('post-params', post(new URLSearchParams({ a: '2' }))),
    await number('post-params', post(new URLSearchParams({ a: '1' }))),
  ],
  'post-bytes': async () => [
    await number('post-bytes', post(new Uint8Array([1, 255]))),
    await number('post-bytes', post(new Uint8Array([1, 254]))),
    await number('post-bytes', post(new Uint8Array([1, 255]))),
  ],
  put: async () => [await number('put', { method: 'PUT', body: 'x', cache: 'force-cache' }), await number('put', { method: 'PUT', body: 'x', cache: 'force-cache' })],
  'head-get': async () => {
    const head = await fetch(`${upstream}/counter/head-get`, { method: 'HEAD', cache: 'force-cache' });
    return [await head.text(), await number('head-get', { cache: 'force-cache' })];
  },
  'url-object': async () => {
    const ask = async (what: any, init: RequestInit = hour) => (await (await fetch(what, init)).json()).count;
    const url = `${upstream}/counter/url-object`;
    return [await ask(url), await ask(new URL(url)), await ask(new Request(url)), await ask(new Request(url, { cache: 'force-cache' }), {})];
  },
  'request-object': async () => {
    const ask = async (init: any) => (await (await fetch(new Request(`${upstream}/counter/request-object`, init))).json()).count;
    return [await ask({ cache: 'force-cache' }), await ask({ cache: 'force-cache' }), await ask({}), await ask({})];
  },
  'request-body': async () => {
    const ask = async (body: string) => (await (await fetch(new Request(`${upstream}/counter/request-body`, { method: 'POST', body }), { cache: 'force-cache' })).json()).count;
    return [await ask('a'), await ask('b'), await ask('a')];
  },
  'cache-mode': async () => [await number('cache-mode', { cache: 'force-cache' }), await number('cache-mode', hour)],

  // What is kept of an answer.
  status: async () => {
    const seen: unknown[] = [];
    for (const status of [201, 203, 404, 410, 500]) seen.push([status, await twice(`status-${status}?status=${status}`, hour)]);
    return seen;
  },
  redirected: () => all(`/status/302?to=/counter/redirected`, hour),
  'redirected-again': () => all(`/status/302?to=/counter/redirected`, hour),
  whole: () => all('/headers', hour),
  'whole-again': () => all('/headers', hour),
  gzip: async () => (await all('/gzip', hour)).body.length,
  'gzip-again': async () => (await all('/gzip', hour)).headers,
  binary: async () => [await length(await fetch(`${upstream}/bytes/1000`, hour)), await length(await fetch(`${upstream}/bytes/1000`, hour))],
  stream: async () => [await (await fetch(`${upstream}/stream/3`, hour)).text(), await (await fetch(`${upstream}/stream/3`, hour)).text()],
  empty: async () => [await (await fetch(`${upstream}/mirror`, { ...hour, method: 'POST' })).text(), await (await fetch(`${upstream}/mirror`, { ...hour, method: 'POST' })).text()],
  'set-cookie': () => twice('set-cookie?header=set-cookie:s=1', hour),
  'set-cookie-forced': () => twice('set-cookie-forced?header=set-cookie:s=1', { cache: 'force-cache' }),
  private: () => twice('private?header=cache-control:private', hour),
  'answer-no-store': () => twice('answer-no-store?header=cache-control:no-store', { cache: 'force-cache' }),
  'vary-star': () => twice('vary-star?header=vary:*', hour),
  large: () => twice('large?fill=1500000', hour),
  'too-large': () => twice('too-large?fill=2200000', hour),
  unread: async () => {
    await fetch(`${upstream}/counter/unread`, hour);
    return number('unread', hour);
  },
  cancelled: async () => {
    const first = await fetch(`${upstream}/counter/cancelled`, hour);
    await first.body?.cancel();
    return number('cancelled', hour);
  },
  clone: async () => {
    const first = await fetch(`${upstream}/counter/clone`, hour);
    const again = await fetch(`${upstream}/counter/clone`, hour);
    return [await first.clone().json(), await first.json(), await again.clone().json(), await again.json()];
  },

  // What is refused.
  'revalidate-text': () => number('refused', { next: { revalidate: 'x' as any } }),
  'revalidate-digits': () => number('refused', { next: { revalidate: '60' as any } }),
  'revalidate-negative': () => number('refused', { next: { revalidate: -1 } }),
  'revalidate-nan': () => number('refused', { next: { revalidate: NaN } }),
  'revalidate-true': () => number('refused', { next: { revalidate: true as any } }),
  'revalidate-null': () => twice('revalidate-null', { next: { revalidate: null as any } }),
  'revalidate-undefined': () => twice('revalidate-undefined', { next: { revalidate: undefined } }),
  'revalidate-fraction': () => twice('revalidate-fraction', { next: { revalidate: 0.5 } }),
  'revalidate-infinite': () => twice('revalidate-infinite', { next: { revalidate: Infinity } }),
  'tag-long': () => twice('tag-long', { cache: 'force-cache', next: { tags: ['x'.repeat(257), 'fine'] } }),
  'tag-number': () => twice('tag-number', { cache: 'force-cache', next: { tags: [1 as any, 'fine'] } }),
  'tags-many': () => twice('tags-many', { cache: 'force-cache', next: { tags: Array.from({ length: 200 }, (_, i) => `t${i}`) } }),
  'tags-text': () => twice('tags-text', { cache: 'force-cache', next: { tags: 'one' as any } }),
  unreachable: () => number('x', { cache: 'force-cache' }).then(() => fetch('http://127.0.0.1:1/', hour)).then(() => 'reached', () => 'failed'),
};

export async function GET(_: Request, { params }: { params: Promise<{ how: string }> }) {
  const { how } = await params;
  if (!cases[how]) return new Response('no such case', { status: 400 });
  return Response.json(await attempt(async () => cases[how]()));
}
