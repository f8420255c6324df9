// Every global and its members, as "name" or "prototype.name" or, for what is
// an object, "name"; those of the engine's hidden prototypes beside them.
const key = k => typeof k === 'symbol' ? '[' + k.description + ']' : k;
const skip = new Set(['constructor', 'prototype', 'length', 'name', 'caller', 'arguments']);
const own = (o, prefix, list) => {
  for (const k of Reflect.ownKeys(o)) {
    if (k === 'constructor' || typeof o === 'function' && skip.has(k) || k === Symbol.toStringTag || /^_[^_]/.test(key(k))) continue;
    if (typeof k === 'symbol' && Symbol[k.description?.slice(7)] !== k) continue; // the host's own
    list.push(prefix + key(k));
  }
};
const describe_ = v => {
  const list = [];
  if (v === null || typeof v !== 'object' && typeof v !== 'function') return list;
  own(v, '', list);
  if (typeof v === 'function') {
    const d = Object.getOwnPropertyDescriptor(v, 'prototype');
    if (d && d.value && typeof d.value === 'object') own(d.value, 'prototype.', list);
  } else {
    for (let p = Object.getPrototypeOf(v); p && p !== Object.prototype && p !== Function.prototype; p = Object.getPrototypeOf(p)) own(p, '', list);
  }
  return [...new Set(list)].sort();
};
// What node -e defines as globals are its modules.
const ignored = new Set('assert async_hooks buffer child_process cluster constants dgram diagnostics_channel dns domain events fs http http2 https inspector net os path perf_hooks punycode querystring readline repl stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib'.split(' ').concat(['globalThis', 'global', 'self', 'window', 'require', 'module', 'exports', '__filename', '__dirname', 'process', 'Buffer', 'host']));
const out = {};
for (const k of Reflect.ownKeys(globalThis)) {
  if (typeof k !== 'string' || ignored.has(k) || k.startsWith('__')) continue;
  let v;
  try { v = globalThis[k]; } catch { continue; }
  out[k] = describe_(v);
}
const hidden = (name, o) => { if (o) { const list = []; own(o, 'prototype.', list); out[name] = list.sort(); } };
hidden('%TypedArray%', Object.getPrototypeOf(Uint8Array.prototype));
hidden('%IteratorPrototype%', Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));
out['crypto.subtle'] = describe_(crypto.subtle);
const names = Object.keys(out).sort();
return Object.fromEntries(names.map(n => [n, out[n]]));
