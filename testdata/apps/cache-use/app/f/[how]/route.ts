import { cookies, draftMode, headers } from 'next/headers';
import { unstable_noStore } from 'next/cache';
import { connection } from 'next/server';
import { cacheLife, cacheTag } from '../../../lib/next-cache';
import { other, whole } from '../../../lib/whole';
import { count } from '../../../lib/upstream';

/** What it threw, if it did: the first line. */
async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (e: any) {
    return { threw: e.name, message: String(e.message).split('\n')[0] };
  }
}

async function plain() {
  'use cache';
  return count('plain');
}

async function withArguments(...args: unknown[]) {
  'use cache';
  return count('arguments');
}

const arrow = async (id: string) => {
  'use cache';
  return `${id} ${await count(`arrow-${id}`)}`;
};

async function values() {
  'use cache';
  return {
    date: new Date(0), map: new Map([[1, 2]]), set: new Set(['a']), gone: undefined, nan: NaN, zero: -0, big: 10n,
    bytes: new Uint8Array([1, 255]), url: undefined, list: [undefined, 1], nested: { deep: { a: 1 } },
  };
}

async function nothing() {
  'use cache';
  await count('nothing');
}

async function failing() {
  'use cache';
  const n = await count('failing');
  if (n < 3) throw new TypeError(`no ${n}`);
  return n;
}

async function inner() {
  'use cache';
  return count('inner');
}

async function outer() {
  'use cache';
  return [await count('outer'), await inner()];
}

async function fetching() {
  'use cache';
  const response = await fetch(`${process.env.UPSTREAM}/counter/fetching`);
  return (await response.json()).count;
}

async function tellCookies() {
  'use cache';
  return (await cookies()).get('a')?.value;
}

async function tellHeaders() {
  'use cache';
  return (await headers()).get('x-a');
}

async function tellConnection() {
  'use cache';
  return connection();
}

async function tellDraft() {
  'use cache';
  return (await draftMode()).isEnabled;
}

async function tellNoStore() {
  'use cache';
  unstable_noStore();
  return count('no-store');
}

async function badLife() {
  'use cache';
  cacheLife('fortnight');
  return 1;
}

async function taking(f: () => unknown) {
  'use cache';
  return typeof f;
}

const captures = (captured: string) => {
  async function inside(id: string) {
    'use cache';
    return `${captured} ${id} ${await count('captures')}`;
  }
  return inside;
};

const service = {
  async find(id: string) {
    'use cache';
    return `${id} ${await count('service')}`;
  },
};

const cases: Record<string, (request: Request) => unknown> = {
  plain: async () => [await plain(), await plain()],
  arguments: async () => [
    await withArguments(1), await withArguments(2), await withArguments(1), await withArguments('1'), await withArguments({ a: 1 }), await withArguments({ a: 1 }),
    await withArguments(),
  ],
  'argument-date': async () => [await withArguments(new Date(0)), await withArguments(new Date(0)), await withArguments(new Date(1))],
  arrow: async () => [await arrow('a'), await arrow('b'), await arrow('a')],
  captures: async () => [await captures('x')('1'), await captures('y')('1'), await captures('x')('1')],
  method: async () => [await service.find('a'), await service.find('a')],
  whole: async () => [await whole('a'), await whole('b'), await whole('a'), await other(), await other()],
  values: async () => {
    const tell = (v: any) => [
      v.date instanceof Date, v.map instanceof Map && v.map.get(1), v.set instanceof Set && v.set.has('a'), 'gone' in v, Number.isNaN(v.nan),
      Object.is(v.zero, -0), typeof v.big, v.bytes instanceof Uint8Array && [...v.bytes], v.list.length, v.list[0] === undefined, v.nested.deep.a,
    ];
    return [tell(await values()), tell(await values())];
  },
  'same-object': async () => (await values()) === (await values()),
  nothing: async () => [typeof (await nothing()), typeof (await nothing()), await count('nothing')],
  errors: async () => [await attempt(failing), await attempt(failing), await attempt(failing), await attempt(failing)].map((v: any) => v.threw ?? v),
  nested: async () => [await outer(), await outer(), await inner()],
  fetching: async () => [await fetching(), await fetching()],
  parallel: async () => {
    const all = await Promise.all([arrow('p'), arrow('p'), arrow('p')]);
    return all.map((one) => one === all[0]);
  },
  cookies: () => attempt(tellCookies),
  headers: () => attempt(tellHeaders),
  connection: () => attempt(tellConnection),
  draft: () => attempt(tellDraft),
  'no-store': () => attempt(async () => [await tellNoStore(), await tellNoStore()]),
  'bad-life': () => attempt(badLife),
  'function-argument': () => attempt(() => taking(() => 1)),
  'life-outside': () => attempt(() => cacheLife('hours')),
  'tag-outside': () => attempt(() => cacheTag('x')),
  'then-length': () => [plain.length, arrow.length, typeof plain],
};

export async function GET(request: Request, { params }: { params: Promise<{ how: string }> }) {
  const { how } = await params;
  if (!cases[how]) return new Response('no such case', { status: 400 });
  return Response.json((await cases[how](request)) ?? 'undefined');
}
