// A host for the streams scripts where there is no Web platform: goja. Its value
// is a function of the few things that Go gives.
(function (go) {
  'use strict';

  const resolved = Promise.resolve();
  const then = Function.prototype.call.bind(Promise.prototype.then);

  const state = new WeakMap();

  class AbortSignal {
    constructor() {
      state.set(this, { aborted: false, reason: undefined, listeners: [] });
    }

    get aborted() {
      return slot(this).aborted;
    }

    get reason() {
      return slot(this).reason;
    }

    addEventListener(type, f) {
      if (type === 'abort') slot(this).listeners.push(f);
    }

    removeEventListener(type, f) {
      const s = slot(this);
      s.listeners = s.listeners.filter((l) => l !== f);
    }
  }

  function slot(signal) {
    const s = state.get(signal);
    if (s === undefined) throw new TypeError('Illegal invocation');
    return s;
  }

  class AbortController {
    #signal = new AbortSignal();

    get signal() {
      return this.#signal;
    }

    abort(reason) {
      const s = slot(this.#signal);
      if (s.aborted) return;
      s.aborted = true;
      s.reason = reason;
      if (reason === undefined) {
        s.reason = new Error('This operation was aborted');
        s.reason.name = 'AbortError';
      }
      for (const f of s.listeners) f.call(this.#signal, { type: 'abort' });
    }
  }

  function structuredClone(v) {
    if (typeof v === 'function' || typeof v === 'symbol') {
      const e = new Error(`${String(v)} could not be cloned.`);
      e.name = 'DataCloneError';
      throw e;
    }
    if (typeof v !== 'object' || v === null) return v;
    if (ArrayBuffer.isView(v)) return v.slice();
    if (Array.isArray(v)) return v.map(structuredClone);
    const clone = {};
    for (const key of Object.keys(v)) clone[key] = structuredClone(v[key]);
    return clone;
  }

  return {
    asyncIterator: Symbol.asyncIterator,
    queueMicrotask(f) {
      then(resolved, f);
    },
    structuredClone,
    AbortController,
    AbortSignal,
    transferArrayBuffer: go.transferArrayBuffer,
    isDetached: go.isDetached,
    copyBytes: go.copyBytes,
  };
})
