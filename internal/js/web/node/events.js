// node:events. Listeners are kept in _events, as in Node, because libraries look
// there: a function, or an array of several, under each name.
(function (host, require) {
  'use strict';

  const { argType, error, range } = host;
  const errorMonitor = Symbol('events.errorMonitor');
  const captureRejectionSymbol = Symbol.for('nodejs.rejection');
  let defaultMaxListeners = 10;

  const checkListener = (f) => {
    if (typeof f !== 'function') throw argType('listener', 'of type function', f);
  };
  const checkCount = (n, name) => {
    if (typeof n !== 'number') throw argType(name, 'of type number', n);
    if (!(n >= 0)) throw range(name, '>= 0', n);
  };
  const noCapture = (on) => {
    if (on !== undefined && typeof on !== 'boolean') throw argType('options.captureRejections', 'of type boolean', on);
    if (on) {
      throw error('Error', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
        "captureRejections is not available here\nhint: catch the rejection in the listener and emit 'error' from there");
    }
  };

  function EventEmitter(opts) {
    EventEmitter.init.call(this, opts);
  }

  EventEmitter.prototype._events = undefined;
  EventEmitter.prototype._eventsCount = 0;
  EventEmitter.prototype._maxListeners = undefined;

  EventEmitter.init = function (opts) {
    if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
      this._events = { __proto__: null };
      this._eventsCount = 0;
    }
    this._maxListeners = this._maxListeners || undefined;
    if (opts?.captureRejections) noCapture(opts.captureRejections);
  };

  const limitOf = (emitter) => (emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners);

  const warn = (emitter, type, list) => {
    list.warned = true;
    const count = list.length;
    const w = new Error(`Possible EventEmitter memory leak detected. ${count} ${String(type)} listeners added to ${host.inspect(emitter, { depth: -1 })}. Use emitter.setMaxListeners() to increase limit`);
    w.name = 'MaxListenersExceededWarning';
    w.emitter = emitter;
    w.type = type;
    w.count = count;
    process.emitWarning(w);
  };

  const add = (emitter, type, listener, prepend) => {
    checkListener(listener);
    let events = emitter._events;
    if (events === undefined) {
      events = emitter._events = { __proto__: null };
      emitter._eventsCount = 0;
    } else if (events.newListener !== undefined) {
      emitter.emit('newListener', type, listener.listener ?? listener);
      events = emitter._events;
    }
    let list = events[type];
    if (list === undefined) {
      events[type] = listener;
      ++emitter._eventsCount;
      return emitter;
    }
    if (typeof list === 'function') list = events[type] = prepend ? [listener, list] : [list, listener];
    else if (prepend) list.unshift(listener);
    else list.push(listener);
    const limit = limitOf(emitter);
    if (limit > 0 && list.length > limit && !list.warned) warn(emitter, type, list);
    return emitter;
  };

  // onceWrapper is a listener that takes itself off first.
  const onceWrapper = (emitter, type, listener) => {
    let fired = false;
    const wrapper = function onceWrapper(...args) {
      if (fired) return undefined;
      emitter.removeListener(type, wrapper);
      fired = true;
      return listener.apply(emitter, args);
    }.bind(); // which gives it the name that it has in Node
    wrapper.listener = listener;
    return wrapper;
  };

  const unhandled = (emitter, args) => {
    const er = args[0];
    if (er instanceof Error) return er;
    let text;
    try {
      text = host.inspect(er);
    } catch {
      text = er;
    }
    const err = error('Error', 'ERR_UNHANDLED_ERROR', `Unhandled error. (${text})`);
    err.context = er;
    return err;
  };

  const removeAt = (emitter, type, list, i) => {
    const events = emitter._events;
    if (list.length === 2) events[type] = list[1 - i];
    else list.splice(i, 1);
  };

  const listenersOf = (emitter, type, unwrap) => {
    const list = emitter._events?.[type];
    if (list === undefined) return [];
    const all = typeof list === 'function' ? [list] : list.slice();
    return unwrap ? all.map((f) => f.listener || f) : all;
  };

  const count = function listenerCount(type, listener) {
    const list = this._events?.[type];
    if (list === undefined) return 0;
    if (listener == null) return typeof list === 'function' ? 1 : list.length;
    const all = typeof list === 'function' ? [list] : list;
    return all.filter((f) => f === listener || f.listener === listener).length;
  };

  const methods = {
    setMaxListeners(n) {
      checkCount(n, 'setMaxListeners');
      this._maxListeners = n;
      return this;
    },
    getMaxListeners() {
      return limitOf(this);
    },
    emit(type, ...args) {
      const events = this._events;
      if (type === 'error') {
        if (events?.[errorMonitor] !== undefined) this.emit(errorMonitor, ...args);
        if (events?.error === undefined) throw unhandled(this, args);
      }
      const list = events?.[type];
      if (list === undefined) return false;
      if (typeof list === 'function') {
        list.apply(this, args);
      } else {
        for (const f of list.slice()) f.apply(this, args);
      }
      return true;
    },
    addListener(type, listener) {
      return add(this, type, listener, false);
    },
    on: undefined,
    prependListener(type, listener) {
      return add(this, type, listener, true);
    },
    once(type, listener) {
      checkListener(listener);
      return this.on(type, onceWrapper(this, type, listener));
    },
    prependOnceListener(type, listener) {
      checkListener(listener);
      return this.prependListener(type, onceWrapper(this, type, listener));
    },
    removeListener(type, listener) {
      checkListener(listener);
      const events = this._events, list = events?.[type];
      if (list === undefined) return this;
      if (typeof list === 'function') {
        if (list !== listener && list.listener !== listener) return this;
        this._eventsCount--;
        if (this._eventsCount === 0) this._events = { __proto__: null };
        else delete events[type];
      } else {
        let i = list.length - 1;
        while (i >= 0 && list[i] !== listener && list[i].listener !== listener) i--;
        if (i < 0) return this;
        removeAt(this, type, list, i);
      }
      if (events.removeListener !== undefined) this.emit('removeListener', type, list.listener || listener);
      return this;
    },
    off: undefined,
    removeAllListeners(type) {
      const events = this._events;
      if (events === undefined) return this;
      if (events.removeListener === undefined) {
        if (arguments.length === 0) {
          this._events = { __proto__: null };
          this._eventsCount = 0;
        } else if (events[type] !== undefined) {
          if (--this._eventsCount === 0) this._events = { __proto__: null };
          else delete events[type];
        }
        return this;
      }
      if (arguments.length === 0) {
        for (const key of Reflect.ownKeys(events)) if (key !== 'removeListener') this.removeAllListeners(key);
        this.removeAllListeners('removeListener');
        this._events = { __proto__: null };
        this._eventsCount = 0;
        return this;
      }
      const list = events[type];
      if (typeof list === 'function') this.removeListener(type, list);
      else if (list !== undefined) for (const f of list.slice().reverse()) this.removeListener(type, f);
      return this;
    },
    listeners(type) {
      return listenersOf(this, type, true);
    },
    rawListeners(type) {
      return listenersOf(this, type, false);
    },
    listenerCount: count,
    eventNames() {
      return this._eventsCount > 0 ? Reflect.ownKeys(this._events) : [];
    },
  };
  methods.on = methods.addListener;
  methods.off = methods.removeListener;
  // Node's are plain functions, enumerable on the prototype.
  for (const name of Object.keys(methods)) EventEmitter.prototype[name] = methods[name];

  const isTarget = (x) => x !== null && typeof x === 'object' && typeof x.addEventListener === 'function';
  const abortError = (signal) => {
    const e = new Error('The operation was aborted', signal.reason === undefined ? undefined : { cause: signal.reason });
    e.name = 'AbortError';
    e.code = 'ABORT_ERR';
    return e;
  };
  const checkOptions = (o) => {
    const signal = o?.signal;
    if (signal !== undefined && !host.isSignal(signal)) throw argType('options.signal', 'an instance of AbortSignal', signal);
    return signal;
  };
  const subscribe = (emitter, name, f, options) => {
    if (typeof emitter?.on === 'function') {
      if (options?.once) emitter.once(name, f);
      else emitter.on(name, f);
    } else if (typeof emitter?.addEventListener === 'function') {
      emitter.addEventListener(name, f, options);
    } else {
      throw argType('emitter', 'an instance of EventEmitter', emitter);
    }
  };
  const unsubscribe = (emitter, name, f) => {
    if (typeof emitter.removeListener === 'function') emitter.removeListener(name, f);
    else emitter.removeEventListener(name, f);
  };

  async function once(emitter, name, options = {}) {
    const signal = checkOptions(options);
    if (signal?.aborted) throw abortError(signal);
    return new Promise((resolve, reject) => {
      const stop = () => {
        unsubscribe(emitter, name, resolver);
        if (typeof emitter.removeListener === 'function') emitter.removeListener('error', fail);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (err) => (stop(), reject(err));
      const resolver = (...args) => (stop(), resolve(args));
      const abort = () => (stop(), reject(abortError(signal)));
      subscribe(emitter, name, resolver, { once: true });
      if (name !== 'error' && typeof emitter.once === 'function') emitter.once('error', fail);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  function on(emitter, event, options = {}) {
    const signal = checkOptions(options);
    if (signal?.aborted) throw abortError(signal);
    const high = options.highWaterMark ?? options.highWatermark ?? Number.MAX_SAFE_INTEGER;
    const low = options.lowWaterMark ?? options.lowWatermark ?? 1;
    const events = [], waiting = [], added = [];
    let failure = null, finished = false, paused = false;

    const listen = (name, f) => {
      subscribe(emitter, name, f);
      added.push([name, f]);
    };
    const close = () => {
      for (const [name, f] of added.splice(0)) unsubscribe(emitter, name, f);
      signal?.removeEventListener('abort', abort);
      finished = true;
      for (const p of waiting.splice(0)) p.resolve({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    };
    const fail = (err) => {
      const p = waiting.shift();
      if (p === undefined) failure = err;
      else p.reject(err);
      close();
    };
    const abort = () => fail(abortError(signal));
    const handler = (...args) => {
      const p = waiting.shift();
      if (p !== undefined) return p.resolve({ value: args, done: false });
      events.push(args);
      if (!paused && events.length > high && typeof emitter.pause === 'function') {
        paused = true;
        emitter.pause();
      }
    };

    const iterator = Object.setPrototypeOf({
      next() {
        if (events.length > 0) {
          const value = events.shift();
          if (paused && events.length < low) {
            emitter.resume();
            paused = false;
          }
          return Promise.resolve({ value, done: false });
        }
        if (failure !== null) {
          const p = Promise.reject(failure);
          failure = null;
          return p;
        }
        if (finished) return close();
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      },
      return() {
        return close();
      },
      throw(err) {
        if (!(err instanceof Error)) throw argType('EventEmitter.AsyncIterator', 'an instance of Error', err);
        fail(err);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    }, host.asyncIteratorPrototype);

    listen(event, handler);
    if (event !== 'error' && typeof emitter.on === 'function') listen('error', fail);
    for (const name of options.close ?? []) listen(name, close);
    signal?.addEventListener('abort', abort, { once: true });
    return iterator;
  }

  function getEventListeners(emitterOrTarget, type) {
    if (typeof emitterOrTarget?.listeners === 'function') return emitterOrTarget.listeners(type);
    if (isTarget(emitterOrTarget)) {
      throw error('Error', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'events.getEventListeners() of an EventTarget is not available here\nhint: keep the listeners that you add');
    }
    throw argType('emitter', 'an instance of EventEmitter or EventTarget', emitterOrTarget);
  }

  // How many listeners a target may have is no matter here: nothing warns.
  const targetLimits = new WeakMap();

  function getMaxListeners(emitterOrTarget) {
    if (typeof emitterOrTarget?.getMaxListeners === 'function') return limitOf(emitterOrTarget);
    if (isTarget(emitterOrTarget)) return targetLimits.get(emitterOrTarget) ?? (host.isSignal(emitterOrTarget) ? 0 : defaultMaxListeners);
    throw argType('emitter', 'an instance of EventEmitter or EventTarget', emitterOrTarget);
  }

  function setMaxListeners(n = defaultMaxListeners, ...eventTargets) {
    checkCount(n, 'setMaxListeners');
    if (eventTargets.length === 0) defaultMaxListeners = n;
    for (const t of eventTargets) {
      if (isTarget(t)) targetLimits.set(t, n);
      else if (typeof t?.setMaxListeners === 'function') t.setMaxListeners(n);
      else throw argType('eventTargets', 'an instance of EventEmitter or EventTarget', t);
    }
  }

  function addAbortListener(signal, listener) {
    if (signal === undefined) throw argType('signal', 'an instance of AbortSignal', signal);
    if (!host.isSignal(signal)) throw argType('signal', 'an instance of AbortSignal', signal);
    if (typeof listener !== 'function') throw argType('listener', 'of type function', listener);
    let remove;
    if (signal.aborted) {
      queueMicrotask(() => listener());
    } else {
      signal.addEventListener('abort', listener, { once: true });
      remove = () => signal.removeEventListener('abort', listener);
    }
    return { [Symbol.dispose]() { remove?.() } };
  }

  class EventEmitterAsyncResource extends EventEmitter {
    #resource;
    constructor(options) {
      let name;
      if (typeof options === 'string') {
        name = options;
        options = undefined;
      } else {
        name = options?.name || new.target.name;
      }
      super(options);
      this.#resource = new (require('async_hooks').AsyncResource)(name);
    }
    emit(event, ...args) {
      return this.#resource.runInAsyncScope(super.emit, this, event, ...args);
    }
    emitDestroy() {
      this.#resource.emitDestroy();
    }
    get asyncResource() {
      return this.#resource;
    }
  }
  Object.assign(EventEmitter, {
    on,
    once,
    getEventListeners,
    getMaxListeners,
    EventEmitter,
    usingDomains: false,
    captureRejectionSymbol,
    errorMonitor,
    EventEmitterAsyncResource,
    addAbortListener,
    setMaxListeners,
    listenerCount(emitter, type) {
      return typeof emitter.listenerCount === 'function' ? emitter.listenerCount(type) : count.call(emitter, type);
    },
  });
  Object.defineProperties(EventEmitter, {
    captureRejections: { get: () => false, set: noCapture, enumerable: true, configurable: true },
    defaultMaxListeners: {
      enumerable: true,
      get: () => defaultMaxListeners,
      set(n) {
        checkCount(n, 'defaultMaxListeners');
        defaultMaxListeners = n;
      },
    },
  });
  return EventEmitter;
})
