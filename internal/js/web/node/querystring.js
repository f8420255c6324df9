// node:querystring.
(function (host) {
  'use strict';

  const { error } = host;

  // escape is encodeURIComponent, which keeps the same characters.
  function qsEscape(str) {
    if (typeof str !== 'string') str = typeof str === 'object' ? String(str) : str + '';
    try {
      return encodeURIComponent(str);
    } catch {
      throw error('URIError', 'ERR_INVALID_URI', 'URI malformed');
    }
  }

  // unescapeBuffer decodes each %xx and leaves what is none.
  function unescapeBuffer(s, decodeSpaces) {
    const b = Buffer.from(String(s), 'utf8'), out = Buffer.alloc(b.length);
    let n = 0;
    for (let i = 0; i < b.length; i++) {
      let c = b[i];
      if (c === 43 && decodeSpaces) c = 32;
      else if (c === 37 && i + 2 < b.length) {
        const hex = b.latin1Slice(i + 1, i + 3);
        if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
          c = parseInt(hex, 16);
          i += 2;
        }
      }
      out[n++] = c;
    }
    return out.subarray(0, n);
  }

  function qsUnescape(s, decodeSpaces) {
    try {
      return decodeURIComponent(s);
    } catch {
      return unescapeBuffer(s, decodeSpaces).toString();
    }
  }

  const primitive = (v) => {
    switch (typeof v) {
      case 'string': return v;
      case 'number': return Number.isFinite(v) ? '' + v : '';
      case 'bigint': return '' + v;
      case 'boolean': return v ? 'true' : 'false';
    }
    return '';
  };

  function stringify(obj, sep, eq, options) {
    sep ||= '&';
    eq ||= '=';
    const own = typeof options?.encodeURIComponent === 'function' ? options.encodeURIComponent : module.escape;
    const encode = (v) => (own === qsEscape ? (v === '' ? '' : qsEscape(v)) : own(v));
    if (obj === null || typeof obj !== 'object') return '';
    const fields = [];
    for (const key of Object.keys(obj)) {
      const name = encode(primitive(key)) + eq, value = obj[key];
      if (Array.isArray(value)) for (const v of value) fields.push(name + encode(primitive(v)));
      else fields.push(name + encode(primitive(value)));
    }
    return fields.join(sep);
  }

  function parse(qs, sep, eq, options) {
    const obj = { __proto__: null };
    if (typeof qs !== 'string' || qs.length === 0) return obj;
    sep = sep ? String(sep) : '&';
    eq = eq ? String(eq) : '=';
    let max = 1000;
    if (typeof options?.maxKeys === 'number') max = options.maxKeys;
    const own = typeof options?.decodeURIComponent === 'function' ? options.decodeURIComponent : module.unescape;
    const decode = (s) => {
      try {
        return own(s);
      } catch {
        return qsUnescape(s, true);
      }
    };
    // Spaces are decoded before the decoder sees the text; one of the caller's
    // own is only called when there is something to decode in Node, too.
    const text = (s) => {
      const plain = s.replace(/\+/g, own === qsUnescape ? ' ' : '%20');
      return own !== qsUnescape || plain.includes('%') ? decode(plain) : plain;
    };
    const parts = qs.split(sep);
    let n = 0;
    for (const part of parts) {
      if (part === '') continue;
      if (max > 0 && n++ >= max) break;
      const i = part.indexOf(eq);
      const key = text(i < 0 ? part : part.slice(0, i)), value = i < 0 ? '' : text(part.slice(i + eq.length));
      if (!(key in obj)) obj[key] = value;
      else if (Array.isArray(obj[key])) obj[key].push(value);
      else obj[key] = [obj[key], value];
    }
    return obj;
  }

  const module = { unescapeBuffer, unescape: qsUnescape, escape: qsEscape, stringify, encode: stringify, parse, decode: parse };
  return module;
})
