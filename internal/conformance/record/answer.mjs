// What of an answer is kept in a transcript, and how it is written there.
// ../compare.go drops the same things from Portico's answers.
import http from 'node:http';
import zlib from 'node:zlib';
import { createHash } from 'node:crypto';
import { escape, unescape } from './transcript.mjs';

// Hop-by-hop and framing fields, the clock, and what Portico leaves out on
// purpose (FORMAT.md, "What is not compared").
const DROPPED = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-nextjs-prerender', 'x-powered-by']);
const RSC_VARY = /^(rsc|next-router-[a-z-]+|next-url)$/i;

/** Largest body that is written out; larger ones are kept as a digest. */
const MAX_TEXT = 2000;

/** Directives of an entry by name: `mask a -> b` gives {mask: ['a -> b']}. */
export function directives(entry) {
  const out = {};
  for (const d of entry.directives) {
    const [, name, arg] = /^(\S+)\s*(.*)$/s.exec(d);
    (out[name] ??= []).push(arg);
  }
  return out;
}

/** Milliseconds of a duration: `90s`, `5m`, `1h30m`. */
export function duration(text) {
  if (!/^(\d+[hms])+$/.test(text)) throw new Error(`want a duration such as 90s, 5m or 1h30m: ${text}`);
  let ms = 0;
  for (const [, n, unit] of text.matchAll(/(\d+)([hms])/g)) ms += Number(n) * { h: 3_600_000, m: 60_000, s: 1000 }[unit];
  return ms;
}

/** A list of [RegExp, replacement] from `@mask` directives. */
export function masks(dirs) {
  return (dirs.mask ?? []).map((m) => {
    const at = m.lastIndexOf(' -> ');
    if (at < 0) throw new Error(`@mask wants "pattern -> name": ${m}`);
    return [new RegExp(m.slice(0, at), 'dg'), `{{${m.slice(at + 4)}}}`];
  });
}

/** Replaces the first group of each match, or the whole match if it has none. */
export function applyMasks(text, list) {
  for (const [pattern, name] of list) {
    let out = '';
    let from = 0;
    for (const m of text.matchAll(pattern)) {
      const [start, end] = m.indices[1] ?? m.indices[0];
      out += text.slice(from, start) + name;
      from = end;
    }
    text = out + text.slice(from);
  }
  return text;
}

/** The bytes to send for an entry. */
export function requestBytes(entry, vars) {
  const dirs = directives(entry);
  const fill = (text) =>
    Object.entries(vars)
      .reduce((t, [name, value]) => t.replaceAll(`{{${name}}}`, value), text)
      .replace(/\{\{(\d{1,6}) ([^{}])\}\}/g, (_, n, c) => c.repeat(Number(n)));
  const blank = entry.request.indexOf('');
  const head = (blank < 0 ? entry.request : entry.request.slice(0, blank)).map((l) => unescape(fill(l)));
  const bodyLines = blank < 0 ? [] : entry.request.slice(blank + 1);
  const latin = (b) => b.toString('latin1');
  let body;
  const repeat = /^@repeat (\d+) (.*)$/.exec(bodyLines[0] ?? '');
  if (repeat) body = Buffer.from(latin(unescape(repeat[2])).repeat(Number(repeat[1])), 'latin1');
  else body = unescape(fill(bodyLines.join('\n')).replace(/\n/g, '\\n'));
  const method = latin(head[0]).split(' ')[0];
  if (!('raw' in dirs)) {
    if (!/ HTTP\/\d\.\d$/.test(latin(head[0]))) head[0] = Buffer.concat([head[0], Buffer.from(' HTTP/1.1')]);
    const has = (name) => head.slice(1).some((h) => latin(h).toLowerCase().startsWith(name + ':'));
    if (!has('host')) head.splice(1, 0, Buffer.from(`Host: ${'to' in dirs ? vars.upstream_host : vars.host}`));
    if (blank >= 0 && !has('content-length') && !has('transfer-encoding')) head.push(Buffer.from(`Content-Length: ${body.length}`));
    if (!has('connection')) head.push(Buffer.from('Connection: close'));
  }
  const crlf = Buffer.from('\r\n');
  return { method, bytes: Buffer.concat([...head.flatMap((h) => [h, crlf]), crlf, body]) };
}

/** The written lines of an answer, normalised. */
export function answerLines(answer, entry, vars) {
  if (answer.closed) return ['@closed'];
  if (answer.stuck) return ['@stuck'];
  const dirs = directives(entry);
  const checked = new Set(dirs.check ?? []);
  const hide = masks(dirs);
  const placeholders = (text) => {
    const own = ['origin', 'upstream', 'upstream_host', 'host', 'addr'];
    const captured = Object.keys(vars).filter((name) => !own.includes(name) && name !== 'port');
    for (const name of [...own, ...captured]) text = text.replaceAll(vars[name], `{{${name}}}`);
    return text.replace(new RegExp(`(?<![0-9a-fA-F])${vars.port}(?![0-9a-fA-F])`, 'g'), '{{port}}');
  };
  const write = (bytes) => placeholders(applyMasks(escape(bytes), hide));

  let body = answer.body;
  const encoding = answer.headers.find(([n]) => n === 'content-encoding')?.[1].toString();
  const unpack = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync }[encoding];
  try {
    if (unpack && body.length) body = unpack(body, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch {
    // Next.js 15 hands on the Content-Encoding of a fetch with the unpacked body.
  }

  // Node says "unknown" where there is no usual phrase.
  const usual = http.STATUS_CODES[answer.status] ?? 'unknown';
  const reason = answer.reason && answer.reason !== usual ? ' ' + escape(Buffer.from(answer.reason, 'latin1')) : '';
  const lines = [];
  if (answer.truncated) lines.push('@cut');
  lines.push(`${answer.status}${reason}`);
  const page = nextPage(answer, body);
  const headers = answer.headers
    .filter(([n]) => !DROPPED.has(n) || checked.has(n))
    .flatMap(([n, v]) => {
      if (n !== 'vary') return [[n, write(v)]];
      const kept = v.toString('latin1').split(',').map((t) => t.trim())
        .filter((t) => t && !RSC_VARY.test(t) && (checked.has('vary') || t.toLowerCase() !== 'accept-encoding'));
      return kept.length ? [[n, kept.join(', ')]] : [];
    });
  headers.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  if (page) return [...lines, `@page ${page}`];
  lines.push(...headers.map(([n, v]) => (v ? `${n}: ${v}` : `${n}:`)));
  if (!body.length) return lines;
  lines.push('');
  const printable = /^([^\\]|\\[nrt\\]|\\x(20|[89a-f][0-9a-f]))*$/;
  const text = escape(body);
  const utf8 = !/\\x[89a-f]/.test(text) || isUTF8(body);
  if (body.length > MAX_TEXT || (body.length > 256 && (!utf8 || !printable.test(text))))
    lines.push(`@sha256 ${createHash('sha256').update(body).digest('hex')} ${body.length}`);
  else {
    // Written line by line, so that a diff of two answers is a diff of lines.
    const parts = [];
    let from = 0;
    for (let at; (at = body.indexOf(10, from)) >= 0; from = at + 1) parts.push(body.subarray(from, at));
    parts.push(body.subarray(from));
    const written = placeholders(applyMasks(parts.map(escape).join('\n'), hide));
    lines.push(...written.split('\n').map((l) => l.replace(/^@/, '\\x40')));
  }
  return lines;
}

function isUTF8(bytes) {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

/**
 * Next.js's own documents (not found, 400, 500 of the router) are pages of its
 * client; a transcript keeps only which one it was.
 */
function nextPage(answer, body) {
  const text = body.toString('utf8');
  const get = (name) => answer.headers.find(([n]) => n === name)?.[1].toString() ?? '';
  if (get('content-type').startsWith('text/html') && (get('x-powered-by') === 'Next.js' || text.includes('__next_error__') || text.includes('/_next/')))
    return 'html';
  // The router's plain answers carry their length or Next's no-store line.
  if (get('content-type') === 'text/plain' && text === 'Internal Server Error') return 'text';
  if (answer.status === 500 && text === '' && get('content-type') === 'text/plain' && get('cache-control').startsWith('private')) return 'text'; // HEAD
  if (get('content-type') === 'text/plain; charset=utf-8' && text === 'Not Found' && get('cache-control').startsWith('private')) return 'text';
  return '';
}
