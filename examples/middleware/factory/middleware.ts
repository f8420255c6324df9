import { createMiddleware } from 'third-party-library'

export default createMiddleware()
