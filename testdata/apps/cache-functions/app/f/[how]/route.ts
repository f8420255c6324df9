import { unstable_cache, unstable_noStore } from 'next/cache';
import { cookies, draftMode, headers } from 'next/headers';
import { after, connection } from 'next/server';
import { count } from '../../../lib/upstream';

/** What it threw, if it did: the first line. */
async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (e: any) {
    return { threw: e.name, message: String(e.message).split('\n')[0] };
  }
}

/** Two functions of one source, which differ in what they have captured. */
const closure = (captured: string) => unstable_cache(async () => `${captured} ${await count('closure')}`, ['closure']);

const failing = unstable_cache(async (until: number) => {
  const n = await count('failing');
  if (n < until) throw new TypeError(`no ${n}`);
  return n;
});

const cases: Record<string, (request: Request) => unknown> = {
  twice: async () => {
    const f = unstable_cache(async () => count('twice'), ['twice']);
    return [await f(), await f()];
  },
  arguments: async () => {
    const f = unstable_cache(async (...args: unknown[]) => count('arguments'), ['arguments']);
    return [await f(1), await f(2), await f(1), await f(), await f(undefined), await f(null), await f('1')];
  },
  'property-order': async () => {
    const f = unstable_cache(async (_: object) => count('property-order'), ['property-order']);
    return [await f({ a: 1, b: 2 }), await f({ b: 2, a: 1 }), await f({ a: 1, b: 2 })];
  },
  'key-parts': async () => {
    const make = (part: string) => unstable_cache(async () => count('key-parts'), ['key-parts', part]);
    return [await make('a')(), await make('b')(), await make('a')()];
  },
  'no-key-parts': async () => {
    const f = unstable_cache(async () => count('no-key-parts'));
    const g = unstable_cache(async () => count('no-key-parts'));
    return [await f(), await g()];
  },
  'another-source': async () => {
    const f = unstable_cache(async () => count('another-source'), ['another-source']);
    const g = unstable_cache(async () => (await count('another-source')) + 100, ['another-source']);
    return [await f(), await g(), await f()];
  },
  closure: async () => [await closure('a')(), await closure('b')()],
  values: async () => {
    const f = unstable_cache(
      async () => ({ date: new Date(0), map: new Map([[1, 2]]), gone: undefined, nan: NaN, list: [undefined, 1], big: 'x' }),
      ['values'],
    );
    const tell = (v: any) => [v.date instanceof Date, typeof v.date, v.map instanceof Map, 'gone' in v, v.nan, v.list];
    return [tell(await f()), tell(await f())];
  },
  'class-instance': async () => {
    class Point {
      constructor(public x: number) {}
      toJSON() {
        return { at: this.x };
      }
    }
    const f = unstable_cache(async () => new Point(1) as any, ['class-instance']);
    return [(await f()).x ?? 'none', (await f()).x ?? 'none', (await f()).at ?? 'none'];
  },
  undefined: async () => {
    const f = unstable_cache(async () => void (await count('undefined')), ['undefined']);
    return [typeof (await f()), typeof (await f()), await count('undefined')];
  },
  null: async () => {
    const f = unstable_cache(async () => (await count('null')) && null, ['null']);
    return [await f(), await f(), await count('null')];
  },
  false: async () => {
    const f = unstable_cache(async () => (await count('false')) === 0, ['false']);
    return [await f(), await f(), await count('false')];
  },
  bigint: () => unstable_cache(async () => 1n as any, ['bigint'])().then(String),
  cycle: async () => {
    const f = unstable_cache(async () => {
      const a: any = {};
      a.a = a;
      return a;
    }, ['cycle']);
    return typeof (await f());
  },
  errors: async () => [await attempt(() => failing(3)), await attempt(() => failing(3)), await attempt(() => failing(3)), await attempt(() => failing(3))],
  synchronous: async () => {
    const f = unstable_cache((() => 'value') as any, ['synchronous']);
    return [f() instanceof Promise, await attempt(f)];
  },
  parallel: async () => {
    const f = unstable_cache(async () => count('parallel'), ['parallel']);
    return (await Promise.all([f(), f(), f()])).sort();
  },
  nested: async () => {
    const inner = unstable_cache(async () => count('nested-inner'), ['nested-inner']);
    const outer = unstable_cache(async () => [await count('nested-outer'), await inner()], ['nested-outer']);
    return [await outer(), await outer(), await inner()];
  },
  'fetch-inside': async () => {
    const ask = async (init?: RequestInit) => (await (await fetch(`${process.env.UPSTREAM}/counter/fetch-inside`, init)).json()).count;
    const f = unstable_cache(async (x: number) => ask(), ['fetch-inside']);
    return [await f(1), await f(2), await f(1), await ask()];
  },
  'no-store-inside': async () => {
    const ask = async () => (await (await fetch(`${process.env.UPSTREAM}/counter/no-store-inside`, { cache: 'no-store' })).json()).count;
    const f = unstable_cache(async (x: number) => ask(), ['no-store-inside']);
    return [await f(1), await f(2), await f(1)];
  },
  'name-and-length': async () => {
    const f = unstable_cache(async function named(a: number, b: number) { return a + b; }, ['name-and-length']);
    return [f.length, f.name, await f.call({}, 1, 2)];
  },
  'revalidate-0': () => unstable_cache(async () => 1, ['x'], { revalidate: 0 })(),
  'revalidate-negative': () => unstable_cache(async () => 1, ['x'], { revalidate: -1 })(),
  'revalidate-text': () => unstable_cache(async () => 1, ['x'], { revalidate: '60' as any })(),
  'revalidate-false': () => unstable_cache(async () => 'kept', ['revalidate-false'], { revalidate: false })(),
  'tags-text': () => unstable_cache(async () => 'kept', ['tags-text'], { tags: 'one' as any })(),
  'tag-long': async () => {
    const f = unstable_cache(async () => count('tag-long'), ['tag-long'], { tags: ['x'.repeat(300), 'fine'] });
    return [await f(), await f()];
  },
  'no-function': () => attempt(() => unstable_cache('x' as any, ['no-function'])()).then((r: any) => r.threw),
  cookies: () => unstable_cache(async () => (await cookies()).get('a'), ['cookies'])(),
  headers: () => unstable_cache(async () => (await headers()).get('x-a'), ['headers'])(),
  'set-cookie': () => unstable_cache(async () => (await cookies()).set('a', '1'), ['set-cookie'])(),
  connection: () => unstable_cache(async () => connection(), ['connection'])(),
  'no-store': () => unstable_cache(async () => unstable_noStore() ?? 'told', ['no-store'])(),
  'draft-mode': () => unstable_cache(async () => (await draftMode()).isEnabled, ['draft-mode'])(),
  'draft-enable': () => unstable_cache(async () => (await draftMode()).enable(), ['draft-enable'])(),
  after: () => unstable_cache(async () => after(() => {}) ?? 'taken', ['after'])(),
  'request-captured': (request) => unstable_cache(async () => request.headers.get('x-a'), ['request-captured'])(),
};

export async function GET(request: Request, { params }: { params: Promise<{ how: string }> }) {
  const { how } = await params;
  if (!cases[how]) return new Response('no such case', { status: 400 });
  return Response.json((await attempt(() => cases[how](request))) ?? 'undefined');
}
