// The upstream that fixture apps fetch from while Next.js is recorded. Its twin
// in Go, ../upstream.go, serves the same endpoints while Portico is replayed;
// the list with its meaning is in ../FORMAT.md. Change the two together.
import http from 'node:http';
import zlib from 'node:zlib';
import { createHash } from 'node:crypto';

// What HTTP clients add by themselves, and so differs without meaning.
const UNSAID = new Set(['accept-encoding', 'accept-language', 'connection', 'content-length', 'host', 'keep-alive',
  'sec-fetch-mode', 'transfer-encoding', 'user-agent']);

// What a proxy says about the client; /asked leaves it out.
const FORWARDED = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-request-id|x-middleware-.*)$/;

const MAX_WAIT = 10_000;

/** Listens on a loopback port, by default on a free one. */
export async function startUpstream(wanted = 0) {
  const events = new Map();
  const gates = new Map();
  const counters = new Map();
  const listeners = new Set();
  const bell = () => listeners.forEach((f) => f());

  /** Resolves when ready() holds, or after so many milliseconds with false. */
  const until = (ready, ms = MAX_WAIT) => new Promise((resolve) => {
    const check = () => {
      if (!ready()) return;
      listeners.delete(check);
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      listeners.delete(check);
      resolve(false);
    }, ms);
    listeners.add(check);
    check();
  });
  const note = (key, text) => {
    events.set(key, [...(events.get(key) ?? []), text]);
    bell();
  };

  // A client that leaves within its body is no error of ours.
  const server = http.createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  const serve = async (req, res) => {
    const url = new URL(req.url, 'http://upstream');
    const [, kind, ...rest] = url.pathname.split('/');
    const key = rest.join('/');
    const text = (status, body, headers = {}) => {
      res.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), ...headers });
      res.end(req.method === 'HEAD' ? undefined : body);
    };
    const json = (status, value) => text(status, JSON.stringify(value), { 'content-type': 'application/json' });

    switch (kind) {
      case 'rss':
        return json(200, {
          title: 'Notes', description: 'What we learnt', link: 'https://notes.test/', copyright: '2026 Notes',
          items: [
            { title: 'One', description: 'The first', link: 'https://notes.test/1', publishDate: 'Mon, 05 Jan 2026 10:00:00 GMT', guid: 'n1' },
            { title: 'Two', description: 'The second', link: 'https://notes.test/2', publishDate: 'Tue, 06 Jan 2026 10:00:00 GMT', guid: 'n2' },
          ],
        });
      case 'weather': {
        const { lat, lng } = Object.fromEntries(url.searchParams);
        if (!Number.isFinite(Number(lat)) || !Number.isFinite(Number(lng))) return text(400, 'error: no such place');
        return text(200, `place: ${lat},${lng}\ntemperature: 21.5\nwind: 3\nsky: clear\n`);
      }
      case 'mail': {
        const mail = JSON.parse((await body(req)).toString());
        if (mail.to.startsWith('bounce@')) return json(422, { error: 'mailbox unavailable' });
        return json(202, { id: `<${mail.to.length}.${mail.text.length}@mail.test>` });
      }
      case 'counter': {
        const n = (counters.get(key) ?? 0) + 1;
        counters.set(key, n);
        bell();
        const headers = { 'content-type': 'application/json' };
        for (const line of url.searchParams.getAll('header')) {
          const at = line.indexOf(':');
          headers[line.slice(0, at)] = line.slice(at + 1);
        }
        const fill = Number(url.searchParams.get('fill') ?? 0);
        const value = fill ? { count: n, fill: 'x'.repeat(fill) } : { count: n };
        return text(Number(url.searchParams.get('status') ?? 200), JSON.stringify(value), headers);
      }
      case 'echo':
      case 'asked': {
        const headers = [];
        for (let i = 0; i < req.rawHeaders.length; i += 2) {
          const name = req.rawHeaders[i].toLowerCase();
          const before = headers.find(([n]) => n === name);
          if (before) before[1] += ', ' + req.rawHeaders[i + 1];
          else if (!UNSAID.has(name) && (kind === 'echo' || !FORWARDED.test(name))) headers.push([name, req.rawHeaders[i + 1]]);
        }
        headers.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
        const bytes = await body(req);
        return json(200, { method: req.method, url: req.url, headers, body: bytes.toString('latin1') });
      }
      case 'framing': {
        const h = req.headers;
        const bytes = await body(req);
        return json(200, {
          length: h['content-length'] ?? null, chunked: h['transfer-encoding'] === 'chunked', received: bytes.length,
          host: h.host, agent: Boolean(h['user-agent']),
        });
      }
      case 'mirror': {
        const bytes = await body(req);
        res.writeHead(200, { 'content-type': req.headers['content-type'] ?? 'application/octet-stream', 'content-length': bytes.length });
        return res.end(bytes);
      }
      case 'status': {
        const headers = url.searchParams.has('to') ? { location: url.searchParams.get('to') } : {};
        const status = Number(key);
        if (status === 204 || status === 304) {
          res.writeHead(status, headers);
          return res.end();
        }
        return text(status, `status ${status}`, headers);
      }
      case 'headers':
        res.writeHead(200, [
          'content-type', 'text/plain', 'set-cookie', 'a=1; Path=/', 'set-cookie', 'b=2; HttpOnly', 'x-multi', 'one',
          'x-multi', 'two', 'link', '</a>; rel=preload', 'etag', '"v1"', 'content-length', '7',
        ]);
        return res.end('headers');
      case 'gzip': {
        const bytes = zlib.gzipSync(JSON.stringify({ packed: true, filler: 'x'.repeat(1000) }));
        res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': bytes.length });
        return res.end(bytes);
      }
      case 'bytes': {
        const bytes = Buffer.alloc(Number(key));
        for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7) & 0xff;
        res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
        return res.end(bytes);
      }
      case 'stream':
        res.writeHead(200, { 'content-type': 'text/plain' });
        for (let i = 0; i < Number(key); i++) res.write(`chunk ${i}\n`);
        return res.end();
      case 'gated': {
        // The first half now, the second when the gate of that name is opened.
        res.writeHead(200, { 'content-type': 'text/plain' });
        res.write('first\n');
        await until(() => gates.get(key));
        return res.end('second\n');
      }
      case 'socket':
        return text(426, 'not a WebSocket');
      case 'sse':
        res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
        res.write('data: one\n\n');
        await until(() => gates.get(key));
        return res.end('data: two\n\n');
      case 'range': {
        const all = '0123456789';
        if (req.headers['if-none-match'] === '"r1"') {
          res.writeHead(304, { etag: '"r1"' });
          return res.end();
        }
        const asked = /^bytes=(\d)-(\d)$/.exec(req.headers.range ?? '');
        if (!asked) return text(200, all, { etag: '"r1"', 'accept-ranges': 'bytes' });
        const [from, to] = asked.slice(1).map(Number);
        return text(206, all.slice(from, to + 1), { etag: '"r1"', 'accept-ranges': 'bytes', 'content-range': `bytes ${from}-${to}/10` });
      }
      case 'cut':
        res.writeHead(200, { 'content-type': 'text/plain', 'content-length': 100 });
        res.write('ten bytes!', () => req.socket.destroy());
        return;
      case 'drop':
        return req.socket.destroy();
      case 'hang':
        note(key, 'came');
        req.socket.once('close', () => note(key, 'left'));
        return;
      case 'events':
        if (req.method === 'POST') {
          note(key, (await body(req)).toString());
          res.writeHead(204);
          return res.end();
        }
        await until(() => (events.get(key) ?? []).length >= Number(url.searchParams.get('n') ?? 0));
        return json(200, events.get(key) ?? []);
      case 'gate':
        await until(() => gates.get(key));
        return text(200, gates.get(key) ? 'open' : 'shut');
      case 'open':
        gates.set(key, true);
        bell();
        res.writeHead(204);
        return res.end();
      default:
        return text(404, 'no such endpoint');
    }
  };
  // /socket says hello, sends back the first frame that comes, and says goodbye.
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => {});
    if (!req.url.startsWith('/socket')) return socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const accept = createHash('sha1').update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    const protocol = req.headers['sec-websocket-protocol'] ? `Sec-WebSocket-Protocol: ${req.headers['sec-websocket-protocol'].split(',')[0]}\r\n` : '';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`);
    socket.write(frame(1, Buffer.from(`hello ${req.url}`)));
    let got = head;
    const answer = () => {
      // A masked frame of less than 126 bytes: that is all a transcript sends.
      if (got.length < 6 || got.length < 6 + (got[1] & 127)) return;
      const bytes = Buffer.from(got.subarray(6, 6 + (got[1] & 127)).map((b, i) => b ^ got[2 + (i & 3)]));
      socket.off('data', more);
      socket.write(frame(1, bytes));
      socket.end(frame(8, Buffer.alloc(0)));
    };
    const more = (chunk) => {
      got = Buffer.concat([got, chunk]);
      answer();
    };
    socket.on('data', more);
    answer();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    host: `127.0.0.1:${port}`,
    port,
    origin: `http://127.0.0.1:${port}`,
    reset() {
      events.clear();
      gates.clear();
      counters.clear();
    },
    /** What has happened so far, and its inverse. */
    state: () => ({ events: [...events], gates: [...gates], counters: [...counters] }),
    restore(state) {
      for (const [map, list] of [[events, state.events], [gates, state.gates], [counters, state.counters]]) {
        map.clear();
        for (const [k, v] of list) map.set(k, v);
      }
    },
    /** Resolves to true once /counter/KEY was asked n times, to false after ms milliseconds. */
    counted: (key, n, ms) => until(() => (counters.get(key) ?? 0) >= n, ms),
    open(gate) {
      gates.set(gate, true);
      bell();
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole WebSocket frame (RFC 6455 §5.2) of less than 126 bytes. */
function frame(opcode, bytes) {
  return Buffer.concat([Buffer.from([0x80 | opcode, bytes.length]), bytes]);
}

async function body(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts);
}
