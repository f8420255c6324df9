import * as cache from 'next/cache';
import { redirect } from 'next/navigation';
import { post } from '../../lib/data';

/** Does what a transcript says: a list of a function of next/cache and its arguments. */
export async function POST(request: Request) {
  const { calls, then } = await request.json();
  const returned: unknown[] = [];
  for (const [name, ...args] of calls) {
    try {
      const f = (cache as any)[name];
      if (!f) returned.push('no such function');
      else returned.push((await f(...args)) === undefined ? 'undefined' : 'something');
    } catch (e: any) {
      returned.push({ threw: e.name, message: String(e.message).split('\n')[0] });
    }
  }
  if (then === 'redirect') redirect('/elsewhere');
  if (then === 'throw') throw new Error('after it');
  if (then?.post) {
    returned.push(await post(then.post));
    // So that what was made just now is older than the end of this request.
    await fetch(`${process.env.UPSTREAM}/counter/pause`);
  }
  return Response.json(returned);
}
