// node:string_decoder: text out of chunks that may end within a character.
(function (host) {
  'use strict';

  const { argType, error } = host;

  // utf8Tail is how many bytes at the end of b begin a character that is not
  // whole yet.
  const utf8Tail = (b) => {
    for (let n = 1; n <= Math.min(3, b.length); n++) {
      const c = b[b.length - n];
      if (c < 0x80) return 0;
      if (c < 0xc0) continue;
      const size = c >= 0xf0 ? (c <= 0xf4 ? 4 : 0) : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
      if (size <= n) return 0;
      // The second byte narrows what may follow some first ones.
      const second = b[b.length - n + 1];
      if (n > 1 && ((c === 0xe0 && second < 0xa0) || (c === 0xed && second > 0x9f) || (c === 0xf0 && second < 0x90) || (c === 0xf4 && second > 0x8f))) return 0;
      return n;
    }
    return 0;
  };

  const tails = {
    utf8: utf8Tail,
    utf16le: (b) => {
      const odd = b.length % 2, last = b[b.length - 1 - odd];
      return b.length - odd >= 2 && last >= 0xd8 && last <= 0xdb ? odd + 2 : odd;
    },
    base64: (b) => b.length % 3,
    base64url: (b) => b.length % 3,
  };

  function StringDecoder(encoding) {
    this.encoding = host.buffer.encodingName(encoding === undefined || encoding === null ? 'utf8' : encoding);
    if (this.encoding === '') throw error('TypeError', 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
    rest.set(this, new Uint8Array(0));
  }
  const rest = new WeakMap();

  StringDecoder.prototype.write = function write(buf) {
    if (typeof buf === 'string') return buf;
    if (!ArrayBuffer.isView(buf)) throw argType('buf', 'an instance of Buffer, TypedArray, or DataView', buf);
    const kept = rest.get(this);
    if (kept === undefined) throw error('TypeError', 'ERR_INVALID_THIS', 'Value of "this" must be of type StringDecoder');
    const all = Buffer.concat([kept, new Uint8Array(buf.buffer, buf.byteOffset, buf.byteLength)]);
    const n = all.length - (tails[this.encoding]?.(all) ?? 0);
    rest.set(this, new Uint8Array(all.subarray(n)));
    return all.toString(this.encoding, 0, n);
  };

  StringDecoder.prototype.end = function end(buf) {
    let text = buf === undefined ? '' : this.write(buf);
    const kept = rest.get(this);
    rest.set(this, new Uint8Array(0));
    if (kept.length > 0) text += Buffer.from(kept).toString(this.encoding);
    return text;
  };

  StringDecoder.prototype.text = function text(buf, offset) {
    rest.set(this, new Uint8Array(0));
    return this.write(buf.subarray(offset));
  };

  Object.defineProperties(StringDecoder.prototype, {
    lastChar: { configurable: true, enumerable: true, get() { return Buffer.from(rest.get(this)); } },
    lastNeed: { configurable: true, enumerable: true, get() {
      const kept = rest.get(this), first = kept[0];
      if (kept.length === 0) return 0;
      if (this.encoding === 'utf8') return (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2) - kept.length;
      return this.encoding === 'utf16le' ? (kept.length < 2 ? 2 : 4) - kept.length : 3 - kept.length;
    } },
    lastTotal: { configurable: true, enumerable: true, get() { return this.lastNeed + rest.get(this).length; } },
  });
  return { StringDecoder };
})
