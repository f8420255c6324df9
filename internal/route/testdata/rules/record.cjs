// Asks the real Next.js what sources, conditions and destinations mean, and
// writes its answers to recorded.json beside this file, which the Go tests
// replay without Node:
//
//	npm install --prefix <somewhere> next@16
//	node record.cjs <somewhere>
'use strict'
const fs = require('fs')
const path = require('path')

const root = path.resolve(process.argv[2] ?? '.', 'node_modules/next')
const next = (file) => require(path.join(root, 'dist', file))
const { getPathMatch } = next('shared/lib/router/utils/path-match')
const { tryToParsePath } = next('lib/try-to-parse-path')
const { modifyRouteRegex } = next('lib/redirect-status')
const { getMiddlewareMatchers } = next('build/analysis/get-page-static-info')
const { matchHas, prepareDestination, compileNonPath } = next('shared/lib/router/utils/prepare-destination')
const { pathToRegexp } = next('compiled/path-to-regexp')

const cases = JSON.parse(fs.readFileSync(path.join(__dirname, 'cases.json'), 'utf8'))
const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version
const quiet = (f) => {
  const { error } = console
  console.error = () => {}
  try {
    return f()
  } finally {
    console.error = error
  }
}
const attempt = (f) => {
  try {
    return f()
  } catch (e) {
    return { error: e.message }
  }
}

// A source of a rule: only the paths that match are written.
function rule(source, redirect, sensitive) {
  const { error } = quiet(() => tryToParsePath(source))
  if (error) return { error: error.message }
  return attempt(() => {
    const match = getPathMatch(source, {
      strict: true,
      removeUnnamedParams: true,
      sensitive,
      regexModifier: (regex) => modifyRouteRegex(regex, redirect ? ['/_next'] : undefined),
    })
    return matched((p) => match(p))
  })
}

function matcher(source, basePath) {
  const { error } = quiet(() => tryToParsePath(source))
  if (error) return { error: error.message }
  return attempt(() => {
    const exit = process.exit
    process.exit = () => {
      throw new Error('refused')
    }
    try {
      const [{ regexp }] = quiet(() => getMiddlewareMatchers(source, { basePath }))
      return matched((p) => (new RegExp(regexp).exec(p) ? {} : false))
    } finally {
      process.exit = exit
    }
  })
}

function matched(match) {
  const out = {}
  for (const p of cases.paths) {
    const params = match(p)
    if (params) out[p] = params
  }
  return { matched: out }
}

const recorded = {
  version,
  rules: cases.sources.map((source) => ({ source, ...rule(source, false, false) })),
  redirects: cases.redirectSources.map((source) => ({ source, ...rule(source, true, false) })),
  sensitive: cases.sensitiveSources.map((source) => ({ source, ...rule(source, false, true) })),
  matchers: cases.sources.concat(cases.matcherSources).map((source) => ({ source, ...matcher(source, '') })),
  based: cases.matcherSources.map((source) => ({ source, ...matcher(source, '/docs') })),

  // Expressions by themselves: what the first match is, and its named groups.
  exprs: cases.exprs.map(({ expr, flags, texts }) => ({
    expr,
    flags,
    ...attempt(() => {
      const re = new RegExp(expr, flags)
      return {
        texts,
        found: texts.map((text) => re.exec(text)?.map((g) => g ?? null) ?? null),
      }
    }),
  })),

  conditions: cases.conditions.map(({ has, missing, requests }) => ({
    has,
    missing,
    found: requests.map((r) => {
      const req = { headers: r.headers ?? {} }
      const query = {}
      for (const [k, v] of new URLSearchParams(r.query ?? '')) {
        query[k] = k in query ? [].concat(query[k], v) : v
      }
      return { request: r, params: attempt(() => matchHas(req, query, has ?? [], missing ?? [])) }
    }),
  })),

  destinations: cases.destinations.map(({ destination, params, query, append }) => ({
    destination,
    params,
    query,
    append,
    ...attempt(() => {
      const parsedQuery = {}
      for (const [k, v] of new URLSearchParams(query ?? '')) {
        parsedQuery[k] = k in parsedQuery ? [].concat(parsedQuery[k], v) : v
      }
      const { parsedDestination: d } = prepareDestination({
        appendParamsToQuery: append,
        destination,
        params: { ...params },
        query: parsedQuery,
      })
      return { result: { pathname: d.pathname, hash: d.hash, origin: d.origin, query: d.query } }
    }),
  })),

  values: cases.values.map(({ value, params }) => ({
    value,
    params,
    ...attempt(() => ({ text: Object.keys(params).length ? compileNonPath(value, params) : value })),
  })),
}
// One line for each entry, so that a difference shows where it is.
const lines = Object.entries(recorded).map(([key, value]) =>
  Array.isArray(value)
    ? `${JSON.stringify(key)}: [\n${value.map((v) => '  ' + JSON.stringify(v)).join(',\n')}\n]`
    : `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
)
fs.writeFileSync(path.join(__dirname, 'recorded.json'), `{\n${lines.join(',\n')}\n}\n`)
