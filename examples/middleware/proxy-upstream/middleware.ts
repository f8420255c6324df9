import { NextResponse } from 'next/server'

export function middleware(request: Request) {
  if (request.nextUrl.pathname === '/proxy-this-path') {
    const rewriteUrl = new URL(process.env.UPSTREAM + '/asked')
    return NextResponse.rewrite(rewriteUrl)
  }
}
