// A handler that shows what it was given: get(key) of "said" is all calls so far.
const calls = []
const shown = (v) => JSON.parse(JSON.stringify(v, (name, value) => (typeof value === 'function' ? 'function' : value)))

module.exports = class {
  constructor(...args) {
    calls.push(['constructor', ...shown(args)])
  }

  get(...args) {
    calls.push(['get', ...shown(args)])
    const said = Buffer.from(JSON.stringify(calls))
    return { value: { kind: 'APP_ROUTE', status: 200, headers: {}, body: said }, lastModified: Date.now() }
  }

  set(...args) {
    calls.push(['set', Buffer.isBuffer(args[1]?.body), ...shown(args)])
  }

  revalidateTag(...args) {
    calls.push(['revalidateTag', ...shown(args)])
  }

  resetRequestCache() {
    calls.push(['resetRequestCache'])
  }
}
