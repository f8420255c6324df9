// Runs every case of cases.json through the real @next/env and writes what it
// answered back into the file, as "next".
//
//   npm install --no-save @next/env@15.3.4    (outside of the repository)
//   node record.mjs <directory that has node_modules>
//
// A case is { name, mode, process, files } and the recorded { next }, which has
// the variables that the files added or changed, and next.failed for the files
// that Next.js gave up on. Where Portico differs on purpose the case has { why },
// and { want } or { error } instead of next.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'

const corpus = new URL('./cases.json', import.meta.url)
const require = createRequire(path.resolve(process.argv[2] ?? '.', 'x.js'))
const cases = JSON.parse(fs.readFileSync(corpus, 'utf8'))
const own = { ...process.env }

for (const c of cases) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dotenv-'))
  for (const [name, text] of Object.entries(c.files)) {
    if (name.endsWith('/')) fs.mkdirSync(path.join(dir, name))
    else fs.writeFileSync(path.join(dir, name), text)
  }
  const given = { ...(c.mode === 'test' ? { NODE_ENV: 'test' } : {}), ...c.process }
  for (const key of Object.keys(process.env)) delete process.env[key]
  Object.assign(process.env, given)
  delete require.cache[require.resolve('@next/env')]
  const failed = []
  const log = { info() {}, error(text) { failed.push(path.basename(text.split(' ').pop())) } }
  const { combinedEnv, loadedEnvFiles } = require('@next/env').loadEnvConfig(dir, c.mode === 'development', log)
  const vars = {}
  for (const [key, value] of Object.entries(combinedEnv)) {
    if (key !== '__NEXT_PROCESSED_ENV' && given[key] !== value) vars[key] = value
  }
  c.next = { vars, files: loadedEnvFiles.map((f) => f.path), ...(failed.length ? { failed } : {}) }
  fs.rmSync(dir, { recursive: true })
}
Object.assign(process.env, own)
// What nobody can see in an editor is written as an escape.
const visible = (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')
const lines = cases.map((c) => '  ' + JSON.stringify(c).replace(/[\u00a0\u2028\u2029\ufeff]/g, visible))
fs.writeFileSync(corpus, '[\n' + lines.join(',\n') + '\n]\n')
