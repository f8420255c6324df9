const MAX_LENGTH = 1000

/** Takes a JSON body `{ "name": string, "message": string }` or throws why not. */
export async function submit(request: Request): Promise<void> {
  const type = request.headers.get('content-type') ?? ''
  if (!type.startsWith('application/json')) throw new Error('Expected a JSON body')

  const { name, message } = await request.json()
  if (typeof name !== 'string' || name.trim() === '') throw new Error('A name is required')
  if (typeof message !== 'string' || message.length > MAX_LENGTH)
    throw new Error(`A message of at most ${MAX_LENGTH} characters is required`)
}
