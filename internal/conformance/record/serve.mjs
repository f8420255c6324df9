#!/usr/bin/env node
// Serves what `output: 'export'` has written, so that a transcript can look at it:
// each file under its own name, without a type, and at / the list of the names. What
// is in _next/ is for pages, and has names of its build.
//
//   node serve.mjs DIR PORT
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const [dir, port] = process.argv.slice(2);
const names = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile())
  .map((e) => path.relative(dir, path.join(e.parentPath, e.name)))
  .filter((name) => !name.startsWith('_next/'))
  .sort();
const server = http.createServer((req, res) => {
  const name = decodeURIComponent(req.url.slice(1));
  if (name === '') res.end(names.join('\n'));
  else if (names.includes(name)) res.end(fs.readFileSync(path.join(dir, name)));
  else res.writeHead(404).end();
});
server.listen(Number(port), '127.0.0.1', () => console.log('✓ Ready'));
