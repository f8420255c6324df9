const upstream = process.env.UPSTREAM;

// Questions that no cache has heard before: their query is never the same twice.
const once = () => `once=${crypto.randomUUID()}`;

/** How often the upstream was asked for key, this time included. */
export async function count(key: string): Promise<number> {
  const response = await fetch(`${upstream}/counter/${key}?${once()}`);
  return (await response.json()).count;
}

/** The last word that a transcript left for key; empty when there is none. */
export async function told(key: string): Promise<string> {
  const response = await fetch(`${upstream}/events/${key}?${once()}`);
  return (await response.json()).at(-1) ?? '';
}
