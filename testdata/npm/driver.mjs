// Runs the handlers of app/ in Node: node driver.mjs PACKAGE, with a list of
// requests as JSON on standard input, writes the list of answers.
import { readFileSync, readdirSync } from 'node:fs'
import { register } from 'node:module'

// next has no exports in its package.json, so that Node wants file names.
register('data:text/javascript,' + encodeURIComponent(`
  export const resolve = (name, context, next) => next(/^next\\/[a-z-]+$/.test(name) ? name + '.js' : name, context)`), import.meta.url)

const name = process.argv[2]
let folder = 'app/' + name
for (let inner; (inner = readdirSync(folder).find((f) => f.startsWith('['))); ) folder += '/' + inner
const route = await import(new URL(encodeURI(folder).replace(/\[/g, '%5B').replace(/\]/g, '%5D') + '/route.js', import.meta.url))
const answers = []
for (const { method = 'GET', path, headers = {}, body } of JSON.parse(readFileSync(0, 'utf8'))) {
  let request = new Request('http://localhost:3000' + path, { method, headers: { host: 'localhost:3000', ...headers }, body })
  if (name === 'next-auth') request = new (await import('next/server')).NextRequest(request)
  try {
    const response = await route[method](request, { params: Promise.resolve({}) })
    answers.push({ status: response.status, headers: [...response.headers], body: await response.text() })
  } catch (e) {
    answers.push({ status: 599, headers: [], body: String(e?.stack) })
  }
}
process.stdout.write(JSON.stringify(answers), () => process.exit())
