// Describes the outcome of an expression in one line of ASCII, the same way in
// every engine. Run by es_test.go here and, where there is one, in Node.
(() => {
  const text = s => '"' + Array.from({ length: s.length }, (_, i) => {
    const c = s.charCodeAt(i);
    return c === 34 || c === 92 ? '\\' + s[i] : c >= 32 && c < 127 ? s[i] : '\\u' + c.toString(16).padStart(4, '0');
  }).join('') + '"';
  const proto = o => {
    const p = Object.getPrototypeOf(o);
    if (p === null) return 'null-prototype ';
    const d = Object.getOwnPropertyDescriptor(p, 'constructor');
    const n = d && d.value && d.value.name;
    return n === 'Object' || n === 'Array' ? '' : (n || '?') + ' ';
  };
  const show = (v, seen = []) => {
    switch (typeof v) {
      case 'string': return text(v);
      case 'number': return Object.is(v, -0) ? '-0' : String(v);
      case 'bigint': return v + 'n';
      case 'symbol': return v.toString();
      case 'function': return 'function ' + v.name + '/' + v.length;
      case 'object': break;
      default: return String(v);
    }
    if (v === null) return 'null';
    if (seen.includes(v)) return '<circular>';
    if (seen.length > 20) return '<deep>';
    seen = [...seen, v];
    if (v instanceof Error) return v.name + ': ' + (/^[\x20-\x7e]*$/.test(v.message) ? v.message : text(v.message)) + ('cause' in v ? ' cause ' + show(v.cause, seen) : '') + (v.errors ? ' errors ' + show(v.errors, seen) : '');
    if (v instanceof RegExp) return String(v);
    if (v instanceof Date) return 'Date ' + +v;
    if (v instanceof Map) return 'Map(' + [...v].map(([k, x]) => show(k, seen) + ' => ' + show(x, seen)).join(', ') + ')';
    if (v instanceof Set) return 'Set(' + [...v].map(x => show(x, seen)).join(', ') + ')';
    if (v instanceof Promise) return 'Promise';
    if (v instanceof ArrayBuffer) return 'ArrayBuffer [' + [...new Uint8Array(v)].join(',') + ']';
    const member = k => {
      const d = Object.getOwnPropertyDescriptor(v, k);
      const flags = (d.enumerable ? '' : '-e') + (d.configurable ? '' : '-c') + ('value' in d && !d.writable ? '-w' : '');
      const name = typeof k === 'symbol' ? '[' + k.toString() + ']' : /^[\w$]+$/.test(k) ? k : text(k);
      return name + (flags ? '(' + flags + ')' : '') + ': ' + ('value' in d ? show(d.value, seen) : (d.get ? 'get' : '') + (d.set ? 'set' : ''));
    };
    if (Array.isArray(v)) {
      const parts = [];
      for (let i = 0; i < v.length; i++) parts.push(i in v ? show(v[i], seen) : '<hole>');
      for (const k of Reflect.ownKeys(v)) if (k !== 'length' && !(typeof k === 'string' && /^\d+$/.test(k))) parts.push(member(k));
      return proto(v) + '[' + parts.join(', ') + ']';
    }
    if (ArrayBuffer.isView(v) && 'length' in v) return proto(v) + '[' + [...v].join(', ') + ']';
    return proto(v) + '{' + Reflect.ownKeys(v).map(member).join(', ') + '}';
  };
  const outer = v => {
    try {
      return show(v);
    } catch (e) {
      return 'shows ' + show(e);
    }
  };
  // rx runs a pattern once and tells all that there is to tell.
  globalThis.rx = (pattern, flags, subject) => {
    const r = new RegExp(pattern, flags);
    const m = r.exec(subject);
    return m && [...m, m.index, ...(m.groups ? [m.groups] : []), ...(m.indices ? [m.indices] : []), ...(r.lastIndex ? ['lastIndex ' + r.lastIndex] : [])];
  };
  globalThis.run = async src => {
    let v;
    try {
      v = (0, eval)(src);
    } catch (e) {
      return 'throws ' + outer(e);
    }
    if (!(v instanceof Promise)) return outer(v);
    try {
      return 'resolves ' + outer(await v);
    } catch (e) {
      return 'rejects ' + outer(e);
    }
  };
})();
