// The Streams standard (https://streams.spec.whatwg.org/), written for goja.
//
// Each script of this directory has a function (host, s) as its value. They are
// called with one object s, to which each adds what the others use, in the order
// that streamsScripts in streams.go has. s.exports then holds the classes and, as
// internals, the functions for Go. The host gives:
//
//   asyncIterator          the realm's Symbol.asyncIterator
//   asyncIteratorPrototype optional: %AsyncIteratorPrototype%
//   queueMicrotask(f)      puts f on the promise job queue at once, keeping the
//                          async context
//   structuredClone(v)     for a tee whose second branch gets clones
//   AbortController, AbortSignal   read when first needed
//   addAbortAlgorithm(signal, f)   optional: runs f when signal aborts, before
//                          its event, and returns a function that takes f off;
//                          without it the abort event is listened to
//   transferArrayBuffer(b) detaches b; returns a new ArrayBuffer of its bytes, or
//                          throws a TypeError
//   isDetached(b)          whether b is detached
//   copyBytes(to, toOffset, from, fromOffset, n)   optional, on ArrayBuffers
//
// How state is kept. An object that scripts hold has one private field, its
// true brand, which points to a record of the standard's internal slots. A
// record has no parent that scripts can reach, and keeps the slots' initial
// values on its prototype, because goja makes small objects much faster than
// large ones. It needs no object: a pipe makes no reader, and a controller
// object exists only when a script is given one.
//
// How promises are saved, at more than a microsecond each in goja: `closed` and
// `ready` are made when they are asked for, and where the standard reacts to a
// promise that no script would see, microtasks run the reaction in the very turn
// of the job queue in which the promise would. One difference remains: a promise
// that a script's callback returns is used as it is, where Web IDL puts another
// around it, which takes two turns more. Node does so too.
//
// This script has what the others share: primordials, promises, Web IDL, queuing
// strategies (Streams §7) and queues.
(function (host, s) {
  'use strict';

  // Primordials: what scripts patch later does not reach these files.

  const TypeErrorCtor = TypeError;
  const RangeErrorCtor = RangeError;
  const PromiseCtor = Promise;
  const defineProperty = Object.defineProperty;
  const floor = Math.floor;
  const call = Function.prototype.call;
  const uncurry = (f) => call.bind(f); // uncurry(f)(self, ...args)
  const invoke = call.bind(call); // invoke(f, self, ...args)
  const then = uncurry(Promise.prototype.then);
  const promiseResolve = Promise.resolve.bind(Promise);
  const promiseReject = Promise.reject.bind(Promise);
  const getter = (object, key) => Object.getOwnPropertyDescriptor(object, key).get;
  const microtask = host.queueMicrotask;

  // A constructor takes TOKEN and a record when this file makes the object.
  const TOKEN = { __proto__: null };
  // What an internal algorithm returns that will call the reaction itself.
  const PENDING = { __proto__: null };
  // What pullNow returns when no chunk is queued.
  const EMPTY = { __proto__: null };

  const noop = () => {};
  const returnUndefined = () => undefined;
  const typeError = (message) => new TypeErrorCtor(message);
  const illegalConstructor = () => new TypeErrorCtor('Illegal constructor');
  const rejectIllegal = (name) => promiseReject(new TypeErrorCtor(`Illegal invocation: not a ${name}`));

  function isObject(x) {
    return typeof x === 'object' ? x !== null : typeof x === 'function';
  }

  // brand makes of a look at an object's private field one at any value. goja
  // throws where the object is one of Go's dynamic objects, which has no fields.
  function brand(look) {
    return (x) => {
      if (!isObject(x)) return undefined;
      try {
        return look(x);
      } catch {
        return undefined;
      }
    };
  }

  // Promises

  // After new PromiseCtor(executor), capability has the promise's functions: one
  // executor for all promises saves a closure for each.
  const capability = { __proto__: null, resolve: undefined, reject: undefined };
  const executor = (resolve, reject) => {
    capability.resolve = resolve;
    capability.reject = reject;
  };

  function deferred() {
    const promise = new PromiseCtor(executor);
    return { __proto__: null, promise, resolve: capability.resolve, reject: capability.reject };
  }

  function markHandled(promise) {
    then(promise, undefined, noop);
  }

  // react runs one of the reactions to "a promise resolved with value".
  function react(value, onFulfilled, onRejected) {
    if (value === undefined || !isObject(value)) microtask(onFulfilled);
    else if (value !== PENDING) then(promiseResolve(value), onFulfilled, onRejected);
  }

  // A latch is a promise slot whose promise is made when asked for. Its promise
  // is marked as handled at once: the standard does so wherever it rejects one.
  const latchProto = { __proto__: null, state: 'pending', reason: undefined, deferred: undefined };

  function newLatch() {
    return { __proto__: latchProto };
  }

  function latchPromise(latch) {
    if (latch.deferred === undefined) {
      const d = (latch.deferred = deferred());
      markHandled(d.promise);
      if (latch.state === 'fulfilled') d.resolve(undefined);
      else if (latch.state === 'rejected') d.reject(latch.reason);
    }
    return latch.deferred.promise;
  }

  function latchResolve(latch) {
    latch.state = 'fulfilled';
    if (latch.deferred !== undefined) latch.deferred.resolve(undefined);
  }

  // latchReject rejects a pending promise and replaces a settled one.
  function latchReject(latch, reason) {
    const d = latch.deferred;
    if (d !== undefined) {
      if (latch.state === 'pending') d.reject(reason);
      else latch.deferred = undefined;
    }
    latch.state = 'rejected';
    latch.reason = reason;
  }

  function latchReset(latch) {
    latch.state = 'pending';
    latch.deferred = undefined;
  }

  // Web IDL

  function dictionary(value, what) {
    if (value === undefined || value === null) return undefined;
    if (!isObject(value)) throw typeError(`${what} must be an object`);
    return value;
  }

  function callbackMember(dict, name) {
    const f = dict[name];
    if (f !== undefined && typeof f !== 'function') throw typeError(`${name} must be a function`);
    return f;
  }

  // [EnforceRange] unsigned long long
  function enforceRange(value, what) {
    let n = +value;
    if (n !== n || n === Infinity || n === -Infinity) throw typeError(`${what} must be a finite number`);
    n = n < 0 ? -floor(-n) : floor(n);
    if (n < 0 || n > 9007199254740991) throw typeError(`${what} is out of range`);
    return n + 0; // no negative zero
  }

  function requireArguments(given, required) {
    if (given < required) {
      throw typeError(`${required} argument${required === 1 ? '' : 's'} required, but only ${given} present`);
    }
  }

  // expose gives a class its Web IDL shape: members[name] is the length of a
  // method and -1 for an attribute. Optional parameters are written as plain
  // ones, since goja pays for a default, so length is set here.
  function expose(C, name, length, members) {
    const proto = C.prototype;
    for (const key in members) {
      if (members[key] !== -1) defineProperty(proto[key], 'length', { value: members[key] });
      defineProperty(proto, key, { enumerable: true });
    }
    defineProperty(C, 'length', { value: length });
    defineProperty(proto, Symbol.toStringTag, { value: name, configurable: true });
  }

  // Queuing strategies (Streams §7)

  const { size: countSize } = {
    size() {
      return 1;
    },
  };
  const { size: byteLengthSize } = {
    size(chunk) {
      return chunk.byteLength;
    },
  };

  function strategyInit(given, init) {
    requireArguments(given, 1);
    const dict = dictionary(init, 'init');
    const highWaterMark = dict === undefined ? undefined : dict.highWaterMark;
    if (highWaterMark === undefined) throw typeError('init.highWaterMark is required');
    return +highWaterMark;
  }

  class ByteLengthQueuingStrategy {
    #highWaterMark;

    constructor(init) {
      this.#highWaterMark = strategyInit(arguments.length, init);
    }

    get highWaterMark() {
      return this.#highWaterMark;
    }

    get size() {
      this.#highWaterMark;
      return byteLengthSize;
    }
  }
  expose(ByteLengthQueuingStrategy, 'ByteLengthQueuingStrategy', 1, { highWaterMark: -1, size: -1 });

  class CountQueuingStrategy {
    #highWaterMark;

    constructor(init) {
      this.#highWaterMark = strategyInit(arguments.length, init);
    }

    get highWaterMark() {
      return this.#highWaterMark;
    }

    get size() {
      this.#highWaterMark;
      return countSize;
    }
  }
  expose(CountQueuingStrategy, 'CountQueuingStrategy', 1, { highWaterMark: -1, size: -1 });

  const noStrategy = { __proto__: null, highWaterMark: undefined, size: undefined };

  function queuingStrategy(value) {
    const dict = dictionary(value, 'A queuing strategy');
    if (dict === undefined) return noStrategy;
    let highWaterMark = dict.highWaterMark;
    if (highWaterMark !== undefined) highWaterMark = +highWaterMark;
    return { __proto__: null, highWaterMark, size: callbackMember(dict, 'size') };
  }

  function extractHighWaterMark(strategy, defaultHWM) {
    const h = strategy.highWaterMark;
    if (h === undefined) return defaultHWM;
    if (h !== h || h < 0) throw new RangeErrorCtor('highWaterMark must be a number that is not negative');
    return h;
  }

  // The size algorithm is undefined where every chunk counts 1.
  function extractSizeAlgorithm(strategy) {
    return strategy.size === countSize ? undefined : strategy.size;
  }

  // checkSize is the check of EnqueueValueWithSize (Streams §8.1).
  function checkSize(size) {
    if (size !== size || size < 0 || size === Infinity) {
      throw new RangeErrorCtor('The size of a chunk must be a finite number that is not negative');
    }
  }

  // Queues are rings: shift on an array is linear in goja.

  function newRing() {
    return { __proto__: null, items: [undefined, undefined, undefined, undefined], head: 0, size: 0, mask: 3 };
  }

  function ringPush(ring, value) {
    if (ring.size > ring.mask) ringGrow(ring);
    ring.items[(ring.head + ring.size) & ring.mask] = value;
    ring.size++;
  }

  function ringShift(ring) {
    const head = ring.head;
    const value = ring.items[head];
    ring.items[head] = undefined;
    ring.head = (head + 1) & ring.mask;
    ring.size--;
    return value;
  }

  function ringGrow(ring) {
    const { items, head, mask, size } = ring;
    const grown = [];
    for (let i = 0; i < size * 2; i++) grown[i] = i < size ? items[(head + i) & mask] : undefined;
    ring.items = grown;
    ring.head = 0;
    ring.mask = size * 2 - 1;
  }

  Object.assign(s, {
    TypeErrorCtor, RangeErrorCtor, PromiseCtor, defineProperty, call, uncurry, invoke, then, promiseResolve,
    promiseReject, getter, microtask, TOKEN, PENDING, EMPTY, noop, returnUndefined, typeError, illegalConstructor,
    rejectIllegal, isObject, brand, executor, capability, deferred, markHandled, react,
    newLatch, latchPromise, latchResolve, latchReject, latchReset,
    dictionary, callbackMember, enforceRange, requireArguments, expose,
    queuingStrategy, extractHighWaterMark, extractSizeAlgorithm, checkSize, newRing, ringPush, ringShift,
  });
  s.exports = { ByteLengthQueuingStrategy, CountQueuingStrategy };
})
