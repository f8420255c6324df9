// Float16Array (ECMA-262 2025 §23.2), which the engine has no kind of typed
// array for. host.make gives the exotic object; this script has the constructor
// and what %TypedArray% does for such an object, which es_float16.go puts in
// front of the engine's own functions. Run when a script first touches
// Float16Array.
(function (host) {
  'use strict';
  const { defineProperty, getPrototypeOf } = Object;
  const { apply, construct } = Reflect;
  const { iterator, species } = Symbol;
  const TypedArray = getPrototypeOf(Uint8Array);
  const BufferCtor = ArrayBuffer;
  const Doubles = Float64Array;
  const list = Array.prototype;
  const { sort } = list;
  const { sort: sortDoubles } = Doubles.prototype;
  const { at, copyWithin, entries, every, fill, find, findIndex, findLast, findLastIndex, forEach, includes, indexOf, join, keys,
    lastIndexOf, reduce, reduceRight, reverse, some, toLocaleString, values } = list;
  const { trunc, min, max } = Math;
  const { MAX_SAFE_INTEGER } = Number;
  const isObject = v => typeof v === 'object' ? v !== null : typeof v === 'function';
  const { info, make, isBuffer, kind } = host;

  // toIndex is ToIndex (§7.1.22).
  const toIndex = (v, what) => {
    const n = trunc(+v) || 0;
    if (n < 0 || n > MAX_SAFE_INTEGER) throw new RangeError(what(v));
    return n + 0;
  };
  const badLength = v => `Invalid typed array length: ${v}`;
  const badOffset = () => 'Start offset is too large:';
  const detached = () => new TypeError('Cannot perform %TypedArray%.prototype method on a detached ArrayBuffer');

  // live is ValidateTypedArray (§23.2.4.4): it returns the length.
  const live = o => {
    const i = info(o);
    if (i === undefined || i.detached) throw detached();
    return i.length;
  };
  const callable = f => {
    if (typeof f !== 'function') throw new TypeError(`${typeof f === 'symbol' ? 'Symbol' : isObject(f) ? '#<Object>' : f} is not a function`);
    return f;
  };
  const relative = (v, length, absent) => {
    if (v === undefined) return absent;
    const n = trunc(+v) || 0;
    return n < 0 ? max(length + n, 0) : min(n, length);
  };

  const fill16 = (o, from, n) => {
    for (let i = 0; i < n; i++) o[i] = from[i];
    return o;
  };
  const allocate = (proto, n) => make(proto, new BufferCtor(n * 2), 0, n);

  function Float16Array(source, byteOffset, length) {
    if (new.target === undefined) throw new TypeError("Constructor Float16Array requires 'new'");
    const own = new.target.prototype;
    const proto = isObject(own) ? own : prototype;
    if (!isObject(source)) {
      const n = toIndex(source, badLength);
      if (n * 2 > host.most) throw new RangeError(badLength(n));
      return allocate(proto, n);
    }
    if (isBuffer(source)) {
      const offset = toIndex(byteOffset, badOffset);
      if (offset % 2 !== 0) throw new RangeError('start offset of Float16Array should be a multiple of 2');
      let n;
      if (length !== undefined) n = toIndex(length, badLength);
      const size = host.size(source); // throws for a detached buffer
      if (n === undefined) {
        if (size % 2 !== 0) throw new RangeError('byte length of Float16Array should be a multiple of 2');
        if (offset > size) throw new RangeError(`Start offset ${offset} is outside the bounds of the buffer`);
        n = (size - offset) / 2;
      } else if (offset + n * 2 > size) {
        throw new RangeError(badLength(n));
      }
      return make(proto, source, offset, n);
    }
    const k = kind(source);
    if (k !== undefined) {
      if (k.big) throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
      if (k.detached) throw detached();
      return fill16(allocate(proto, k.length), source, k.length);
    }
    const m = source[iterator];
    if (m !== undefined && m !== null) {
      callable(m);
      const items = [];
      for (const x of { [iterator]: () => apply(m, source, []) }) items[items.length] = x;
      return fill16(allocate(proto, items.length), items, items.length);
    }
    const n = trunc(+source.length) > 0 ? min(trunc(+source.length), MAX_SAFE_INTEGER) : 0;
    if (n * 2 > host.most) throw new RangeError(badLength(n));
    return fill16(allocate(proto, n), source, n);
  }
  defineProperty(Float16Array, 'length', { value: 3 });
  Object.setPrototypeOf(Float16Array, TypedArray);
  const { prototype } = Float16Array;
  Object.setPrototypeOf(prototype, TypedArray.prototype);
  defineProperty(prototype, 'constructor', { enumerable: false });
  defineProperty(Float16Array, 'prototype', { writable: false });
  for (const o of [Float16Array, prototype]) defineProperty(o, 'BYTES_PER_ELEMENT', { value: 2 });

  // create is TypedArrayCreateFromConstructor (§23.2.4.2).
  const create = (C, args) => {
    const made = construct(C, args);
    const k = kind(made);
    if (k === undefined) throw new TypeError('this is not a typed array.');
    if (k.detached) throw detached();
    if (args.length === 1 && typeof args[0] === 'number' && k.length < args[0]) throw new TypeError('Derived TypedArray constructor created an array which was too small');
    return made;
  };
  const speciesCreate = (o, args) => {
    let C = o.constructor;
    if (C === undefined) C = Float16Array;
    else {
      if (!isObject(C)) throw new TypeError('The .constructor property is not an object');
      C = C[species];
      if (C === undefined || C === null) C = Float16Array;
    }
    const made = create(C, args);
    if (kind(made).big) throw new TypeError('Content type of source and derived typed arrays differ');
    return made;
  };

  // These do for any object with a length what the standard says for typed
  // arrays, once that is validated.
  const methods = { __proto__: null };
  const generic = { at, entries, every, find, findIndex, findLast, findLastIndex, forEach, includes, indexOf, join, keys, lastIndexOf,
    reduce, reduceRight, reverse, some, toLocaleString, values, copyWithin };
  for (const name in generic) {
    const f = generic[name];
    methods[name] = (o, args) => {
      live(o);
      return apply(f, o, args);
    };
  }
  const { call } = Function.prototype;
  const order = (o, n, compare) => {
    if (compare === undefined) return apply(sortDoubles, fill16(new Doubles(n), o, n), []);
    const items = fill16([], o, n);
    return apply(sort, items, [(a, b) => {
      const v = +compare(a, b);
      return v === v ? v : 0;
    }]);
  };
  const comparator = f => {
    if (f !== undefined && typeof f !== 'function') throw new TypeError('The comparison function must be either a function or undefined');
  };
  Object.assign(methods, {
    fill(o, [value, start, end]) {
      live(o);
      const v = +value;
      apply(fill, o, [v, start, end]);
      return o;
    },
    map(o, [f, self]) {
      const n = live(o);
      callable(f);
      const made = speciesCreate(o, [n]);
      for (let i = 0; i < n; i++) made[i] = apply(f, self, [o[i], i, o]);
      return made;
    },
    filter(o, [f, self]) {
      const n = live(o);
      callable(f);
      const kept = [];
      for (let i = 0; i < n; i++) {
        const x = o[i];
        if (apply(f, self, [x, i, o])) kept[kept.length] = x;
      }
      return fill16(speciesCreate(o, [kept.length]), kept, kept.length);
    },
    slice(o, [start, end]) {
      const n = live(o);
      const from = relative(start, n, 0);
      const count = max(relative(end, n, n) - from, 0);
      const made = speciesCreate(o, [count]);
      if (count > 0) {
        const left = min(count, live(o) - from);
        if (info(made) !== undefined) host.copy(made, 0, o, from, left);
        else for (let i = 0; i < left; i++) made[i] = o[from + i];
      }
      return made;
    },
    subarray(o, [start, end]) {
      const i = info(o);
      const n = i.detached ? 0 : i.length;
      const from = relative(start, n, 0);
      const count = max(relative(end, n, n) - from, 0);
      return speciesCreate(o, [i.buffer, i.offset + from * 2, count]);
    },
    set(o, [source, offset]) {
      const at = trunc(+offset) || 0;
      if (at < 0) throw new RangeError('offset is out of bounds');
      const n = live(o);
      const k = kind(source);
      if (k !== undefined) {
        if (k.detached) throw detached();
        if (k.big) throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
        if (k.length + at > n) throw new RangeError('offset is out of bounds');
        if (info(source) !== undefined) host.copy(o, at, source, 0, k.length);
        else {
          const items = fill16([], source, k.length); // they may share a buffer
          for (let i = 0; i < k.length; i++) o[at + i] = items[i];
        }
        return;
      }
      if (source === undefined || source === null) throw new TypeError('Cannot convert undefined or null to object');
      const from = Object(source);
      const count = trunc(+from.length) > 0 ? trunc(+from.length) : 0;
      if (count + at > n) throw new RangeError('offset is out of bounds');
      for (let i = 0; i < count; i++) o[at + i] = from[i];
    },
    sort(o, [compare]) {
      comparator(compare);
      const n = live(o);
      return fill16(o, order(o, n, compare), n);
    },
    toSorted(o, [compare]) {
      comparator(compare);
      const n = live(o);
      return fill16(allocate(prototype, n), order(o, n, compare), n);
    },
    toReversed(o) {
      const n = live(o);
      const made = allocate(prototype, n);
      for (let i = 0; i < n; i++) made[i] = o[n - 1 - i];
      return made;
    },
    with(o, [index, value]) {
      const n = live(o);
      let i = trunc(+index) || 0;
      if (i < 0) i += n;
      const v = +value;
      if (i < 0 || i >= live(o)) throw new RangeError('Invalid typed array index');
      const made = allocate(prototype, n);
      host.copy(made, 0, o, 0, n);
      made[i] = v;
      return made;
    },
  });
  const getters = {
    __proto__: null,
    buffer: i => i.buffer,
    byteLength: i => (i.detached ? 0 : i.length * 2),
    byteOffset: i => (i.detached ? 0 : i.offset),
    length: i => (i.detached ? 0 : i.length),
  };

  // %TypedArray%.from and of make what the engine takes for no typed array.
  const statics = {
    from(source, mapper) {
      if (typeof this !== 'function') throw new TypeError(`${this} is not a constructor`);
      if (mapper !== undefined) callable(mapper);
      const self = arguments[2];
      if (source === undefined || source === null) throw new TypeError(`${source} is not iterable`);
      const m = source[iterator];
      let items;
      if (m !== undefined && m !== null) {
        callable(m);
        items = [];
        for (const x of { [iterator]: () => apply(m, source, []) }) items[items.length] = x;
      } else {
        items = Object(source);
      }
      const n = trunc(+items.length) > 0 ? trunc(+items.length) : 0;
      const made = create(this, [n]);
      for (let i = 0; i < n; i++) made[i] = mapper === undefined ? items[i] : apply(mapper, self, [items[i], i]);
      return made;
    },
    of(...items) {
      if (typeof this !== 'function') throw new TypeError(`${this} is not a constructor`);
      return fill16(create(this, [items.length]), items, items.length);
    },
  };
  defineProperty(statics.from, 'length', { value: 1 });
  defineProperty(statics.of, 'length', { value: 0 });
  for (const name in statics) defineProperty(Float16Array, name, { value: statics[name], writable: true, enumerable: false, configurable: true });

  return { Float16Array, methods, getters };
})
