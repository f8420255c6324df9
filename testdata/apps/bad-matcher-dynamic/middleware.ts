import { NextResponse } from 'next/server'

export function middleware() {
  return NextResponse.next({ headers: { 'x-mw': '1' } })
}

const list = process.env.UPSTREAM ? ['/other'] : []

export const config = { matcher: list.map((path) => path + '/deeper') }
