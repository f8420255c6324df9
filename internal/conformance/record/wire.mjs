// HTTP/1.1 over a bare socket, so that a request goes out byte for byte as a
// transcript writes it, and the answer is seen byte for byte as it came.
import net from 'node:net';
import zlib from 'node:zlib';

/**
 * Sends bytes and reads one answer (interim 1xx answers are skipped).
 * @returns {Promise<{closed?: true, status?: number, reason?: string,
 *   headers?: [string, Buffer][], body?: Buffer, truncated?: boolean, stuck?: true}>}
 */
export function exchange({ host, port, bytes, method, timeout = 60_000, patient = false, onBody, hangup }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    const parser = new Answer(method);
    const timer = setTimeout(() => {
      socket.destroy();
      if (patient) return resolve({ stuck: true });
      reject(new Error(`no complete answer in ${timeout} ms; so far ${JSON.stringify(parser.raw.toString('latin1').slice(0, 400))}`));
    }, timeout);
    let settled = false;
    const finish = (value) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      resolve(value);
    };
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      parser.push(chunk);
      if (parser.body !== undefined && onBody) onBody(parser.plain());
      if (hangup !== undefined && parser.body?.toString('latin1').includes(hangup)) finish({ ...parser.result(), truncated: true });
      else if (parser.done) finish(parser.result());
    });
    // A reset after the server answered and closed is not an error of ours.
    socket.on('error', (err) => {
      if (parser.raw.length || err.code === 'ECONNRESET' || err.code === 'EPIPE') finish(parser.end());
      else {
        clearTimeout(timer);
        reject(err);
      }
    });
    socket.on('close', () => finish(parser.end()));
  });
}

class Answer {
  constructor(method) {
    this.method = method;
    this.raw = Buffer.alloc(0);
    this.done = false;
  }

  push(chunk) {
    this.raw = Buffer.concat([this.raw, chunk]);
    this.parse(false);
  }

  /** The connection has ended: what there is is all there is. */
  end() {
    this.parse(true);
    if (this.status === undefined) return { closed: true };
    return { ...this.result(), truncated: !this.done };
  }

  result() {
    const { status, reason, headers, body = Buffer.alloc(0) } = this;
    return { status, reason, headers, body, truncated: false };
  }

  /** The body so far, unpacked as far as it goes. */
  plain() {
    const packed = this.headers.some(([n, v]) => n === 'content-encoding' && v.toString() === 'gzip');
    return packed && this.body.length ? zlib.gunzipSync(this.body, { finishFlush: zlib.constants.Z_SYNC_FLUSH }) : this.body;
  }

  parse(atEnd) {
    while (this.status === undefined) {
      const end = this.raw.indexOf('\r\n\r\n');
      if (end < 0) return;
      const lines = this.raw.subarray(0, end).toString('latin1').split('\r\n');
      const m = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/s.exec(lines[0]);
      if (!m) throw new Error(`not an HTTP answer: ${JSON.stringify(lines[0])}`);
      this.raw = this.raw.subarray(end + 4);
      const status = Number(m[1]);
      if (status < 200 && status !== 101) continue;
      this.status = status;
      this.reason = m[2];
      this.headers = lines.slice(1).map((l) => {
        const at = l.indexOf(':');
        return [l.slice(0, at).toLowerCase(), Buffer.from(l.slice(at + 1).trim(), 'latin1')];
      });
    }
    const get = (name) => this.headers.filter(([n]) => n === name).map(([, v]) => v.toString('latin1').toLowerCase());
    if (this.method === 'HEAD' || this.status === 204 || this.status === 304) {
      this.body = Buffer.alloc(0);
      this.done = true;
    } else if (this.status === 101) {
      // What the new protocol says is the body, to the end of the connection.
      this.body = this.raw;
      this.done = atEnd;
    } else if (get('transfer-encoding').some((v) => v.includes('chunked'))) {
      this.dechunk();
    } else if (get('content-length').length) {
      const n = Number(get('content-length')[0]);
      this.body = this.raw.subarray(0, n);
      this.done = this.raw.length >= n;
    } else {
      this.body = this.raw;
      this.done = atEnd;
    }
  }

  dechunk() {
    const parts = [];
    let at = 0;
    for (;;) {
      const eol = this.raw.indexOf('\r\n', at);
      if (eol < 0) break;
      const size = parseInt(this.raw.subarray(at, eol).toString('latin1'), 16);
      if (size === 0) {
        this.done = true;
        break;
      }
      parts.push(this.raw.subarray(eol + 2, eol + 2 + size));
      at = eol + 2 + size + 2;
      if (at > this.raw.length) break;
    }
    this.body = Buffer.concat(parts);
  }
}
