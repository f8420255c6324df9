// node:timers/promises.
(function (host) {
  'use strict';

  const { argType } = host;
  const abortError = (signal) => {
    const e = new Error('The operation was aborted', { cause: signal.reason });
    e.name = 'AbortError';
    e.code = 'ABORT_ERR';
    return e;
  };
  const check = (options) => {
    if (options === null || typeof options !== 'object') throw argType('options', 'of type object', options);
    const { signal, ref = true } = options;
    if (signal !== undefined && !host.isSignal(signal)) throw argType('options.signal', 'an instance of AbortSignal', signal);
    if (typeof ref !== 'boolean') throw argType('options.ref', 'of type boolean', ref);
    return signal;
  };
  const wait = (start, stop, value, options) => {
    let signal;
    try {
      signal = check(options);
    } catch (e) {
      return Promise.reject(e);
    }
    if (signal?.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const abort = () => {
        stop(timer);
        reject(abortError(signal));
      };
      const timer = start(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  };
  const later = globalThis.setTimeout, soon = globalThis.setImmediate, every = globalThis.setInterval;

  const module = {
    setTimeout(delay, value, options = {}) {
      return wait((f) => later(f, delay), clearTimeout, value, options);
    },
    setImmediate(value, options = {}) {
      return wait(soon, clearImmediate, value, options);
    },
    setInterval(delay, value, options = {}) {
      const signal = check(options);
      const waiting = [];
      let ticks = 0, done = false, failure, timer;
      const settle = () => {
        while (waiting.length > 0) {
          if (ticks > 0) {
            ticks--;
            waiting.shift().resolve({ value, done: false });
          } else if (failure !== undefined) {
            const e = failure;
            failure = undefined;
            waiting.shift().reject(e);
          } else if (done) {
            waiting.shift().resolve({ value: undefined, done: true });
          } else return;
        }
      };
      const close = () => {
        clearInterval(timer);
        signal?.removeEventListener('abort', abort);
        done = true;
      };
      const abort = () => {
        close();
        failure = abortError(signal);
        settle();
      };
      if (signal?.aborted) {
        done = true;
        failure = abortError(signal);
      } else {
        timer = every(() => {
          ticks++;
          settle();
        }, delay);
        signal?.addEventListener('abort', abort, { once: true });
      }
      return Object.setPrototypeOf({
        next() {
          return new Promise((resolve, reject) => {
            waiting.push({ resolve, reject });
            settle();
          });
        },
        return(v) {
          close();
          settle();
          return Promise.resolve({ value: v, done: true });
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      }, host.asyncIteratorPrototype);
    },
    scheduler: {
      wait: (delay, options) => module.setTimeout(delay, undefined, options),
      yield: () => module.setImmediate(),
    },
  };
  return module;
})
