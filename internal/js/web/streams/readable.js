// Readable streams with default controllers, their readers and tee (Streams §4).
(function (host, s) {
  'use strict';

  const {
    RangeErrorCtor, PromiseCtor, TOKEN, EMPTY, defineProperty, invoke, then, promiseResolve, promiseReject,
    microtask, noop, returnUndefined, typeError, illegalConstructor, rejectIllegal, isObject, brand, executor, capability,
    deferred, markHandled, react, dictionary, callbackMember, enforceRange, requireArguments, expose,
    queuingStrategy, extractHighWaterMark, extractSizeAlgorithm, checkSize, newRing, ringPush, ringShift,
  } = s;

  let newReadableStream; // record → object
  let readableStreamOf; // anything → record, undefined if it is no ReadableStream
  let newControllerObject;
  let isDefaultReader;

  const readableProto = {
    __proto__: null, storedError: undefined, disturbed: false, controller: undefined,
  };

  function newReadable() {
    return { __proto__: readableProto, state: 'readable', reader: undefined };
  }

  function readableStreamCancel(stream, reason) {
    stream.disturbed = true;
    if (stream.state === 'closed') return promiseResolve(undefined);
    if (stream.state === 'errored') return promiseReject(stream.storedError);
    readableStreamClose(stream);
    const reader = stream.reader;
    if (reader !== undefined && reader.byob) closeRequests(reader);
    return then(stream.controller.cancelSteps(reason), returnUndefined);
  }

  function readableStreamClose(stream) {
    stream.state = 'closed';
    const reader = stream.reader;
    if (reader === undefined) return;
    if (reader.closed !== undefined) reader.closed.resolve(undefined);
    if (reader.observer !== undefined) reader.observer.sourceClosed();
    if (!reader.byob) closeRequests(reader);
  }

  function readableStreamError(stream, e) {
    stream.state = 'errored';
    stream.storedError = e;
    const reader = stream.reader;
    if (reader === undefined) return;
    if (reader.closed !== undefined) reader.closed.reject(e);
    if (reader.observer !== undefined) reader.observer.sourceErrored(e);
    errorRequests(reader, e);
  }

  // Readers. A read request is an object with chunk(c), close() and error(e),
  // and next, the request behind it. One that is never made twice at a time is
  // its owner: a pipe, a tee.
  //
  // reader.closed is the deferred of [[closedPromise]], made when asked for;
  // reader.observer is told at once what that promise would tell a turn later.

  const readerProto = {
    __proto__: null, byob: false, closed: undefined, first: undefined, last: undefined, observer: undefined,
  };

  function addRequest(reader, request) {
    if (reader.first === undefined) reader.first = request;
    else reader.last.next = request;
    reader.last = request;
  }

  function shiftRequest(reader) {
    const request = reader.first;
    reader.first = request.next;
    request.next = undefined;
    return request;
  }

  function closeRequests(reader) {
    let request = reader.first;
    reader.first = undefined;
    while (request !== undefined) {
      const next = request.next;
      request.next = undefined;
      request.close(undefined);
      request = next;
    }
  }

  function errorRequests(reader, e) {
    let request = reader.first;
    reader.first = undefined;
    while (request !== undefined) {
      const next = request.next;
      request.next = undefined;
      request.error(e);
      request = next;
    }
  }

  function acquireReader(stream, proto) {
    if (stream.reader !== undefined) throw typeError('The ReadableStream is locked to a reader');
    return (stream.reader = { __proto__: proto, stream });
  }

  const releasedError = () => typeError('The reader has been released');

  function readerClosed(reader) {
    if (reader.closed === undefined) {
      const d = (reader.closed = deferred());
      markHandled(d.promise);
      const stream = reader.stream;
      if (stream === undefined) d.reject(releasedError());
      else if (stream.state === 'closed') d.resolve(undefined);
      else if (stream.state === 'errored') d.reject(stream.storedError);
    }
    return reader.closed.promise;
  }

  function readerRelease(reader) {
    const stream = reader.stream;
    if (reader.closed !== undefined) {
      if (stream.state === 'readable') reader.closed.reject(releasedError());
      else reader.closed = undefined;
    }
    stream.controller.releaseSteps();
    stream.reader = undefined;
    reader.stream = undefined;
    reader.observer = undefined;
    if (reader.first !== undefined) errorRequests(reader, releasedError());
  }

  function readerCancel(reader, reason) {
    if (reader.stream === undefined) return promiseReject(releasedError());
    return readableStreamCancel(reader.stream, reason);
  }

  // ReadableStreamDefaultReaderRead
  function readerRead(reader, request) {
    const stream = reader.stream;
    stream.disturbed = true;
    if (stream.state === 'readable') stream.controller.pullSteps(request);
    else if (stream.state === 'closed') request.close();
    else request.error(stream.storedError);
  }

  const promiseRequestProto = {
    __proto__: null,
    next: undefined,
    chunk(value) {
      this.resolve({ value, done: false });
    },
    close(value) {
      this.resolve({ value, done: true });
    },
    error(e) {
      this.reject(e);
    },
  };

  function readPromise(reader) {
    const stream = reader.stream;
    if (stream === undefined) return promiseReject(releasedError());
    stream.disturbed = true;
    if (stream.state === 'closed') return promiseResolve({ value: undefined, done: true });
    if (stream.state === 'errored') return promiseReject(stream.storedError);
    const value = stream.controller.pullNow();
    if (value !== EMPTY) return promiseResolve({ value, done: false });
    const promise = new PromiseCtor(executor);
    stream.controller.pullSteps({
      __proto__: promiseRequestProto, resolve: capability.resolve, reject: capability.reject,
    });
    return promise;
  }

  class ReadableStreamDefaultReader {
    #reader;

    constructor(stream) {
      requireArguments(arguments.length, 1);
      const record = readableStreamOf(stream);
      if (record === undefined) throw typeError('The argument is not a ReadableStream');
      this.#reader = acquireReader(record, readerProto);
    }

    get closed() {
      if (!isDefaultReader(this)) return rejectIllegal('ReadableStreamDefaultReader');
      return readerClosed(this.#reader);
    }

    cancel(reason) {
      if (!isDefaultReader(this)) return rejectIllegal('ReadableStreamDefaultReader');
      return readerCancel(this.#reader, reason);
    }

    read() {
      let reader;
      try {
        reader = this.#reader; // cheaper than asking first
      } catch {
        return rejectIllegal('ReadableStreamDefaultReader');
      }
      return readPromise(reader);
    }

    releaseLock() {
      const reader = this.#reader;
      if (reader.stream !== undefined) readerRelease(reader);
    }

    static {
      isDefaultReader = brand((x) => #reader in x);
    }
  }
  expose(ReadableStreamDefaultReader, 'ReadableStreamDefaultReader', 1, {
    closed: -1, cancel: 0, read: 0, releaseLock: 0,
  });

  // Default controllers (Streams §4.9.4). The source's methods are called as
  // method.call(source, argument). sized tells that the ring holds each chunk's
  // size behind it.

  function canCloseOrEnqueue(c) {
    return !c.closeRequested && c.stream.state === 'readable';
  }

  function shouldCallPull(c) {
    const stream = c.stream;
    if (c.closeRequested || stream.state !== 'readable' || !c.started) return false;
    return (stream.reader !== undefined && stream.reader.first !== undefined) || c.highWaterMark > c.total;
  }

  // callPullIfNeeded, shouldCallPull, clearAlgorithms, desiredSize, cancelSource
  // and startController also serve the controllers of byte streams.
  //
  // Nobody can tell that a source without a pull method is not pulled.
  function callPullIfNeeded(c) {
    if (c.pullMethod === undefined || !shouldCallPull(c)) return;
    if (c.pulling) {
      c.pullAgain = true;
      return;
    }
    c.pulling = true;
    if (c.onPulled === undefined) {
      c.onPulled = () => {
        c.pulling = false;
        if (c.pullAgain) {
          c.pullAgain = false;
          callPullIfNeeded(c);
        }
      };
      c.onPullFailed = (e) => c.fail(e);
    }
    let result;
    try {
      result = invoke(c.pullMethod, c.source, c.argument);
    } catch (e) {
      microtask(() => c.onPullFailed(e));
      return;
    }
    react(result, c.onPulled, c.onPullFailed);
  }

  function clearAlgorithms(c) {
    c.pullMethod = c.cancelMethod = c.sizeAlgorithm = c.source = undefined;
  }

  function controllerClose(c) {
    if (!canCloseOrEnqueue(c)) return;
    c.closeRequested = true;
    if (c.queue === undefined || c.queue.size === 0) {
      clearAlgorithms(c);
      readableStreamClose(c.stream);
    }
  }

  // controllerEnqueue wants canCloseOrEnqueue.
  function controllerEnqueue(c, chunk) {
    const reader = c.stream.reader;
    if (reader !== undefined && reader.first !== undefined) {
      shiftRequest(reader).chunk(chunk);
    } else {
      let size = 1;
      if (c.sizeAlgorithm !== undefined) {
        try {
          size = +invoke(c.sizeAlgorithm, undefined, chunk);
          checkSize(size);
        } catch (e) {
          controllerError(c, e);
          throw e;
        }
      }
      if (c.queue === undefined) c.queue = newRing();
      ringPush(c.queue, chunk);
      if (c.sized) ringPush(c.queue, size);
      c.total += size;
    }
    callPullIfNeeded(c);
  }

  function controllerError(c, e) {
    if (c.stream.state !== 'readable') return;
    c.queue = undefined;
    c.total = 0;
    clearAlgorithms(c);
    readableStreamError(c.stream, e);
  }

  function desiredSize(c) {
    const state = c.stream.state;
    if (state === 'errored') return null;
    if (state === 'closed') return 0;
    return c.highWaterMark - c.total;
  }

  // cancelSource calls the cancel method and forgets the source.
  function cancelSource(c, reason) {
    let result;
    try {
      if (c.cancelMethod !== undefined) result = invoke(c.cancelMethod, c.source, reason);
      result = promiseResolve(result);
    } catch (e) {
      result = promiseReject(e);
    }
    clearAlgorithms(c);
    return result;
  }

  const controllerProto = {
    __proto__: null,
    isByte: false, started: false, closeRequested: false, pulling: false, pullAgain: false,
    queue: undefined, sized: false, sizeAlgorithm: undefined,
    source: undefined, pullMethod: undefined, cancelMethod: undefined, argument: undefined,
    onPulled: undefined, onPullFailed: undefined,

    fail(e) {
      controllerError(this, e);
    },

    cancelSteps(reason) {
      this.queue = undefined;
      this.total = 0;
      return cancelSource(this, reason);
    },

    // pullNow is the part of [[PullSteps]] that needs no read request: it takes
    // a queued chunk.
    pullNow() {
      const queue = this.queue;
      if (queue === undefined || queue.size === 0) return EMPTY;
      const chunk = ringShift(queue);
      this.total -= this.sized ? ringShift(queue) : 1;
      if (this.total < 0) this.total = 0; // rounding
      if (this.closeRequested && queue.size === 0) {
        clearAlgorithms(this);
        readableStreamClose(this.stream);
      } else {
        callPullIfNeeded(this);
      }
      return chunk;
    },

    pullSteps(request) {
      const chunk = this.pullNow();
      if (chunk !== EMPTY) {
        request.chunk(chunk);
        return;
      }
      addRequest(this.stream.reader, request);
      callPullIfNeeded(this);
    },

    releaseSteps: noop,
  };

  // newController makes a stream's controller; startController lets it pull
  // once its source has started.
  function newController(stream, highWaterMark, sizeAlgorithm, source, pullMethod, cancelMethod) {
    const c = { __proto__: controllerProto, stream, highWaterMark, total: 0 };
    stream.controller = c;
    if (sizeAlgorithm !== undefined) {
      c.sizeAlgorithm = sizeAlgorithm;
      c.sized = true;
    }
    if (source !== undefined) c.source = source;
    if (pullMethod !== undefined) c.pullMethod = pullMethod;
    if (cancelMethod !== undefined) c.cancelMethod = cancelMethod;
    return c;
  }

  function startController(c, startResult) {
    if (c.pullMethod === undefined && !isObject(startResult)) {
      c.started = true; // only a pull would tell
      return;
    }
    react(startResult, () => {
      c.started = true;
      callPullIfNeeded(c);
    }, (e) => c.fail(e));
  }

  class ReadableStreamDefaultController {
    #controller;

    constructor(token, record) {
      if (token !== TOKEN) throw illegalConstructor();
      this.#controller = record;
    }

    get desiredSize() {
      return desiredSize(this.#controller);
    }

    close() {
      const c = this.#controller;
      if (!canCloseOrEnqueue(c)) throw typeError('The stream is closed, errored or closing already');
      controllerClose(c);
    }

    enqueue(chunk) {
      const c = this.#controller;
      if (c.closeRequested || c.stream.state !== 'readable') throw typeError('The stream is closed, errored or closing already');
      controllerEnqueue(c, chunk);
    }

    error(e) {
      controllerError(this.#controller, e);
    }

    static {
      newControllerObject = (record) => new ReadableStreamDefaultController(TOKEN, record);
    }
  }
  expose(ReadableStreamDefaultController, 'ReadableStreamDefaultController', 0, {
    desiredSize: -1, close: 0, enqueue: 0, error: 0,
  });

  class ReadableStream {
    #stream;

    constructor(underlyingSource, strategy) {
      if (underlyingSource === TOKEN) {
        this.#stream = strategy;
        return;
      }
      if (underlyingSource !== undefined && !isObject(underlyingSource)) {
        throw typeError('The underlying source must be an object');
      }
      const strategyDict = queuingStrategy(strategy);
      const stream = (this.#stream = newReadable());
      let chunkSize, cancel, pull, start, type;
      if (underlyingSource !== undefined) {
        chunkSize = underlyingSource.autoAllocateChunkSize;
        if (chunkSize !== undefined) chunkSize = enforceRange(chunkSize, 'autoAllocateChunkSize');
        cancel = callbackMember(underlyingSource, 'cancel');
        pull = callbackMember(underlyingSource, 'pull');
        start = callbackMember(underlyingSource, 'start');
        type = underlyingSource.type;
        if (type !== undefined && (type = `${type}`) !== 'bytes') throw typeError(`${type} is not a type of stream`);
      }
      let c;
      if (type !== undefined) {
        if (strategyDict.size !== undefined) throw new RangeErrorCtor('The strategy of a byte stream cannot have a size');
        const highWaterMark = extractHighWaterMark(strategyDict, 0);
        if (chunkSize === 0) throw typeError('autoAllocateChunkSize must be positive');
        c = s.bytes.newController(stream, highWaterMark, chunkSize, underlyingSource, pull, cancel);
        if (start !== undefined || pull !== undefined) c.argument = s.bytes.newControllerObject(c);
      } else {
        const highWaterMark = extractHighWaterMark(strategyDict, 1);
        c = newController(stream, highWaterMark, extractSizeAlgorithm(strategyDict), underlyingSource, pull, cancel);
        if (start !== undefined || pull !== undefined) c.argument = newControllerObject(c);
      }
      startController(c, start === undefined ? undefined : invoke(start, underlyingSource, c.argument));
    }

    static from(asyncIterable) {
      requireArguments(arguments.length, 1);
      return s.readableStreamFrom(asyncIterable);
    }

    get locked() {
      return this.#stream.reader !== undefined;
    }

    cancel(reason) {
      const stream = readableStreamOf(this);
      if (stream === undefined) return rejectIllegal('ReadableStream');
      if (stream.reader !== undefined) return promiseReject(typeError('The ReadableStream is locked to a reader'));
      return readableStreamCancel(stream, reason);
    }

    getReader(options) {
      this.#stream;
      const dict = dictionary(options, 'options');
      let mode = dict === undefined ? undefined : dict.mode;
      if (mode === undefined) return new ReadableStreamDefaultReader(this);
      mode = `${mode}`;
      if (mode !== 'byob') throw typeError(`${mode} is not a mode of readers`);
      return new s.bytes.ReadableStreamBYOBReader(this);
    }

    pipeThrough(transform, options) {
      const stream = this.#stream;
      requireArguments(arguments.length, 1);
      const dict = dictionary(transform, 'The transform');
      if (dict === undefined) throw typeError('transform.readable is required');
      const readable = dict.readable;
      if (readableStreamOf(readable) === undefined) throw typeError('transform.readable is not a ReadableStream');
      const writable = s.writableStreamOf(dict.writable);
      if (writable === undefined) throw typeError('transform.writable is not a WritableStream');
      markHandled(s.startPipe(stream, writable, s.pipeOptions(options)));
      return readable;
    }

    pipeTo(destination, options) {
      try {
        const stream = this.#stream;
        requireArguments(arguments.length, 1);
        const writable = s.writableStreamOf(destination);
        if (writable === undefined) throw typeError('The destination is not a WritableStream');
        return s.startPipe(stream, writable, s.pipeOptions(options));
      } catch (e) {
        return promiseReject(e);
      }
    }

    tee() {
      return readableStreamTee(this.#stream, false);
    }

    values(options) {
      const stream = this.#stream;
      const dict = dictionary(options, 'options');
      const preventCancel = dict !== undefined && !!dict.preventCancel;
      return s.newAsyncIterator(acquireReader(stream, readerProto), preventCancel);
    }

    static {
      newReadableStream = (record) => new ReadableStream(TOKEN, record);
      readableStreamOf = brand((x) => (#stream in x ? x.#stream : undefined));
    }
  }
  expose(ReadableStream, 'ReadableStream', 0, {
    locked: -1, cancel: 0, getReader: 0, pipeThrough: 1, pipeTo: 1, tee: 0, values: 0,
  });
  defineProperty(ReadableStream, 'from', { enumerable: true });
  defineProperty(ReadableStream.prototype, host.asyncIterator, {
    value: ReadableStream.prototype.values, writable: true, configurable: true,
  });

  // Tee (Streams §4.9.1, ReadableStreamDefaultTee). The tee is its reader's only
  // read request.

  const teeProto = {
    __proto__: null,
    next: undefined, reading: false, readAgain: false,
    canceled1: false, canceled2: false, reason1: undefined, reason2: undefined,
    branch1: undefined, branch2: undefined, // controllers

    // A turn is waited for, because an error of the stream needs one to be
    // seen, and must not be overtaken by chunks that were read before it.
    chunk(value) {
      this.value = value;
      microtask(this.deliver);
    },

    close() {
      this.reading = false;
      if (!this.canceled1) controllerClose(this.branch1);
      if (!this.canceled2) controllerClose(this.branch2);
      if (!this.canceled1 || !this.canceled2) this.cancelled.resolve(undefined);
    },

    error() {
      this.reading = false;
    },

    sourceClosed: noop,

    sourceErrored(e) {
      microtask(() => {
        controllerError(this.branch1, e);
        controllerError(this.branch2, e);
        if (!this.canceled1 || !this.canceled2) this.cancelled.resolve(undefined);
      });
    },
  };

  function teeDeliver(tee) {
    const chunk = tee.value;
    tee.value = undefined;
    tee.readAgain = false;
    let chunk2 = chunk;
    if (tee.cloneForBranch2 && !tee.canceled2) {
      try {
        chunk2 = host.structuredClone(chunk);
      } catch (e) {
        controllerError(tee.branch1, e);
        controllerError(tee.branch2, e);
        tee.cancelled.resolve(readableStreamCancel(tee.stream, e));
        return;
      }
    }
    if (!tee.canceled1 && canCloseOrEnqueue(tee.branch1)) controllerEnqueue(tee.branch1, chunk);
    if (!tee.canceled2 && canCloseOrEnqueue(tee.branch2)) controllerEnqueue(tee.branch2, chunk2);
    tee.reading = false;
    if (tee.readAgain) teePull(tee);
  }

  function teePull(tee) {
    if (tee.reading) {
      tee.readAgain = true;
      return;
    }
    tee.reading = true;
    readerRead(tee.reader, tee);
  }

  // The branches' pull and cancel methods, called on the tee. The stream is
  // cancelled once both branches are.

  function teePullMethod() {
    teePull(this);
  }

  function teeCancel1(reason) {
    this.canceled1 = true;
    this.reason1 = reason;
    return teeCancel(this);
  }

  function teeCancel2(reason) {
    this.canceled2 = true;
    this.reason2 = reason;
    return teeCancel(this);
  }

  function teeCancel(tee) {
    if (tee.canceled1 && tee.canceled2) {
      tee.cancelled.resolve(readableStreamCancel(tee.stream, [tee.reason1, tee.reason2]));
    }
    return tee.cancelled.promise;
  }

  function readableStreamTee(stream, cloneForBranch2) {
    if (stream.controller.isByte) return s.bytes.tee(stream);
    const reader = acquireReader(stream, readerProto);
    const tee = {
      __proto__: teeProto, stream, reader, cloneForBranch2,
      value: undefined, deliver: undefined, cancelled: deferred(),
    };
    tee.deliver = () => teeDeliver(tee);
    reader.observer = tee;
    const stream1 = newReadable();
    const stream2 = newReadable();
    tee.branch1 = newController(stream1, 1, undefined, tee, teePullMethod, teeCancel1);
    tee.branch2 = newController(stream2, 1, undefined, tee, teePullMethod, teeCancel2);
    startController(tee.branch1, undefined);
    startController(tee.branch2, undefined);
    if (stream.state === 'errored') tee.sourceErrored(stream.storedError);
    return [newReadableStream(stream1), newReadableStream(stream2)];
  }

  Object.assign(s, {
    newReadable, newReadableStream, readableStreamOf, readableStreamCancel, readableStreamClose, readableStreamError,
    readerProto, addRequest, shiftRequest, acquireReader, releasedError, readerClosed, readerRelease, readerCancel,
    readerRead, promiseRequestProto, readPromise,
    newController, startController, callPullIfNeeded, shouldCallPull, canCloseOrEnqueue, clearAlgorithms, cancelSource,
    desiredSize, controllerClose, controllerEnqueue, controllerError,
    readableStreamTee, teeCancel1, teeCancel2,
  });
  Object.assign(s.exports, { ReadableStream, ReadableStreamDefaultReader, ReadableStreamDefaultController });
})
