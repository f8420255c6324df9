// ReadableStream.from and the async iteration of readable streams.
(function (host, s) {
  'use strict';

  const {
    PromiseCtor, PENDING, invoke, then, promiseResolve, promiseReject, microtask, typeError, rejectIllegal, isObject,
    executor, capability, expose, newReadable, newReadableStream, newController, startController, canCloseOrEnqueue,
    controllerClose, controllerEnqueue, readableStreamCancel, readerRead, readerRelease,
  } = s;

  const iteratorSymbol = Symbol.iterator;
  const asyncIteratorSymbol = host.asyncIterator;

  // ReadableStream.from (Streams §4.9.1, ReadableStreamFromIterable)

  function getMethod(x, key) {
    const f = x[key];
    if (f === undefined || f === null) return undefined;
    if (typeof f !== 'function') throw typeError(`${String(key)} is not a function`);
    return f;
  }

  function readableStreamFrom(iterable) {
    if (iterable === undefined || iterable === null) throw typeError('The argument is not iterable');
    let sync = false;
    let method = getMethod(iterable, asyncIteratorSymbol);
    if (method === undefined) {
      sync = true;
      method = getMethod(iterable, iteratorSymbol);
      if (method === undefined) throw typeError('The argument is not iterable');
    }
    const iterator = invoke(method, iterable);
    if (!isObject(iterator)) throw typeError('The iterator is not an object');
    const next = iterator.next;

    const stream = newReadable();
    const c = newController(stream, 0, undefined, undefined, () => {
      let result;
      try {
        result = invoke(next, iterator);
        if (sync) result = syncIteratorResult(result, iterator);
        else if (!isObject(result)) throw typeError('The result of next() is not an object');
        result = promiseResolve(result);
      } catch (e) {
        // An async-from-sync iterator rejects where an async one throws.
        if (sync) microtask(() => microtask(() => c.onPullFailed(e)));
        else microtask(() => c.onPullFailed(e));
        return PENDING;
      }
      then(result, onResult, (e) => microtask(() => c.onPullFailed(e)));
      return PENDING;
    }, (reason) => {
      let result;
      try {
        const returnMethod = getMethod(iterator, 'return');
        if (returnMethod !== undefined) {
          result = invoke(returnMethod, iterator, reason);
          if (sync) result = syncIteratorResult(result, undefined);
        } else if (sync) {
          result = { __proto__: null };
        } else {
          return undefined;
        }
        result = promiseResolve(result);
      } catch (e) {
        if (!sync) throw e;
        result = promiseReject(e);
      }
      return then(result, (r) => {
        if (!isObject(r)) throw typeError('The result of return() is not an object');
      });
    });
    function onResult(result) {
      try {
        if (!isObject(result)) throw typeError('The result of next() is not an object');
        if (result.done) controllerClose(c);
        else {
          const value = result.value;
          if (canCloseOrEnqueue(c)) controllerEnqueue(c, value);
        }
      } catch (e) {
        microtask(() => c.onPullFailed(e));
        return;
      }
      microtask(c.onPulled);
    }
    startController(c, undefined);
    return newReadableStream(stream);
  }

  // syncIteratorResult is AsyncFromSyncIteratorContinuation (ECMAScript
  // §27.1.6.4). Where the value's promise rejects, the iterator is closed if it
  // is given.
  function syncIteratorResult(result, iterator) {
    if (!isObject(result)) throw typeError('The result of an iterator is not an object');
    const done = !!result.done;
    const value = result.value;
    const close = () => {
      if (done || iterator === undefined) return;
      try {
        const returnMethod = getMethod(iterator, 'return');
        if (returnMethod !== undefined) invoke(returnMethod, iterator);
      } catch {
        // IteratorClose: the first error is the one that counts.
      }
    };
    let promise;
    try {
      promise = promiseResolve(value);
    } catch (e) {
      close();
      throw e;
    }
    return then(promise, (v) => ({ __proto__: null, done, value: v }), (e) => {
      close();
      throw e;
    });
  }

  // Async iteration (Streams §4.2.5; Web IDL §3.7.10)

  const iterationProto = {
    __proto__: null, preventCancel: false, ongoing: undefined, finished: false,
  };

  // What next() returns is resolved a turn after the read has ended, as Web IDL
  // has it. The standard resolves the promise between with the chunk itself, so
  // a thenable chunk is unwrapped.
  const iterationRequestProto = {
    __proto__: null,
    next: undefined,
    chunk(value) {
      const it = this.iteration;
      let plain = true;
      if (isObject(value)) {
        try {
          plain = typeof value.then !== 'function';
        } catch {
          plain = false; // and so will promiseTo find it
        }
      }
      const fulfilled = (v) => {
        it.ongoing = undefined;
        this.resolve({ value: v, done: false });
      };
      if (plain) microtask(() => fulfilled(value));
      else then(promiseTo(value), fulfilled, (e) => iterationFailed(this, e));
    },
    close() {
      const it = this.iteration;
      if (it.reader.stream !== undefined) readerRelease(it.reader);
      microtask(() => {
        it.ongoing = undefined;
        it.finished = true;
        this.resolve({ value: undefined, done: true });
      });
    },
    error(e) {
      const { reader } = this.iteration;
      if (reader.stream !== undefined) readerRelease(reader);
      microtask(() => iterationFailed(this, e));
    },
  };

  function iterationFailed(request, e) {
    request.iteration.ongoing = undefined;
    request.iteration.finished = true;
    request.reject(e);
  }

  // promiseTo is a new promise resolved with value.
  function promiseTo(value) {
    const promise = new PromiseCtor(executor);
    capability.resolve(value);
    return promise;
  }

  function iterationNext(it) {
    if (it.finished) return promiseResolve({ value: undefined, done: true });
    const promise = new PromiseCtor(executor);
    it.ongoing = promise;
    readerRead(it.reader, {
      __proto__: iterationRequestProto, iteration: it, resolve: capability.resolve, reject: capability.reject,
    });
    return promise;
  }

  function iterationReturn(it, value) {
    if (it.finished) return promiseResolve({ value, done: true });
    it.finished = true;
    const reader = it.reader;
    let result;
    if (!it.preventCancel) result = readableStreamCancel(reader.stream, value);
    readerRelease(reader);
    return then(promiseResolve(result), () => ({ value, done: true }));
  }

  class ReadableStreamAsyncIterator {
    #iteration;

    constructor(iteration) {
      this.#iteration = iteration;
    }

    next() {
      let it;
      try {
        it = this.#iteration;
      } catch {
        return rejectIllegal('ReadableStream async iterator');
      }
      if (it.ongoing === undefined) return iterationNext(it);
      const next = () => iterationNext(it);
      return (it.ongoing = then(it.ongoing, next, next));
    }

    return(value) {
      let it;
      try {
        it = this.#iteration;
      } catch {
        return rejectIllegal('ReadableStream async iterator');
      }
      if (it.ongoing === undefined) return iterationReturn(it, value);
      const end = () => iterationReturn(it, value);
      return (it.ongoing = then(it.ongoing, end, end));
    }
  }
  expose(ReadableStreamAsyncIterator, 'ReadableStream AsyncIterator', 0, { next: 0, return: 1 });
  delete ReadableStreamAsyncIterator.prototype.constructor;
  Object.setPrototypeOf(ReadableStreamAsyncIterator.prototype, host.asyncIteratorPrototype || {
    [asyncIteratorSymbol]() {
      return this;
    },
  });

  s.readableStreamFrom = readableStreamFrom;
  s.newAsyncIterator = (reader, preventCancel) => {
    const it = { __proto__: iterationProto, reader };
    if (preventCancel) it.preventCancel = true;
    return new ReadableStreamAsyncIterator(it);
  };
})
