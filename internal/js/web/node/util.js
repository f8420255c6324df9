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

  const badArgs = (code, message) => error('TypeError', `ERR_PARSE_ARGS_${code}`, message);
  const boolean = (v, name) => {
    if (typeof v !== 'boolean') throw argType(name, 'of type boolean', v);
  };

  // declared checks the description of the options of parseArgs.
  function declared(options) {
    if (options === null || typeof options !== 'object') throw argType('options', 'of type object', options);
    const known = new Map(), shorts = new Map();
    for (const [name, o] of Object.entries(options)) {
      const at = `options.${name}`;
      if (o === null || typeof o !== 'object') throw argType(at, 'of type object', o);
      if (o.type !== 'string' && o.type !== 'boolean') throw argType(`${at}.type`, "('string|boolean')", o.type);
      if (Object.hasOwn(o, 'short')) {
        if (typeof o.short !== 'string') throw argType(`${at}.short`, 'of type string', o.short);
        if (o.short.length !== 1) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The property '${at}.short' must be a single character. Received ${inspect(o.short)}`);
        shorts.set(o.short, name);
      }
      if (Object.hasOwn(o, 'multiple')) boolean(o.multiple, `${at}.multiple`);
      if (o.default !== undefined) {
        if (o.multiple && !Array.isArray(o.default)) throw argType(`${at}.default`, 'an instance of Array', o.default);
        (o.multiple ? o.default : [o.default]).forEach((v, i) => {
          if (typeof v !== o.type) throw argType(o.multiple ? `${at}.default[${i}]` : `${at}.default`, `of type ${o.type}`, v);
        });
      }
      known.set(name, o);
    }
    return { known, shorts };
  }

  // tokensOf reads arguments without judging them.
  function tokensOf(args, { known, shorts }) {
    const tokens = [], takes = (name) => known.get(name)?.type === 'string';
    const option = (name, rawName, index, value, inlineValue) => tokens.push({ kind: 'option', name, rawName, index, value, inlineValue });
    for (let index = 0; index < args.length; index++) {
      const arg = String(args[index]);
      if (arg === '--') {
        tokens.push({ kind: 'option-terminator', index });
        while (++index < args.length) tokens.push({ kind: 'positional', index, value: args[index] });
      } else if (arg.startsWith('--') && arg.length > 2) {
        const equals = arg.indexOf('=', 3);
        if (equals > 0) option(arg.slice(2, equals), arg.slice(0, equals), index, arg.slice(equals + 1), true);
        else if (takes(arg.slice(2)) && index + 1 < args.length) option(arg.slice(2), arg, index, args[++index], false);
        else option(arg.slice(2), arg, index, undefined, undefined);
      } else if (arg.length > 1 && arg[0] === '-') {
        const at = index;
        for (let i = 1; i < arg.length; i++) {
          const name = shorts.get(arg[i]) ?? arg[i], raw = `-${arg[i]}`;
          if (!takes(name)) option(name, raw, at, undefined, undefined);
          else {
            if (i + 1 < arg.length) option(name, raw, at, arg.slice(i + 1), true);
            else if (index + 1 < args.length) option(name, raw, at, args[++index], false);
            else option(name, raw, at, undefined, undefined);
            break;
          }
        }
      } else tokens.push({ kind: 'positional', index, value: args[index] });
    }
    return tokens;
  }

  function parseArgs(config = {}) {
    const { args = process.argv.slice(2), strict = true, allowPositionals = !strict, tokens: wantTokens = false, options = {}, allowNegative = false } = config;
    if (!Array.isArray(args)) throw argType('args', 'an instance of Array', args);
    for (const [v, name] of [[strict, 'strict'], [allowPositionals, 'allowPositionals'], [wantTokens, 'tokens'], [allowNegative, 'allowNegative']]) boolean(v, name);
    const about = declared(options), { known } = about;
    const tokens = tokensOf(args, about), values = { __proto__: null }, positionals = [];
    for (const t of tokens) {
      if (t.kind === 'positional') {
        if (!allowPositionals) throw badArgs('UNEXPECTED_POSITIONAL', `Unexpected argument '${t.value}'. This command does not take positional arguments`);
        positionals.push(t.value);
      }
      if (t.kind !== 'option') continue;
      let { name } = t;
      const negated = allowNegative && name.startsWith('no-') && t.value === undefined && known.get(name.slice(3))?.type === 'boolean';
      if (negated) name = name.slice(3);
      const o = known.get(name);
      if (strict) {
        if (o === undefined) {
          const help = allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- ${JSON.stringify(t.rawName)}` : '';
          throw badArgs('UNKNOWN_OPTION', `Unknown option '${t.rawName}'${help}`);
        }
        const both = `${o.short ? `-${o.short}, ` : ''}--${name}`;
        if (t.inlineValue === false && typeof t.value === 'string' && t.value.length > 1 && t.value[0] === '-') {
          const example = t.rawName.startsWith('--') ? `'${t.rawName}=-XYZ'` : `'--${name}=-XYZ' or '${t.rawName}-XYZ'`;
          throw badArgs('INVALID_OPTION_VALUE', `Option '${t.rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${t.rawName}'?\nTo specify an option argument starting with a dash use ${example}.`);
        }
        if (o.type === 'string' && typeof t.value !== 'string') throw badArgs('INVALID_OPTION_VALUE', `Option '${both} <value>' argument missing`);
        if (o.type === 'boolean' && t.value !== undefined) throw badArgs('INVALID_OPTION_VALUE', `Option '${both}' does not take an argument`);
      }
      if (name === '__proto__') continue;
      const value = t.value ?? !negated;
      if (o?.multiple) (values[name] ??= []).push(value);
      else values[name] = value;
    }
    for (const [name, o] of known) if (o.default !== undefined && values[name] === undefined) values[name] = o.default;
    return { values, positionals, ...(wantTokens && { tokens }) };
  }

  return {
    parseArgs, promisify, callbackify, inherits, deprecate, debuglog, debug: debuglog, inspect, types,
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
