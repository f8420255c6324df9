import { NextResponse } from 'next/server'

/** Only async arrow functions and a string for a matcher. */
export default async (request) => NextResponse.next({ headers: { 'x-mw': new URL(request.url).pathname } })

export const config = { matcher: '/place/:path+' }
