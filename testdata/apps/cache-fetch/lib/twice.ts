export const upstream = process.env.UPSTREAM;

/** A request whose answer is a number, which counts how often key was asked for. */
export async function number(key: string, init?: RequestInit): Promise<number> {
  const response = await fetch(`${upstream}/counter/${key}`, init);
  return (await response.json()).count;
}

/** The same asked twice: two equal numbers are one answer. */
export async function twice(key: string, init?: RequestInit): Promise<number[]> {
  return [await number(key, init), await number(key, init)];
}

/** What it threw, if it did. */
export async function attempt(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (e: any) {
    return { threw: e.name, message: String(e.message).split('\n')[0].replace(upstream, 'UPSTREAM') };
  }
}
