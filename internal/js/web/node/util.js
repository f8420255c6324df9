// node:util.
(function (host, require) {
  'use strict';

  const { argType, error, inspect } = host;
  const custom = Symbol.for('nodejs.util.promisify.custom');
  const fn = (v, name) => {
    if (typeof v !== 'function') throw argType(name, 'of type function', v);
  };

  function promisify(original) {
    fn(original, 'original');
    const own = original[custom];
    if (own) {
      fn(own, 'util.promisify.custom');
      return Object.defineProperty(own, custom, { value: own, configurable: true });
    }
    function promised(...args) {
      return new Promise((resolve, reject) => {
        Reflect.apply(original, this, [...args, (err, value) => (err ? reject(err) : resolve(value))]);
      });
    }
    Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
    Object.defineProperty(promised, custom, { value: promised, configurable: true });
    return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original));
  }
  promisify.custom = custom;

  function callbackify(original) {
    fn(original, 'original');
    function callbackified(...args) {
      const done = args.pop();
      fn(done, 'last argument');
      Reflect.apply(original, this, args).then(
        (value) => process.nextTick(() => done.call(this, null, value)),
        (reason) => {
          if (!reason) {
            const e = error('Error', 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value');
            e.reason = reason;
            reason = e;
          }
          process.nextTick(() => done.call(this, reason));
        });
    }
    return callbackified;
  }

  function inherits(ctor, superCtor) {
    fn(ctor, 'ctor');
    fn(superCtor, 'superCtor');
    if (superCtor.prototype === undefined) throw argType('superCtor.prototype', 'of type object', superCtor.prototype);
    Object.defineProperty(ctor, 'super_', { value: superCtor, writable: true, configurable: true });
    Object.setPrototypeOf(ctor.prototype, superCtor.prototype);
  }

  const told = new Set();
  function deprecate(f, msg, code) {
    let warned = false;
    function deprecated(...args) {
      if (!warned) {
        warned = true;
        if (code === undefined || !told.has(code)) {
          told.add(code);
          process.emitWarning(msg, 'DeprecationWarning', code);
        }
      }
      return new.target ? Reflect.construct(f, args, new.target) : Reflect.apply(f, this, args);
    }
    Object.setPrototypeOf(deprecated, f);
    if (f.prototype) deprecated.prototype = f.prototype;
    return deprecated;
  }

  function debuglog(set) {
    const enabled = (process.env.NODE_DEBUG ?? '').toUpperCase().split(',').includes(set.toUpperCase());
    const log = (...args) => {
      if (enabled) console.error(`${set.toUpperCase()} ${process.pid}: ${host.format(...args)}`);
    };
    return Object.defineProperty(log, 'enabled', { get: () => enabled });
  }

  const kind = host.kind, is = (...names) => (v) => names.includes(kind(v));
  const boxed = (name) => is(`Boxed ${name}`);
  const typed = (name) => is(`TypedArray ${name}`);
  const types = {
    isPromise: is('Promise'), isDate: is('Date'), isRegExp: is('RegExp'), isMap: is('Map'), isSet: is('Set'), isWeakMap: is('WeakMap'),
    isWeakSet: is('WeakSet'), isNativeError: is('Error'), isArrayBuffer: is('ArrayBuffer'), isAnyArrayBuffer: is('ArrayBuffer'),
    isSharedArrayBuffer: () => false, isDataView: is('DataView'), isProxy: is('Proxy'), isArgumentsObject: is('Arguments'),
    isTypedArray: (v) => kind(v).startsWith('TypedArray'), isArrayBufferView: (v) => ArrayBuffer.isView(v),
    isBoxedPrimitive: (v) => kind(v).startsWith('Boxed'),
    isNumberObject: boxed('Number'), isStringObject: boxed('String'), isBooleanObject: boxed('Boolean'), isBigIntObject: boxed('BigInt'), isSymbolObject: boxed('Symbol'),
  };
  for (const n of ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) types[`is${n}`] = typed(n);

  // equal compares as assert.deepStrictEqual does: by Object.is, with prototypes,
  // own enumerable properties and what the kinds of objects hold. Loosely, as
  // assert.deepEqual does, primitives are compared by ==, and prototypes and
  // symbols are not looked at.
  const enumerable = (o, key) => Object.prototype.propertyIsEnumerable.call(o, key);
  function equal(a, b, loose, seen) {
    if (Object.is(a, b)) return true;
    const primitives = (typeof a !== 'object' || a === null) + (typeof b !== 'object' || b === null);
    if (primitives > 0) return loose && primitives === 2 && (a == b || (a !== a && b !== b));
    if (!loose && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    const k = kind(a);
    if (k !== kind(b)) return false;
    if (seen.get(a) === b) return true;
    seen.set(a, b);
    try {
      if (k === 'Date' && !Object.is(a.getTime(), b.getTime())) return false;
      if (k === 'RegExp' && (String(a) !== String(b) || a.lastIndex !== b.lastIndex)) return false;
      if (k === 'Error' && (a.message !== b.message || a.name !== b.name || !equal(a.cause, b.cause, loose, seen))) return false;
      if (k.startsWith('Boxed') && !Object.is(a.valueOf(), b.valueOf())) return false;
      if (k === 'Promise' || k === 'WeakMap' || k === 'WeakSet') return false;
      if (k === 'ArrayBuffer' && Buffer.compare(new Uint8Array(a), new Uint8Array(b)) !== 0) return false;
      if (k === 'Array' && a.length !== b.length) return false;
      if (k === 'Set') {
        if (a.size !== b.size) return false;
        const rest = [...b].filter((v) => !a.has(v));
        for (const v of a) {
          if (b.has(v)) continue;
          const i = rest.findIndex((w) => equal(v, w, loose, seen));
          if (i < 0) return false;
          rest.splice(i, 1);
        }
      }
      if (k === 'Map') {
        if (a.size !== b.size) return false;
        const rest = [...b].filter(([key]) => !a.has(key));
        for (const [key, v] of a) {
          if (b.has(key)) {
            if (!equal(v, b.get(key), loose, seen)) return false;
            continue;
          }
          const i = rest.findIndex(([other, w]) => equal(key, other, loose, seen) && equal(v, w, loose, seen));
          if (i < 0) return false;
          rest.splice(i, 1);
        }
      }
      const keys = (o) => (loose ? Object.keys(o) : Reflect.ownKeys(o).filter((key) => enumerable(o, key)));
      const own = keys(a);
      return own.length === keys(b).length && own.every((key) => enumerable(b, key) && equal(a[key], b[key], loose, seen));
    } finally {
      seen.delete(a);
    }
  }
  host.deepEqual = (a, b, loose = false) => equal(a, b, loose, new Map());

  return {
    promisify, callbackify, inherits, deprecate, debuglog, debug: debuglog, inspect, types,
    format: host.format, formatWithOptions: host.formatWithOptions,
    isDeepStrictEqual: (a, b) => host.deepEqual(a, b),
    TextEncoder, TextDecoder,
    toUSVString: (s) => String(s).toWellFormed(),
    stripVTControlCharacters(s) {
      if (typeof s !== 'string') throw argType('str', 'of type string', s);
      return s.replace(/[\u001b\u009b][[\]()#;?]*(?:\d{1,4}(?:[;:]\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g, '');
    },
    isArray: Array.isArray,
  };
})
