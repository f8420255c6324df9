import { cookies } from 'next/headers'

const name = 'session'

export const user = async () => (await cookies()).get(name)?.value

export async function begin(user: string) {
  ;(await cookies()).set(name, user, { httpOnly: true, sameSite: 'strict', path: '/', maxAge: 3600 })
}

export async function end() {
  ;(await cookies()).delete(name)
}
