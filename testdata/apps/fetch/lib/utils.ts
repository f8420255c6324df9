/** A request may be forwarded when it carries a JSON object. */
export async function isValidRequest(request: Request): Promise<boolean> {
  if (!request.headers.get('content-type')?.startsWith('application/json')) return false
  try {
    const value = await request.json()
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
