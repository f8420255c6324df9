import { cookies } from 'next/headers'

// A real one would be signed, and looked up.
const name = 'session'

export async function user(): Promise<string | undefined> {
  return (await cookies()).get(name)?.value
}

export async function begin(user: string) {
  ;(await cookies()).set(name, user, { httpOnly: true, sameSite: 'lax', path: '/', maxAge: 3600 })
}

export async function end() {
  ;(await cookies()).delete(name)
}
