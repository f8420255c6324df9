import { attempt, twice } from './twice';

const inits: Record<string, RequestInit | undefined> = {
  none: undefined,
  'force-cache': { cache: 'force-cache' },
  'no-store': { cache: 'no-store' },
  'no-cache': { cache: 'no-cache' },
  reload: { cache: 'reload' },
  'revalidate-60': { next: { revalidate: 60 } },
  'revalidate-0': { next: { revalidate: 0 } },
  'revalidate-false': { next: { revalidate: false } },
};

/** What is kept of each way to ask, under the route's fetchCache. */
export async function matrix(mode: string): Promise<Response> {
  const seen: Record<string, unknown> = {};
  for (const [how, init] of Object.entries(inits)) {
    const got: any = await attempt(() => twice(`matrix-${mode}-${how}`, init));
    seen[how] = Array.isArray(got) ? (got[0] === got[1] ? 'kept' : 'asked') : got;
  }
  return Response.json(seen);
}
