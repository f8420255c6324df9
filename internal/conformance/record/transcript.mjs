// Reads and writes transcripts. The format is described in ../FORMAT.md and
// read by ../transcript.go too: change the three together.

const ENTRY = '== ';

/**
 * @typedef {{ lead: string[], id: string, line: number, directives: string[],
 *   request: string[], next: string[], portico: string[] }} Entry
 */

/** Parses the text of a transcript; throws with the line number on nonsense. */
export function parse(text, file) {
  const head = [];
  /** @type {Entry[]} */
  const entries = [];
  let lead = [];
  let entry = null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((line, i) => {
    const bad = (what) => new Error(`${file}:${i + 1}: ${what}`);
    if (line.startsWith(ENTRY)) {
      const id = line.slice(ENTRY.length).trim();
      if (!/^[a-z0-9][a-z0-9._-]*$/.test(id)) throw bad(`bad entry id ${JSON.stringify(id)}`);
      if (entries.some((e) => e.id === id)) throw bad(`entry ${id} is there twice`);
      if (!entry) {
        // The comment that opens a file is the file's, not the first entry's.
        const gap = lead.indexOf('');
        if (gap >= 0) head.push(...lead.splice(0, gap));
      }
      entry = { lead, id, line: i + 1, directives: [], request: [], next: [], portico: [] };
      entries.push(entry);
      lead = [];
    } else if (line === '' || line.startsWith('#')) {
      lead.push(line);
    } else if (line.startsWith('@')) {
      if (lead.some((l) => l !== '') && entry) throw bad('a comment inside an entry');
      if (entry) entry.directives.push(line.slice(1));
      else {
        head.push(...lead, line);
        lead = [];
      }
    } else if (/^[><!]( |$)/.test(line)) {
      if (!entry) throw bad('a line before the first entry');
      const where = { '>': 'request', '<': 'next', '!': 'portico' }[line[0]];
      entry[where].push(line.slice(2));
    } else {
      throw bad(`do not understand ${JSON.stringify(line)}`);
    }
  });
  return { head, entries, tail: lead };
}

/** The inverse of parse, in canonical order. */
export function format(t) {
  const out = [...t.head];
  const prefixed = (mark, lines) => lines.map((l) => (l === '' ? mark : `${mark} ${l}`));
  for (const e of t.entries) {
    out.push(...e.lead, ENTRY + e.id, ...e.directives.map((d) => '@' + d));
    out.push(...prefixed('>', e.request), ...prefixed('<', e.next), ...prefixed('!', e.portico));
  }
  out.push(...t.tail);
  return out.join('\n') + '\n';
}

/** The bytes that a written line stands for. */
export function unescape(text) {
  const parts = [];
  let plain = '';
  const flush = () => {
    if (plain) parts.push(Buffer.from(plain, 'utf8'));
    plain = '';
  };
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      plain += text[i];
      continue;
    }
    const c = text[++i];
    const simple = { '\\': '\\', n: '\n', r: '\r', t: '\t' }[c];
    if (simple !== undefined) plain += simple;
    else if (c === 'x' && /^[0-9a-f]{2}$/.test(text.slice(i + 1, i + 3))) {
      flush();
      parts.push(Buffer.from([parseInt(text.slice(i + 1, i + 3), 16)]));
      i += 2;
    } else throw new Error(`bad escape in ${JSON.stringify(text)}`);
  }
  flush();
  return Buffer.concat(parts);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as one written line. */
export function escape(bytes) {
  let text;
  let binary = false;
  try {
    text = utf8.decode(bytes);
  } catch {
    text = Buffer.from(bytes).toString('latin1');
    binary = true;
  }
  let out = '';
  for (const ch of text) {
    const code = ch.codePointAt(0);
    if (ch === '\\') out += '\\\\';
    else if (ch === '\n') out += '\\n';
    else if (ch === '\r') out += '\\r';
    else if (ch === '\t') out += '\\t';
    else if (code < 0x20 || code === 0x7f || (binary && code >= 0x80)) out += '\\x' + code.toString(16).padStart(2, '0');
    // Characters that a reader or an editor would lose.
    else if (code === 0xfeff || code === 0x85 || code === 0x2028 || code === 0x2029)
      for (const b of Buffer.from(ch)) out += '\\x' + b.toString(16).padStart(2, '0');
    else out += ch;
  }
  return out.replace(/ $/, '\\x20'); // editors strip trailing space
}
