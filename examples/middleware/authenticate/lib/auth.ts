/** The guide imports this without showing it: here one token is good, for one user. */
export function isAuthenticated(request: Request) {
  return request.headers.get('authorization') === 'Bearer letmein'
}
