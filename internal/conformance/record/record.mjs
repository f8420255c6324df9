#!/usr/bin/env node
// Records what the real Next.js answers to the transcripts' requests.
//
//   node internal/conformance/record/record.mjs [--next 15.3.4,16.4.6]
//        [--scratch DIR] [--check] [--reuse] [app folder …]
//
// For each version: installs next with npm into DIR/<version> (default: a folder
// below the system's temporary one), copies each app there, builds it, starts it
// on a free loopback port, sends the requests and writes the answers back into
// the app's transcript.txt. With --check nothing is written, and the run fails if
// an answer differs from what is stored. With --reuse an app that was built before
// from the same files is not built again: for work on a transcript. An app whose
// transcript moves the clock gets one that is set back to the end of its build, and
// starts from what the build left in .next and in the upstream.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerLines, applyMasks, directives, duration, masks, requestBytes } from './answer.mjs';
import { escape, format, parse } from './transcript.mjs';
import { startUpstream } from './upstream.mjs';
import { exchange } from './wire.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');

/** Milliseconds that Next.js gets, after the upstream has answered, to keep the answer. */
const SETTLE = 200;

/** Milliseconds for which an entry with @until is asked again. */
const UNTIL = 10_000;

function options(argv) {
  const o = { versions: ['15.3.4', '16.4.6'], scratch: path.join(os.tmpdir(), 'portico-next'), check: false, reuse: false, apps: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--next') o.versions = argv[++i].split(',');
    else if (argv[i] === '--scratch') o.scratch = path.resolve(argv[++i]);
    else if (argv[i] === '--check') o.check = true;
    else if (argv[i] === '--reuse') o.reuse = true;
    else if (argv[i].startsWith('-')) throw new Error(`unknown flag ${argv[i]}`);
    else o.apps.push(path.resolve(argv[i]));
  }
  if (!o.apps.length) {
    const folders = ['testdata/apps', 'examples', 'examples/middleware'].map((d) => path.join(root, d)).filter((d) => fs.existsSync(d));
    for (const dir of folders)
      for (const name of fs.readdirSync(dir).sort())
        if (fs.existsSync(path.join(dir, name, 'transcript.txt'))) o.apps.push(path.join(dir, name));
  }
  return o;
}

/** Runs a command to its end; resolves to {code, output}. */
function run(command, args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (d) => (output += d));
    child.stderr.on('data', (d) => (output += d));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: plain(output) }));
  });
}

const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, '');

function freePort() {
  return new Promise((resolve, reject) => {
    const s = net.createServer();
    s.on('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

async function install(version, scratch) {
  const dir = path.join(scratch, version);
  const wanted = { next: version, react: '19', 'react-dom': '19', typescript: '5', '@types/node': '20', '@types/react': '19' };
  if (!fs.existsSync(path.join(dir, 'node_modules/next/package.json'))) {
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }, null, 2));
    console.log(`installing next@${version} into ${dir}`);
    const { code, output } = await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: dir, env: process.env });
    if (code !== 0) throw new Error(`npm install failed:\n${output}`);
  }
  return dir;
}

/** A child's environment: ours without what steers Next, plus the app's. */
function environment(extra) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1', NO_COLOR: '1', ...extra };
  for (const name of ['PORT', 'HOSTNAME', 'NODE_ENV', 'NODE_OPTIONS', 'FORCE_COLOR', 'TURBOPACK']) delete env[name];
  return env;
}

/** What a build is made of: the app's files, its environment, the upstream's address. */
function fingerprint(dir, env) {
  const hash = createHash('sha256').update(JSON.stringify(env));
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true }).sort((a, b) => (path.join(a.parentPath, a.name) < path.join(b.parentPath, b.name) ? -1 : 1))) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !leftOut.test(path.relative(dir, file))) hash.update(`${path.relative(dir, file)}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

/** What of an app's folder is not the app's. */
const leftOut = /(^|\/)(node_modules|\.next|\.next\.built|\.portico|transcript\.txt|known_failures\.txt|npm_modules)$/;

/**
 * One app's answers of one version. Where it is the newest, what a transcript waits
 * for must come; an older one may never do it, and gives what it has.
 */
async function recordApp(app, version, scratch, upstream, { reuse, strict }) {
  const transcript = parse(fs.readFileSync(path.join(app, 'transcript.txt'), 'utf8'), path.relative(root, path.join(app, 'transcript.txt')));
  const home = await install(version, scratch);
  const name = path.basename(app);
  const dir = path.join(home, 'apps', name);
  const vars = { upstream: upstream.origin, upstream_host: upstream.host };
  const own = {};
  let hostname = '127.0.0.1';
  let mtime, exported;
  for (const line of transcript.head) {
    if (line.startsWith('@host ')) hostname = line.slice(6).trim();
    if (line.startsWith('@mtime ')) mtime = new Date(line.slice(7));
    if (line.startsWith('@export ')) exported = line.slice(8).trim();
    const m = /^@env ([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (m) own[m[1]] = m[2];
  }
  const env = environment({ UPSTREAM: upstream.origin, ...own });
  const next = path.join(home, 'node_modules/next/dist/bin/next');
  const made = fingerprint(app, { UPSTREAM: upstream.origin, ...own });
  const mark = path.join(dir, '.next/recorded');
  const kept = path.join(dir, '.next.built');
  const clock = transcript.entries.some((e) => 'advance' in directives(e));
  upstream.reset();
  const built = reuse && fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === made && fs.existsSync(kept) === clock;
  if (built && clock) {
    fs.rmSync(path.join(dir, '.next'), { recursive: true });
    fs.cpSync(kept, path.join(dir, '.next'), { recursive: true, preserveTimestamps: true });
    upstream.restore(JSON.parse(fs.readFileSync(path.join(kept, 'upstream.json'), 'utf8')));
  } else if (!built) {
    fs.rmSync(dir, { recursive: true, force: true });
    fs.cpSync(app, dir, { recursive: true, filter: (p) => !leftOut.test(path.relative(app, p)) });
    const fixtureModules = path.join(app, 'fixture_modules');
    if (fs.existsSync(fixtureModules)) fs.cpSync(fixtureModules, path.join(dir, 'node_modules'), { recursive: true });
  }
  for (const e of mtime ? fs.readdirSync(path.join(dir, 'public'), { recursive: true, withFileTypes: true }) : [])
    fs.utimesSync(path.join(e.parentPath, e.name), mtime, mtime);
  const build = built ? { code: 0, output: '' } : await run(process.execPath, [next, 'build'], { cwd: dir, env });
  const answers = new Map();
  const loading = transcript.entries.filter((e) => 'build' in directives(e));
  const failure = (entry, phase, output) => {
    const dirs = directives(entry);
    const grep = new RegExp(dirs.grep?.[0] ?? '^Error: ');
    const local = output.replaceAll(dir + '/', './').replaceAll(home + '/', './');
    const lines = [...new Set(local.split('\n').map((l) => l.trim()).filter((l) => grep.test(l)))];
    return [`@fails ${phase}`, '', ...lines.map((l) => applyMasks(escape(Buffer.from(l)), masks(dirs)))];
  };
  const failed = (phase, output) => {
    if (!loading.length) throw new Error(`${name}: next@${version}: ${phase} failed:\n${output}`);
    for (const e of transcript.entries) answers.set(e.id, loading.includes(e) ? failure(e, phase, output) : ['@unserved']);
    return answers;
  };
  if (build.code !== 0) return failed('build', build.output);
  if (!loading.length && !built) {
    fs.writeFileSync(mark, made);
    if (clock) {
      fs.cpSync(path.join(dir, '.next'), kept, { recursive: true, preserveTimestamps: true });
      fs.writeFileSync(path.join(kept, 'upstream.json'), JSON.stringify(upstream.state()));
    }
  }

  const port = await freePort();
  Object.assign(vars, { port: String(port), host: `localhost:${port}`, addr: `127.0.0.1:${port}`, origin: `http://localhost:${port}` });
  const preload = clock ? ['--require', path.join(here, 'clock.cjs')] : [];
  if (clock) env.RECORD_CLOCK_OFFSET = String(Math.round(fs.statSync(mark).mtimeMs) - Date.now());
  const stdio = ['ignore', 'pipe', 'pipe', ...(clock ? ['ipc'] : [])];
  const command = exported ? [path.join(here, 'serve.mjs'), path.join(dir, exported), String(port)] : [...preload, next, 'start', '-H', hostname, '-p', String(port)];
  const server = spawn(process.execPath, command, { cwd: dir, env, stdio });
  const advance = (ms) =>
    new Promise((resolve, reject) => {
      server.once('message', resolve);
      server.send({ advance: ms }, (err) => err && reject(err));
    });
  let log = '';
  let exited = false;
  server.stdout.on('data', (d) => (log += plain(String(d))));
  server.stderr.on('data', (d) => (log += plain(String(d))));
  const gone = new Promise((resolve) => server.on('close', () => ((exited = true), resolve())));
  try {
    const ready = await listening(port, () => exited || /✓ Ready|Ready in/.test(log));
    if (ready && loading.length) {
      // Next.js 16 finds some conflicts only when the first request comes.
      const probe = Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      await exchange({ host: '127.0.0.1', port, bytes: probe, method: 'GET' }).catch(() => {});
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 1000))]);
    }
    if (!ready || exited) {
      await gone;
      return failed('start', log);
    }
    // Without a clock a build's questions to the upstream do not count.
    if (!clock) upstream.reset();
    for (const entry of transcript.entries) {
      const dirs = directives(entry);
      if ('build' in dirs) {
        answers.set(entry.id, ['@loads']);
        continue;
      }
      for (const d of dirs.advance ?? []) await advance(duration(d));
      for (const d of dirs.after ?? []) {
        const [key, n] = d.split(' ');
        if (!(await upstream.counted(key, Number(n), strict ? UNTIL : SETTLE)) && strict) throw new Error(`${name}: next@${version}: ${entry.id}: /counter/${key} was not asked ${n} times\n${log.slice(-2000)}`);
        // What Next.js makes of the answer it makes within the same breath; no header says when.
        await new Promise((resolve) => setTimeout(resolve, SETTLE));
      }
      const { method, bytes } = requestBytes(entry, vars);
      const gate = dirs.open && /^(\S+) when (.*)$/.exec(dirs.open[0]);
      try {
        const ask = () => exchange({
          host: '127.0.0.1',
          port: 'to' in dirs ? upstream.port : port,
          bytes,
          method,
          ...('patience' in dirs && { patient: true, timeout: Number(dirs.patience[0]) * 1000 }),
          hangup: dirs.hangup?.[0],
          onBody: gate ? (body) => body.includes(gate[2]) && upstream.open(gate[1]) : undefined,
        });
        const together = await Promise.all(Array.from({ length: Number(dirs.times?.[0] ?? 1) }, ask));
        let last = together[0];
        let lines = answerLines(last, entry, vars);
        for (const other of together.slice(1)) {
          const l = answerLines(other, entry, vars);
          if (l.join('\n') !== lines.join('\n')) throw new Error(`answers of the same moment differ:\n${lines.join('\n')}\n--\n${l.join('\n')}`);
        }
        const patience = Date.now() + (strict ? UNTIL : SETTLE);
        while (dirs.until && !lines.some((l) => l.includes(dirs.until[0]))) {
          if (Date.now() > patience && !strict) break;
          if (Date.now() > patience) throw new Error(`never has ${dirs.until[0]}; the last answer was\n${lines.join('\n')}`);
          last = await ask();
          lines = answerLines(last, entry, vars);
        }
        // What was made for this request is kept a little later.
        if (lines.includes('x-nextjs-cache: MISS')) await new Promise((resolve) => setTimeout(resolve, SETTLE));
        for (const d of dirs.capture ?? []) {
          const [, placeholder, pattern] = /^(\S+) (.*)$/.exec(d);
          const found = new RegExp(pattern).exec(last.headers.map(([n, v]) => `${n}: ${v.toString('latin1')}`).join('\n') + '\n\n' + last.body.toString('latin1'));
          if (!found) throw new Error(`nothing to capture with ${pattern}:\n${lines.join('\n')}`);
          vars[placeholder] = found[1];
          lines = answerLines(last, entry, vars);
        }
        answers.set(entry.id, lines);
      } catch (err) {
        throw new Error(`${name}: next@${version}: ${entry.id}: ${err.message}\n${log.slice(-2000)}`);
      }
    }
    fs.writeFileSync(path.join(dir, 'next-start.log'), log);
  } finally {
    server.kill('SIGTERM');
    const timer = setTimeout(() => server.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
  return answers;
}

/** True when the port takes connections and the server says it is ready. */
async function listening(port, ready) {
  for (let tries = 0; tries < 600; tries++) {
    const open = await new Promise((resolve) => {
      const s = net.connect(port, '127.0.0.1', () => (s.destroy(), resolve(true)));
      s.on('error', () => resolve(false));
    });
    if (ready()) return open;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** The `<` lines of an entry from the answers of each version, oldest first. */
function merge(entry, recorded) {
  const blocks = [];
  for (const [version, answers] of recorded) {
    const lines = answers.get(entry.id);
    if (!lines) continue;
    const same = blocks.find((b) => b.lines.join('\n') === lines.join('\n'));
    if (same) same.versions.push(version);
    else blocks.push({ versions: [version], lines });
  }
  return blocks.flatMap((b) => [`next ${b.versions.join(' ')}`, ...b.lines]);
}

/** Stored blocks, so that recording one version keeps the others. */
function stored(transcript) {
  const byVersion = new Map();
  for (const e of transcript.entries) {
    let versions = [];
    for (const line of e.next) {
      const m = /^next ((?:\d+\.\d+\.\d+\S* ?)+)$/.exec(line);
      if (m) {
        versions = m[1].split(' ');
        for (const v of versions) {
          if (!byVersion.has(v)) byVersion.set(v, new Map());
          byVersion.get(v).set(e.id, []);
        }
      } else for (const v of versions) byVersion.get(v).get(e.id).push(line);
    }
  }
  return byVersion;
}

/** A port that stays from run to run: builds have the upstream's address in them. */
function keptPort(scratch) {
  const file = path.join(scratch, 'upstream-port');
  if (!fs.existsSync(file)) fs.writeFileSync(file, String(20_000 + Math.floor(Math.random() * 10_000)));
  return Number(fs.readFileSync(file, 'utf8'));
}

const byNumber = ([a], [b]) => a.localeCompare(b, 'en', { numeric: true });

const o = options(process.argv.slice(2));
const upstream = await startUpstream(o.reuse ? keptPort(o.scratch) : 0);
let differ = 0;
try {
  for (const app of o.apps) {
    const file = path.join(app, 'transcript.txt');
    const before = fs.readFileSync(file, 'utf8');
    const transcript = parse(before, path.relative(root, file));
    const recorded = stored(transcript);
    for (const version of o.versions) {
      const started = Date.now();
      const answers = await recordApp(app, version, o.scratch, upstream, { reuse: o.reuse, strict: version === o.versions.at(-1) });
      recorded.set(version, answers);
      console.log(`${path.relative(root, app)}: next@${version}: ${answers.size} answers, ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
    const ordered = [...recorded].sort(byNumber);
    for (const entry of transcript.entries) entry.next = merge(entry, ordered);
    transcript.head = transcript.head.filter((l) => !l.startsWith('@recorded '));
    transcript.head.push(`@recorded ${ordered.map(([v]) => `next@${v}`).join(' ')} node@${process.versions.node.split('.')[0]}`);
    const after = format(transcript);
    if (after === before) continue;
    if (o.check) {
      differ++;
      console.error(`${path.relative(root, file)}: the stored answers are not what Next.js answers now`);
      fs.writeFileSync(path.join(o.scratch, `${path.basename(app)}.transcript.txt`), after);
    } else fs.writeFileSync(file, after);
  }
} finally {
  await upstream.close();
}
process.exitCode = differ ? 1 : 0;
