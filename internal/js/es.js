// What the engine lacks of ECMAScript and is best said in script. The text is
// compiled once a process and run once an isolate, before any other script, so
// everything that is read from a global here is still the engine's own.
// Methods are written as methods: they have no prototype and cannot be
// constructed, as the standard has it.
(function (host) {
  'use strict';
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { apply } = Reflect;
  const { iterator, toStringTag } = Symbol;
  const { MAX_SAFE_INTEGER } = Number;
  const SymbolString = Symbol.prototype.toString;

  const value = (o, key, v, enumerable = false) =>
    defineProperty(o, key, { value: v, writable: true, enumerable, configurable: true });
  const fixed = (o, key, v) => defineProperty(o, key, { value: v, writable: false, enumerable: false, configurable: false });
  // methods defines the members of a literal as those of a built-in class, but
  // for what the engine has.
  const { methods } = host;
  const tag = (o, name) => defineProperty(o, toStringTag, { value: name, writable: false, enumerable: false, configurable: true });
  const isObject = v => typeof v === 'object' ? v !== null : typeof v === 'function';
  const show = v => typeof v === 'string' ? `"${v}"` : typeof v === 'symbol' ? apply(SymbolString, v, []) : isObject(v) ? (typeof v === 'function' ? v.name || 'function' : '#<' + (v.constructor?.name ?? 'Object') + '>') : String(v);
  const callable = f => {
    if (typeof f !== 'function') throw new TypeError(show(f) + ' is not a function');
    return f;
  };
  const object = (o, what) => {
    if (!isObject(o)) throw new TypeError(what ?? show(o) + ' is not an object');
    return o;
  };
  const toLength = v => (v = Math.trunc(+v)) > 0 ? Math.min(v, MAX_SAFE_INTEGER) : 0;
  const element = (o, i, v) => defineProperty(o, i, { value: v, writable: true, enumerable: true, configurable: true });
  // close calls an iterator's return method; an error of its own is dropped
  // when it is called because of one (ECMA-262 IteratorClose).
  const close = (it, failed) => {
    try {
      const f = it.return;
      if (f !== undefined && f !== null) {
        const r = apply(f, it, []);
        if (!failed && !isObject(r)) throw new TypeError(show(r) + ' is not an object');
      }
    } catch (e) {
      if (!failed) throw e;
    }
  };

  // Well-known symbols.
  const symbol = name => name in Symbol || fixed(Symbol, name, Symbol('Symbol.' + name));
  symbol('asyncIterator');
  symbol('dispose');
  symbol('asyncDispose');
  symbol('metadata');

  // %AsyncIteratorPrototype%, that is the prototype of the objects that async
  // generators are lowered to.
  const asyncIteratorPrototype = {};
  value(asyncIteratorPrototype, Symbol.asyncIterator, { [Symbol.asyncIterator]() { return this; } }[Symbol.asyncIterator]);

  methods(Promise, {
    withResolvers() {
      let resolve, reject;
      if (typeof this !== 'function') throw new TypeError('Promise.withResolvers called on non-object');
      const promise = new this((a, b) => {
        if (resolve !== undefined || reject !== undefined) throw new TypeError('Promise executor has already been invoked with non-undefined arguments');
        resolve = a;
        reject = b;
      });
      callable(resolve);
      callable(reject);
      return { promise, resolve, reject };
    },
    try(callback, ...args) {
      object(this, 'Promise.try called on non-object');
      return new this((resolve, reject) => {
        try {
          resolve(callback(...args));
        } catch (e) {
          reject(e);
        }
      });
    },
  });
  defineProperty(Promise.try, 'length', { value: 1 });

  // The engine's AggregateError has no message.
  const { AggregateError } = globalThis;
  value(Promise, 'any', {
    any(iterable) {
      const C = object(this, 'Promise.any called on non-object');
      const { promise, resolve, reject } = apply(Promise.withResolvers, C, []);
      try {
        const take = callable(C.resolve);
        const errors = [];
        let left = 1;
        let i = 0;
        const end = () => --left === 0 && reject(new AggregateError(errors, 'All promises were rejected'));
        for (const v of iterable) {
          const index = i++;
          element(errors, index, undefined);
          left++;
          let called = false;
          apply(take, C, [v]).then(resolve, e => {
            if (called) return;
            called = true;
            errors[index] = e;
            end();
          });
        }
        end();
      } catch (e) {
        reject(e);
      }
      return promise;
    },
  }.any);

  const { get: mapGet, set: mapSet, has: mapHas } = Map.prototype;
  const groups = (items, callback, add) => {
    if (items === undefined || items === null) throw new TypeError(items + ' is not iterable');
    callable(callback);
    let i = 0;
    for (const v of items) add(callback(v, i++), v);
  };
  methods(Object, {
    groupBy(items, callback) {
      const out = Object.create(null);
      groups(items, callback, (k, v) => {
        if (typeof k !== 'symbol') k = `${k}`;
        if (k in out) out[k][out[k].length] = v;
        else out[k] = [v];
      });
      return out;
    },
  });
  methods(Map, {
    groupBy(items, callback) {
      const out = new Map();
      groups(items, callback, (k, v) => {
        const list = apply(mapGet, out, [k]);
        if (list !== undefined) list[list.length] = v;
        else apply(mapSet, out, [k, [v]]);
      });
      return out;
    },
  });
  const upsert = (has, get, set) => ({
    getOrInsert(key, value) {
      if (!apply(has, this, [key])) apply(set, this, [key, value]);
      return apply(get, this, [key]);
    },
    getOrInsertComputed(key, callback) {
      const known = apply(has, this, [key]);
      callable(callback);
      if (!known) apply(set, this, [key, callback(key === 0 ? 0 : key)]);
      return apply(get, this, [key]);
    },
  });
  methods(Map.prototype, upsert(mapHas, mapGet, mapSet));
  {
    const { get, set, has } = WeakMap.prototype;
    methods(WeakMap.prototype, upsert(has, get, set));
  }

  methods(Array, {
    // The standard's steps are those of an async function.
    fromAsync(items, mapper = undefined, thisArg = undefined) {
      const C = this;
      return (async () => {
        if (mapper !== undefined) callable(mapper);
        if (items === undefined || items === null) throw new TypeError(items + ' is not iterable');
        let get = items[Symbol.asyncIterator];
        const isAsync = get !== undefined && get !== null;
        if (!isAsync) get = items[iterator];
        const make = n => typeof C === 'function' && host.isConstructor(C) ? (n === undefined ? new C() : new C(n)) : n === undefined ? [] : new Array(n);
        if (get === undefined || get === null) {
          const list = Object(items);
          const n = toLength(list.length);
          const out = make(n);
          for (let i = 0; i < n; i++) {
            let v = await list[i];
            if (mapper !== undefined) v = await apply(mapper, thisArg, [v, i]);
            element(out, i, v);
          }
          out.length = n;
          return out;
        }
        const out = make();
        const it = object(apply(callable(get), items, []));
        const next = it.next;
        for (let i = 0; ; i++) {
          let r = apply(next, it, []);
          if (isAsync) r = await r;
          object(r, 'Iterator result ' + show(r) + ' is not an object');
          if (r.done) {
            out.length = i;
            return out;
          }
          try {
            let v = r.value;
            if (!isAsync) v = await v;
            if (mapper !== undefined) v = await apply(mapper, thisArg, [v, i]);
            element(out, i, v);
          } catch (e) {
            try {
              const f = it.return;
              if (f !== undefined && f !== null) await apply(f, it, []);
            } catch {}
            throw e;
          }
        }
      })();
    },
  });
  defineProperty(Array.fromAsync, 'length', { value: 1 });

  // Iterator helpers.
  const IteratorPrototype = getPrototypeOf(getPrototypeOf([][iterator]()));
  const Iterator = function Iterator() {
    if (new.target === undefined || new.target === Iterator) throw new TypeError(new.target === undefined ? "Constructor Iterator requires 'new'" : 'Abstract class Iterator not directly constructable');
  };
  fixed(Iterator, 'prototype', IteratorPrototype);
  // These two are accessors so that a plain assignment to an iterator's own
  // property goes on working (ECMA-262, Iterator.prototype.constructor).
  const weird = (key, v) => {
    const f = {
      get [key]() { return v; },
      set [key](x) {
        object(this);
        if (this === IteratorPrototype) throw new TypeError('Cannot assign to this property');
        if (getOwnPropertyDescriptor(this, key) === undefined) value(this, key, x, true);
        else this[key] = x;
      },
    };
    const d = getOwnPropertyDescriptor(f, key);
    d.enumerable = false;
    defineProperty(IteratorPrototype, key, d);
  };
  weird('constructor', Iterator);
  weird(toStringTag, 'Iterator');
  value(globalThis, 'Iterator', Iterator);

  // A record of an iterator: the object and its next method, read once.
  const direct = o => ({ it: object(o, 'Iterator helper called on non-object'), next: o.next });
  const flattenable = (o, strings) => {
    if (!isObject(o) && !(strings && typeof o === 'string')) throw new TypeError(show(o) + ' is not an object');
    const m = o[iterator];
    const it = m === undefined || m === null ? o : apply(callable(m), o, []);
    object(it);
    return { it, next: it.next };
  };
  const step = r => {
    const v = apply(r.next, r.it, []);
    object(v, 'Iterator result ' + show(v) + ' is not an object');
    return v.done ? undefined : v;
  };
  const done = () => ({ value: undefined, done: true });
  // guarded runs f and closes the underlying iterator when it throws.
  const guarded = (it, f) => {
    try {
      return f();
    } catch (e) {
      close(it, true);
      throw e;
    }
  };

  class IteratorHelper {
    #pull; #end; #state = 'start';
    // pull returns the next result object or undefined; end closes what is open.
    constructor(pull, end) {
      this.#pull = pull;
      this.#end = end;
    }
    next() {
      if (this.#state === 'running') throw new TypeError('Generator is already running');
      if (this.#state === 'done') return done();
      this.#state = 'running';
      let r;
      try {
        r = this.#pull();
      } catch (e) {
        this.#state = 'done';
        throw e;
      }
      this.#state = r === undefined ? 'done' : 'waiting';
      return r === undefined ? done() : { value: r.value, done: false };
    }
    return() {
      if (this.#state === 'running') throw new TypeError('Generator is already running');
      if (this.#state !== 'done') {
        this.#state = 'done';
        this.#end();
      }
      return done();
    }
  }
  delete IteratorHelper.prototype.constructor;
  Object.setPrototypeOf(IteratorHelper.prototype, IteratorPrototype);
  tag(IteratorHelper.prototype, 'Iterator Helper');
  const helper = (r, pull) => new IteratorHelper(pull, () => close(r.it, false));

  // own checks the receiver before the argument, which closes it when it is wrong.
  const own = (o, f) => {
    object(o, 'Iterator helper called on non-object');
    if (typeof f !== 'function') {
      close(o, true);
      throw new TypeError(show(f) + ' is not a function');
    }
    return direct(o);
  };
  const count = (o, n) => {
    object(o, 'Iterator helper called on non-object');
    return guarded(o, () => {
      const x = +n;
      if (x !== x) throw new RangeError(show(n) + ' must be positive');
      const i = Math.trunc(x);
      if (i < 0) throw new RangeError(show(n) + ' must be positive');
      return i;
    });
  };

  methods(IteratorPrototype, {
    map(mapper) {
      const r = own(this, mapper);
      let i = 0;
      return helper(r, () => {
        const v = step(r);
        return v && guarded(r.it, () => ({ value: mapper(v.value, i++) }));
      });
    },
    filter(predicate) {
      const r = own(this, predicate);
      let i = 0;
      return helper(r, () => {
        for (let v; (v = step(r)) !== undefined;) {
          const x = v.value;
          if (guarded(r.it, () => predicate(x, i++))) return { value: x };
        }
      });
    },
    take(limit) {
      let left = count(this, limit);
      const r = direct(this);
      return helper(r, () => {
        if (left === 0) {
          close(r.it, false);
          return undefined;
        }
        left--;
        return step(r);
      });
    },
    drop(limit) {
      let left = count(this, limit);
      const r = direct(this);
      return helper(r, () => {
        for (; left > 0; left--) if (step(r) === undefined) return undefined;
        return step(r);
      });
    },
    flatMap(mapper) {
      const r = own(this, mapper);
      let i = 0, inner;
      return new IteratorHelper(() => {
        for (;;) {
          if (inner === undefined) {
            const v = step(r);
            if (v === undefined) return undefined;
            const x = v.value;
            inner = guarded(r.it, () => flattenable(mapper(x, i++), false));
          }
          const v = guarded(r.it, () => {
            const v = step(inner);
            return v && { value: v.value };
          });
          if (v !== undefined) return v;
          inner = undefined;
        }
      }, () => {
        if (inner !== undefined) guarded(r.it, () => close(inner.it, false));
        close(r.it, false);
      });
    },
    reduce(reducer) {
      const r = own(this, reducer);
      let i = 0, acc;
      if (arguments.length > 1) acc = arguments[1];
      else {
        const v = step(r);
        if (v === undefined) throw new TypeError('Reduce of a done iterator with no initial value');
        acc = v.value;
        i = 1;
      }
      for (let v; (v = step(r)) !== undefined;) {
        const x = v.value;
        acc = guarded(r.it, () => reducer(acc, x, i++));
      }
      return acc;
    },
    toArray() {
      const r = direct(this), out = [];
      for (let v; (v = step(r)) !== undefined;) out[out.length] = v.value;
      return out;
    },
    forEach(fn) {
      const r = own(this, fn);
      let i = 0;
      for (let v; (v = step(r)) !== undefined;) {
        const x = v.value;
        guarded(r.it, () => fn(x, i++));
      }
    },
    some(predicate) {
      const r = own(this, predicate);
      let i = 0;
      for (let v; (v = step(r)) !== undefined;) {
        const x = v.value;
        if (guarded(r.it, () => predicate(x, i++))) {
          close(r.it, false);
          return true;
        }
      }
      return false;
    },
    every(predicate) {
      const r = own(this, predicate);
      let i = 0;
      for (let v; (v = step(r)) !== undefined;) {
        const x = v.value;
        if (!guarded(r.it, () => predicate(x, i++))) {
          close(r.it, false);
          return false;
        }
      }
      return true;
    },
    find(predicate) {
      const r = own(this, predicate);
      let i = 0;
      for (let v; (v = step(r)) !== undefined;) {
        const x = v.value;
        if (guarded(r.it, () => predicate(x, i++))) {
          close(r.it, false);
          return x;
        }
      }
    },
  });
  if (Symbol.dispose) methods(IteratorPrototype, {
    [Symbol.dispose]() {
      const f = this.return;
      if (f !== undefined && f !== null) apply(f, this, []);
    },
  });
  methods(asyncIteratorPrototype, {
    async [Symbol.asyncDispose]() {
      const f = this.return;
      if (f !== undefined && f !== null) await apply(f, this, []);
    },
  });

  class WrapForValidIterator {
    #r;
    constructor(r) { this.#r = r; }
    next() {
      const r = this.#r;
      return apply(r.next, r.it, []);
    }
    return() {
      const { it } = this.#r;
      const f = it.return;
      return f === undefined || f === null ? done() : apply(f, it, []);
    }
  }
  delete WrapForValidIterator.prototype.constructor;
  Object.setPrototypeOf(WrapForValidIterator.prototype, IteratorPrototype);
  methods(Iterator, {
    from(o) {
      const r = flattenable(o, true);
      return r.it instanceof Iterator ? r.it : new WrapForValidIterator(r);
    },
    concat(...items) {
      const list = [];
      for (let i = 0; i < items.length; i++) {
        object(items[i]);
        const open = callable(items[i][iterator]);
        list[i] = { open, item: items[i] };
      }
      let i = 0, inner;
      return new IteratorHelper(() => {
        for (;;) {
          if (inner === undefined) {
            if (i === list.length) return undefined;
            const { open, item } = list[i++];
            const it = object(apply(open, item, []));
            inner = { it, next: it.next };
          }
          const v = step(inner);
          if (v !== undefined) return v;
          inner = undefined;
        }
      }, () => {
        i = list.length;
        if (inner !== undefined) close(inner.it, false);
      });
    },
  });
  defineProperty(Iterator.concat, 'length', { value: 0 });

  // Weak references hold what they refer to: the engine has no way to ask its
  // garbage collector. Finalizers therefore never run.
  const holdable = v => isObject(v) || typeof v === 'symbol' && Symbol.keyFor(v) === undefined;
  if (typeof WeakRef === 'undefined') {
    class WeakRef {
      #target;
      constructor(target) {
        if (!holdable(target)) throw new TypeError('WeakRef: target must be an object');
        this.#target = target;
      }
      deref() { return this.#target; }
    }
    tag(WeakRef.prototype, 'WeakRef');
    fixed(WeakRef, 'prototype', WeakRef.prototype);
    value(globalThis, 'WeakRef', WeakRef);
    class FinalizationRegistry {
      #brand;
      constructor(cleanup) {
        if (typeof cleanup !== 'function') throw new TypeError('FinalizationRegistry: cleanup must be callable');
      }
      register(target, held, token = undefined) {
        this.#brand;
        if (!holdable(target)) throw new TypeError('FinalizationRegistry.prototype.register: invalid target');
        if (target === held) throw new TypeError('FinalizationRegistry.prototype.register: target and holdings must not be same');
        if (token !== undefined && !holdable(token)) throw new TypeError('Invalid unregisterToken (\'' + show(token) + '\')');
      }
      unregister(token) {
        this.#brand;
        if (!holdable(token)) throw new TypeError('Invalid unregisterToken (\'' + show(token) + '\')');
        return false;
      }
    }
    defineProperty(FinalizationRegistry.prototype.register, 'length', { value: 2 });
    tag(FinalizationRegistry.prototype, 'FinalizationRegistry');
    fixed(FinalizationRegistry, 'prototype', FinalizationRegistry.prototype);
    value(globalThis, 'FinalizationRegistry', FinalizationRegistry);
  }

  // Annex B.
  const accessor = (o, key, d) => {
    d.enumerable = true;
    d.configurable = true;
    defineProperty(Object(o), key, d);
  };
  const lookup = (o, key, which) => {
    if (typeof key !== 'symbol') key = `${key}`;
    for (o = Object(o); o !== null; o = getPrototypeOf(o)) {
      const d = getOwnPropertyDescriptor(o, key);
      if (d !== undefined) return d[which];
    }
  };
  const present = o => {
    if (o === undefined || o === null) throw new TypeError('Cannot convert undefined or null to object');
    return o;
  };
  methods(Object.prototype, {
    __defineGetter__(key, f) {
      present(this);
      if (typeof f !== 'function') throw new TypeError('Object.prototype.__defineGetter__: Expecting function');
      accessor(this, key, { get: f });
    },
    __defineSetter__(key, f) {
      present(this);
      if (typeof f !== 'function') throw new TypeError('Object.prototype.__defineSetter__: Expecting function');
      accessor(this, key, { set: f });
    },
    __lookupGetter__(key) { return lookup(present(this), key, 'get'); },
    __lookupSetter__(key) { return lookup(present(this), key, 'set'); },
  });
  const { getFullYear, setFullYear, toUTCString } = Date.prototype;
  methods(Date.prototype, {
    toGMTString: toUTCString,
    getYear() { return apply(getFullYear, this, []) - 1900; },
    setYear(year) {
      let y = +year;
      const i = Math.trunc(y);
      if (i >= 0 && i <= 99) y = 1900 + i;
      return apply(setFullYear, this, [y]);
    },
  });
  const { replaceAll } = String.prototype;
  const receiver = (s, name) => {
    if (s === undefined || s === null) throw new TypeError(`String.prototype.${name} called on null or undefined`);
    return `${s}`;
  };
  const html = (name, element) => ({ [name]() { return `<${element}>${receiver(this, name)}</${element}>`; } });
  const htmlWith = (name, element, attribute) => ({
    [name](v) {
      const s = receiver(this, name);
      return `<${element} ${attribute}="${apply(replaceAll, `${v}`, ['"', '&quot;'])}">${s}</${element}>`;
    },
  });
  methods(String.prototype, html('big', 'big'), html('blink', 'blink'), html('bold', 'b'), html('fixed', 'tt'), html('italics', 'i'),
    html('small', 'small'), html('strike', 'strike'), html('sub', 'sub'), html('sup', 'sup'), htmlWith('anchor', 'a', 'name'),
    htmlWith('fontcolor', 'font', 'color'), htmlWith('fontsize', 'font', 'size'), htmlWith('link', 'a', 'href'));

  // %TypedArray%.from takes a primitive string for no iterable.
  const TypedArray = getPrototypeOf(Uint8Array);
  const { from } = TypedArray;
  value(TypedArray, 'from', {
    from(items, mapper = undefined, thisArg = undefined) {
      return apply(from, this, [typeof items === 'string' ? Object(items) : items, mapper, thisArg]);
    },
  }.from);
  defineProperty(TypedArray.from, 'length', { value: 1 });

  // Date.prototype.toString names the zone in words, as far as they are known.
  const named = old => ({
    [old.name]() {
      const s = apply(old, this, []);
      const i = s.length - 1;
      if (s[i] !== ')') return s;
      const from = apply(lastIndexOf, s, ['(']) + 1;
      const name = host.zone(apply(slice, s, [from, i]));
      return name === undefined ? s : apply(slice, s, [0, from]) + name + ')';
    },
  })[old.name];
  const { lastIndexOf, slice } = String.prototype;
  value(Date.prototype, 'toString', named(Date.prototype.toString));
  value(Date.prototype, 'toTimeString', named(Date.prototype.toTimeString));

  // Math.sumPrecise sums in Go; the iteration is the script's.
  methods(Math, {
    sumPrecise(items) {
      if (items === undefined || items === null) throw new TypeError(items + ' is not iterable');
      const list = [];
      for (const x of items) {
        if (typeof x !== 'number') throw new TypeError(show(x) + ' is not a number');
        list[list.length] = x;
      }
      return host.sum(list);
    },
  });
  return { asyncIteratorPrototype };
})
