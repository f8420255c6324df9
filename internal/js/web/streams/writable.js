// Writable streams (Streams §5) and pipes (§4.9.1, ReadableStreamPipeTo).
(function (host, s) {
  'use strict';

  const {
    PromiseCtor, TOKEN, EMPTY, invoke, uncurry, then, promiseResolve, promiseReject, microtask,
    noop, typeError, illegalConstructor, rejectIllegal, isObject, brand, RangeErrorCtor, deferred,
    executor, capability, react, newLatch, latchPromise, latchResolve, latchReject, latchReset,
    dictionary, callbackMember, requireArguments, expose,
    queuingStrategy, extractHighWaterMark, extractSizeAlgorithm, checkSize,
  } = s;

  let newWritableStream; // record → object
  let writableStreamOf; // anything → record, undefined if it is no WritableStream
  let newControllerObject;
  let writerOf;

  const writableProto = {
    __proto__: null, storedError: undefined, writer: undefined, controller: undefined, backpressure: false,
    inFlightWrite: undefined, closeRequest: undefined, inFlightClose: undefined, closing: false, pendingAbort: undefined,
  };

  // closing is WritableStreamCloseQueuedOrInFlight: closeRequest or inFlightClose
  // is set.
  function newWritable() {
    return { __proto__: writableProto, state: 'writable' };
  }

  function writableStreamAbort(stream, reason) {
    if (stream.state === 'closed' || stream.state === 'errored') return promiseResolve(undefined);
    signalAbort(stream.controller, reason);
    const state = stream.state; // the signal's listeners may have changed it
    if (state === 'closed' || state === 'errored') return promiseResolve(undefined);
    if (stream.pendingAbort !== undefined) return stream.pendingAbort.request.promise;
    const wasAlreadyErroring = state === 'erroring';
    const request = deferred();
    stream.pendingAbort = { __proto__: null, request, reason: wasAlreadyErroring ? undefined : reason, wasAlreadyErroring };
    if (!wasAlreadyErroring) startErroring(stream, reason);
    return request.promise;
  }

  function writableStreamClose(stream) {
    if (stream.state === 'closed' || stream.state === 'errored') {
      return promiseReject(typeError(`The WritableStream is ${stream.state}`));
    }
    const request = (stream.closeRequest = deferred());
    stream.closing = true;
    const writer = stream.writer;
    if (writer !== undefined && stream.backpressure && stream.state === 'writable') latchResolve(writer.ready);
    append(stream.controller, closeEntry);
    advanceQueueIfNeeded(stream.controller);
    return request.promise;
  }

  function dealWithRejection(stream, error) {
    if (stream.state === 'writable') startErroring(stream, error);
    else finishErroring(stream);
  }

  function startErroring(stream, reason) {
    stream.state = 'erroring';
    stream.storedError = reason;
    if (stream.writer !== undefined) latchReject(stream.writer.ready, reason);
    if (stream.inFlightWrite === undefined && stream.inFlightClose === undefined && stream.controller.started) {
      finishErroring(stream);
    }
  }

  function finishErroring(stream) {
    stream.state = 'errored';
    const c = stream.controller;
    let entry = c.first;
    c.first = undefined;
    c.total = 0;
    for (; entry !== undefined; entry = entry.next) entry.reject(stream.storedError);
    const abort = stream.pendingAbort;
    if (abort === undefined) {
      rejectCloseAndClosed(stream);
      return;
    }
    stream.pendingAbort = undefined;
    if (abort.wasAlreadyErroring) {
      abort.request.reject(stream.storedError);
      rejectCloseAndClosed(stream);
      return;
    }
    // [[AbortSteps]]
    let result;
    try {
      if (c.abortMethod !== undefined) result = invoke(c.abortMethod, c.sink, abort.reason);
      result = promiseResolve(result);
    } catch (e) {
      result = promiseReject(e);
    }
    clearAlgorithms(c);
    then(result, () => {
      abort.request.resolve(undefined);
      rejectCloseAndClosed(stream);
    }, (e) => {
      abort.request.reject(e);
      rejectCloseAndClosed(stream);
    });
  }

  function rejectCloseAndClosed(stream) {
    if (stream.closeRequest !== undefined) {
      stream.closeRequest.reject(stream.storedError);
      stream.closeRequest = undefined;
      stream.closing = false;
    }
    const writer = stream.writer;
    if (writer !== undefined) {
      latchReject(writer.closed, stream.storedError);
      if (writer.observer !== undefined) writer.observer.destErrored(stream.storedError);
    }
  }

  function updateBackpressure(stream, backpressure) {
    if (backpressure === stream.backpressure) return;
    stream.backpressure = backpressure;
    const writer = stream.writer;
    if (writer === undefined) return;
    if (backpressure) {
      latchReset(writer.ready);
    } else {
      latchResolve(writer.ready);
      if (writer.observer !== undefined) writer.observer.destReady();
    }
  }

  // Writers. writer.observer is told what its promises would tell.

  const writerProto = { __proto__: null, observer: undefined };

  const releasedError = () => typeError('The writer has been released');

  function acquireWriter(stream) {
    if (stream.writer !== undefined) throw typeError('The WritableStream is locked to a writer');
    const ready = newLatch();
    const closed = newLatch();
    const { state, storedError } = stream;
    if (state === 'erroring' || state === 'errored') latchReject(ready, storedError);
    else if (state === 'closed' || !stream.backpressure || stream.closing) latchResolve(ready);
    if (state === 'closed') latchResolve(closed);
    else if (state === 'errored') latchReject(closed, storedError);
    return (stream.writer = { __proto__: writerProto, stream, ready, closed });
  }

  function writerRelease(writer) {
    const error = releasedError();
    latchReject(writer.ready, error);
    latchReject(writer.closed, error);
    writer.stream.writer = undefined;
    writer.stream = undefined;
    writer.observer = undefined;
  }

  // checkWrite is the part of WritableStreamDefaultWriterWrite that may fail. It
  // returns the chunk's size.
  function checkWrite(writer, chunk) {
    const stream = writer.stream;
    if (stream === undefined) throw releasedError();
    const c = stream.controller;
    let size = 1;
    if (c.sizeAlgorithm !== undefined) {
      try {
        size = +invoke(c.sizeAlgorithm, undefined, chunk);
      } catch (e) {
        errorIfNeeded(c, e);
      }
      if (stream !== writer.stream) throw releasedError();
    }
    const state = stream.state;
    if (state === 'errored') throw stream.storedError;
    if (state === 'closed' || stream.closing) throw typeError('The WritableStream is closed or closing');
    if (state === 'erroring') throw stream.storedError;
    return size;
  }

  class WritableStreamDefaultWriter {
    #writer;

    constructor(stream) {
      requireArguments(arguments.length, 1);
      const record = writableStreamOf(stream);
      if (record === undefined) throw typeError('The argument is not a WritableStream');
      this.#writer = acquireWriter(record);
    }

    get closed() {
      const writer = writerOf(this);
      if (writer === undefined) return rejectIllegal('WritableStreamDefaultWriter');
      return latchPromise(writer.closed);
    }

    get desiredSize() {
      const stream = this.#writer.stream;
      if (stream === undefined) throw releasedError();
      return desiredSize(stream);
    }

    get ready() {
      const writer = writerOf(this);
      if (writer === undefined) return rejectIllegal('WritableStreamDefaultWriter');
      return latchPromise(writer.ready);
    }

    abort(reason) {
      const writer = writerOf(this);
      if (writer === undefined) return rejectIllegal('WritableStreamDefaultWriter');
      if (writer.stream === undefined) return promiseReject(releasedError());
      return writableStreamAbort(writer.stream, reason);
    }

    close() {
      const writer = writerOf(this);
      if (writer === undefined) return rejectIllegal('WritableStreamDefaultWriter');
      const stream = writer.stream;
      if (stream === undefined) return promiseReject(releasedError());
      if (stream.closing) return promiseReject(typeError('The WritableStream is closing already'));
      return writableStreamClose(stream);
    }

    releaseLock() {
      const writer = this.#writer;
      if (writer.stream !== undefined) writerRelease(writer);
    }

    write(chunk) {
      let writer;
      try {
        writer = this.#writer; // cheaper than asking first
      } catch {
        return rejectIllegal('WritableStreamDefaultWriter');
      }
      let size;
      try {
        size = checkWrite(writer, chunk);
      } catch (e) {
        return promiseReject(e);
      }
      const promise = new PromiseCtor(executor);
      controllerWrite(writer.stream.controller, {
        __proto__: entryProto, chunk, size, resolve: capability.resolve, reject: capability.reject,
      });
      return promise;
    }

    static {
      writerOf = brand((x) => (#writer in x ? x.#writer : undefined));
    }
  }
  expose(WritableStreamDefaultWriter, 'WritableStreamDefaultWriter', 1, {
    closed: -1, desiredSize: -1, ready: -1, abort: 0, close: 0, releaseLock: 0, write: 0,
  });

  // Controllers (Streams §5.5.4). The queue is a list of entries, each a chunk
  // together with its write request; the last may be the close sentinel. The
  // entry of the write in flight stays first until the write has ended.

  const entryProto = { __proto__: null, next: undefined };
  const closeEntry = { __proto__: null, size: 0, next: undefined, reject: noop };

  const controllerProto = {
    __proto__: null,
    started: false, first: undefined, last: undefined, sizeAlgorithm: undefined, argument: undefined,
    sink: undefined, writeMethod: undefined, closeMethod: undefined, abortMethod: undefined,
    onWritten: undefined, onWriteFailed: undefined,
    abortController: undefined, aborted: false, abortReason: undefined,
  };

  // newController makes a stream's controller; startController lets it write
  // once its sink has started.
  function newController(stream, highWaterMark, sizeAlgorithm, sink, writeMethod, closeMethod, abortMethod) {
    const c = { __proto__: controllerProto, stream, highWaterMark, total: 0 };
    stream.controller = c;
    if (sizeAlgorithm !== undefined) c.sizeAlgorithm = sizeAlgorithm;
    if (sink !== undefined) c.sink = sink;
    if (writeMethod !== undefined) c.writeMethod = writeMethod;
    if (closeMethod !== undefined) c.closeMethod = closeMethod;
    if (abortMethod !== undefined) c.abortMethod = abortMethod;
    if (highWaterMark <= 0) stream.backpressure = true;
    return c;
  }

  function startController(c, startResult) {
    react(startResult, () => {
      c.started = true;
      advanceQueueIfNeeded(c);
    }, (e) => {
      c.started = true;
      dealWithRejection(c.stream, e);
    });
  }

  function append(c, entry) {
    if (c.first === undefined) c.first = entry;
    else c.last.next = entry;
    c.last = entry;
  }

  // shift removes the entry of the write in flight.
  function shift(c, entry) {
    c.first = entry.next;
    c.total -= entry.size;
    if (c.total < 0) c.total = 0; // rounding
  }

  function controllerWrite(c, entry) {
    append(c, entry);
    try {
      checkSize(entry.size);
    } catch (e) {
      entry.size = 0;
      errorIfNeeded(c, e);
      return;
    }
    c.total += entry.size;
    const stream = c.stream;
    if (stream.state === 'writable' && !stream.closing) {
      updateBackpressure(stream, c.highWaterMark <= c.total);
    }
    advanceQueueIfNeeded(c);
  }

  function advanceQueueIfNeeded(c) {
    const stream = c.stream;
    if (!c.started || stream.inFlightWrite !== undefined) return;
    if (stream.state === 'erroring') {
      finishErroring(stream);
      return;
    }
    if (c.first === undefined) return;
    if (c.first === closeEntry) processClose(c);
    else processWrite(c, c.first);
  }

  function processWrite(c, entry) {
    c.stream.inFlightWrite = entry;
    if (c.onWritten === undefined) {
      c.onWritten = () => writeDone(c);
      c.onWriteFailed = (e) => writeFailed(c, e);
    }
    let result;
    if (c.writeMethod !== undefined) {
      try {
        result = invoke(c.writeMethod, c.sink, entry.chunk, c.argument);
      } catch (e) {
        microtask(() => writeFailed(c, e));
        return;
      }
    }
    react(result, c.onWritten, c.onWriteFailed);
  }

  function writeDone(c) {
    const stream = c.stream;
    const entry = stream.inFlightWrite;
    stream.inFlightWrite = undefined;
    entry.resolve(undefined);
    shift(c, entry);
    if (stream.state === 'writable' && !stream.closing) {
      updateBackpressure(stream, c.highWaterMark <= c.total);
    }
    advanceQueueIfNeeded(c);
  }

  function writeFailed(c, e) {
    const stream = c.stream;
    if (stream.state === 'writable') clearAlgorithms(c);
    const entry = stream.inFlightWrite;
    stream.inFlightWrite = undefined;
    entry.reject(e);
    shift(c, entry);
    dealWithRejection(stream, e);
  }

  function processClose(c) {
    const stream = c.stream;
    stream.inFlightClose = stream.closeRequest;
    stream.closeRequest = undefined;
    c.first = undefined;
    let result;
    try {
      if (c.closeMethod !== undefined) result = invoke(c.closeMethod, c.sink);
      result = promiseResolve(result);
    } catch (e) {
      result = promiseReject(e);
    }
    clearAlgorithms(c);
    then(result, () => closeDone(stream), (e) => closeFailed(stream, e));
  }

  function closeDone(stream) {
    stream.inFlightClose.resolve(undefined);
    stream.inFlightClose = undefined;
    stream.closing = false;
    if (stream.state === 'erroring') {
      stream.storedError = undefined;
      if (stream.pendingAbort !== undefined) {
        stream.pendingAbort.request.resolve(undefined);
        stream.pendingAbort = undefined;
      }
    }
    stream.state = 'closed';
    if (stream.writer !== undefined) latchResolve(stream.writer.closed);
  }

  function closeFailed(stream, e) {
    stream.inFlightClose.reject(e);
    stream.inFlightClose = undefined;
    stream.closing = false;
    if (stream.pendingAbort !== undefined) {
      stream.pendingAbort.request.reject(e);
      stream.pendingAbort = undefined;
    }
    dealWithRejection(stream, e);
  }

  function clearAlgorithms(c) {
    c.writeMethod = c.closeMethod = c.abortMethod = c.sizeAlgorithm = c.sink = undefined;
  }

  function errorIfNeeded(c, e) {
    if (c.stream.state !== 'writable') return;
    clearAlgorithms(c);
    startErroring(c.stream, e);
  }

  function desiredSize(stream) {
    const state = stream.state;
    if (state === 'errored' || state === 'erroring') return null;
    if (state === 'closed') return 0;
    return stream.controller.highWaterMark - stream.controller.total;
  }

  // The AbortController is made when a script asks for the signal.

  let abortOf, signalOf;

  function controllerSignal(c) {
    if (c.abortController === undefined) {
      const { AbortController } = host;
      if (abortOf === undefined) {
        abortOf = uncurry(AbortController.prototype.abort);
        signalOf = uncurry(s.getter(AbortController.prototype, 'signal'));
      }
      c.abortController = new AbortController();
      if (c.aborted) abortOf(c.abortController, c.abortReason);
    }
    return signalOf(c.abortController);
  }

  function signalAbort(c, reason) {
    if (c.aborted) return;
    c.aborted = true;
    c.abortReason = reason;
    if (c.abortController !== undefined) abortOf(c.abortController, reason);
  }

  class WritableStreamDefaultController {
    #controller;

    constructor(token, record) {
      if (token !== TOKEN) throw illegalConstructor();
      this.#controller = record;
    }

    get signal() {
      return controllerSignal(this.#controller);
    }

    error(e) {
      errorIfNeeded(this.#controller, e);
    }

    static {
      newControllerObject = (record) => new WritableStreamDefaultController(TOKEN, record);
    }
  }
  expose(WritableStreamDefaultController, 'WritableStreamDefaultController', 0, { signal: -1, error: 0 });

  class WritableStream {
    #stream;

    constructor(underlyingSink, strategy) {
      if (underlyingSink === TOKEN) {
        this.#stream = strategy;
        return;
      }
      if (underlyingSink !== undefined && !isObject(underlyingSink)) {
        throw typeError('The underlying sink must be an object');
      }
      const strategyDict = queuingStrategy(strategy);
      const stream = (this.#stream = newWritable());
      let abort, close, start, write;
      if (underlyingSink !== undefined) {
        abort = callbackMember(underlyingSink, 'abort');
        close = callbackMember(underlyingSink, 'close');
        start = callbackMember(underlyingSink, 'start');
        const type = underlyingSink.type;
        write = callbackMember(underlyingSink, 'write');
        if (type !== undefined) throw new RangeErrorCtor('type is reserved for future use');
      }
      const sizeAlgorithm = extractSizeAlgorithm(strategyDict);
      const highWaterMark = extractHighWaterMark(strategyDict, 1);
      const c = newController(stream, highWaterMark, sizeAlgorithm, underlyingSink, write, close, abort);
      if (start !== undefined || write !== undefined) c.argument = newControllerObject(c);
      startController(c, start === undefined ? undefined : invoke(start, underlyingSink, c.argument));
    }

    get locked() {
      return this.#stream.writer !== undefined;
    }

    abort(reason) {
      const stream = writableStreamOf(this);
      if (stream === undefined) return rejectIllegal('WritableStream');
      if (stream.writer !== undefined) return promiseReject(typeError('The WritableStream is locked to a writer'));
      return writableStreamAbort(stream, reason);
    }

    close() {
      const stream = writableStreamOf(this);
      if (stream === undefined) return rejectIllegal('WritableStream');
      if (stream.writer !== undefined) return promiseReject(typeError('The WritableStream is locked to a writer'));
      if (stream.closing) return promiseReject(typeError('The WritableStream is closing already'));
      return writableStreamClose(stream);
    }

    getWriter() {
      this.#stream;
      return new WritableStreamDefaultWriter(this);
    }

    static {
      newWritableStream = (record) => new WritableStream(TOKEN, record);
      writableStreamOf = brand((x) => (#stream in x ? x.#stream : undefined));
    }
  }
  expose(WritableStream, 'WritableStream', 0, { locked: -1, abort: 0, close: 0, getWriter: 0 });

  // Pipes. A pipe is its reader's only read request, and observes its reader
  // and writer. It waits a turn where it acts on what somebody else's call did,
  // so that enqueue() never runs a sink's write() and error() no cancel().

  const pipeProto = {
    __proto__: null,
    next: undefined, reading: false, held: EMPTY, writes: 0, shuttingDown: false, whenIdle: undefined,
    removeAbort: undefined,

    chunk(value) {
      this.reading = false;
      this.held = value;
      microtask(this.deliver);
    },
    close() {
      this.reading = false;
    },
    error() {
      this.reading = false;
    },

    sourceErrored(e) {
      microtask(() => pipeSourceErrored(this, e));
    },
    sourceClosed() {
      microtask(() => pipeSourceClosed(this));
    },
    destErrored(e) {
      microtask(() => pipeDestErrored(this, e));
    },
    destReady() {
      microtask(this.pump);
    },
  };

  const pipeWriteProto = {
    __proto__: null,
    next: undefined,
    resolve() {
      pipeWritten(this.pipe);
    },
    reject() {
      pipeWritten(this.pipe); // the writer's observer hears of the error
    },
  };

  function pipeWrite(p, chunk) {
    let size;
    try {
      size = checkWrite(p.writer, chunk);
    } catch {
      return; // the destination is failing, of which the observer is told
    }
    p.writes++;
    controllerWrite(p.dest.controller, { __proto__: pipeWriteProto, pipe: p, chunk, size });
  }

  function pipeWritten(p) {
    p.writes--;
    if (p.whenIdle !== undefined) pipeIdle(p);
  }

  function pipeIdle(p) {
    if (p.whenIdle === undefined || p.writes > 0 || p.held !== EMPTY) return;
    const { whenIdle } = p;
    p.whenIdle = undefined;
    microtask(whenIdle);
  }

  // pump reads while the destination has room.
  function pump(p) {
    const { source, dest } = p;
    const c = dest.controller;
    while (
      !p.shuttingDown && !p.reading && p.held === EMPTY &&
      source.state === 'readable' && dest.state === 'writable' && c.highWaterMark > c.total
    ) {
      const chunk = source.controller.pullNow();
      if (chunk === EMPTY) {
        p.reading = true;
        source.controller.pullSteps(p);
        return;
      }
      pipeWrite(p, chunk);
    }
  }

  function pipeSourceErrored(p, e) {
    shutdown(p, p.preventAbort ? undefined : () => writableStreamAbort(p.dest, e), true, e);
  }

  function pipeDestErrored(p, e) {
    shutdown(p, p.preventCancel ? undefined : () => s.readableStreamCancel(p.source, e), true, e);
  }

  function pipeSourceClosed(p) {
    shutdown(p, p.preventClose ? undefined : () => closeWithErrorPropagation(p.dest), false, undefined);
  }

  // WritableStreamDefaultWriterCloseWithErrorPropagation
  function closeWithErrorPropagation(dest) {
    if (dest.state === 'closed' || dest.closing) return promiseResolve(undefined);
    if (dest.state === 'errored') return promiseReject(dest.storedError);
    return writableStreamClose(dest);
  }

  // shutdown is "shutdown with an action", and "shutdown" where action is
  // undefined.
  function shutdown(p, action, failed, error) {
    if (p.shuttingDown) return;
    p.shuttingDown = true;
    const rest = () => {
      if (action === undefined) {
        finalize(p, failed, error);
        return;
      }
      then(action(), () => finalize(p, failed, error), (e) => finalize(p, true, e));
    };
    if (p.dest.state === 'writable' && !p.dest.closing) {
      p.whenIdle = rest;
      pipeIdle(p);
    } else {
      rest();
    }
  }

  function finalize(p, failed, error) {
    writerRelease(p.writer);
    s.readerRelease(p.reader);
    if (p.removeAbort !== undefined) p.removeAbort();
    if (failed) p.done.reject(error);
    else p.done.resolve(undefined);
  }

  // Both promises of "getting a promise to wait for all".
  function waitForBoth(a, b) {
    const all = deferred();
    let left = 2;
    const settled = () => {
      if (--left === 0) all.resolve(undefined);
    };
    then(a, settled, all.reject);
    then(b, settled, all.reject);
    return all.promise;
  }

  function pipeAborted(p, reason) {
    const { source, dest } = p;
    const abort = () => (dest.state === 'writable' ? writableStreamAbort(dest, reason) : promiseResolve(undefined));
    const cancel = () => (source.state === 'readable' ? s.readableStreamCancel(source, reason) : promiseResolve(undefined));
    let action;
    if (!p.preventAbort && !p.preventCancel) action = () => waitForBoth(abort(), cancel());
    else if (!p.preventAbort) action = abort;
    else if (!p.preventCancel) action = cancel;
    shutdown(p, action, true, reason);
  }

  // AbortSignal is looked up when a pipe is first given one.
  let signalOps;

  function abortSignalOps() {
    if (signalOps !== undefined) return signalOps;
    const proto = host.AbortSignal.prototype;
    const addEventListener = uncurry(proto.addEventListener);
    const removeEventListener = uncurry(proto.removeEventListener);
    signalOps = {
      __proto__: null,
      aborted: uncurry(s.getter(proto, 'aborted')), // throws a TypeError for what is no signal
      reason: uncurry(s.getter(proto, 'reason')),
      add: host.addAbortAlgorithm || ((signal, algorithm) => {
        addEventListener(signal, 'abort', algorithm);
        return () => removeEventListener(signal, 'abort', algorithm);
      }),
    };
    return signalOps;
  }

  function pipeOptions(options) {
    const dict = dictionary(options, 'options');
    const p = {
      __proto__: pipeProto, preventAbort: false, preventCancel: false, preventClose: false, signal: undefined,
    };
    if (dict !== undefined) {
      p.preventAbort = !!dict.preventAbort;
      p.preventCancel = !!dict.preventCancel;
      p.preventClose = !!dict.preventClose;
      p.signal = dict.signal;
      if (p.signal !== undefined) {
        if (!isObject(p.signal)) throw typeError('signal is not an AbortSignal');
        abortSignalOps().aborted(p.signal);
      }
    }
    return p;
  }

  // startPipe pipes as the record that pipeOptions made says.
  function startPipe(source, dest, p) {
    if (source.reader !== undefined) throw typeError('The ReadableStream is locked to a reader');
    if (dest.writer !== undefined) throw typeError('The WritableStream is locked to a writer');
    p.source = source;
    p.dest = dest;
    p.reader = s.acquireReader(source, s.readerProto);
    p.writer = acquireWriter(dest);
    p.done = deferred();
    p.pump = () => pump(p);
    p.deliver = () => {
      const chunk = p.held;
      p.held = EMPTY;
      pipeWrite(p, chunk);
      pipeIdle(p);
      pump(p);
    };
    source.disturbed = true;

    if (p.signal !== undefined) {
      const ops = abortSignalOps();
      const aborted = () => pipeAborted(p, ops.reason(p.signal));
      if (ops.aborted(p.signal)) {
        aborted();
        return p.done.promise;
      }
      p.removeAbort = ops.add(p.signal, aborted);
    }

    p.reader.observer = p;
    p.writer.observer = p;
    if (source.state === 'errored') pipeSourceErrored(p, source.storedError);
    if (dest.state === 'errored') pipeDestErrored(p, dest.storedError);
    if (source.state === 'closed') pipeSourceClosed(p);
    if (dest.state === 'closed' || dest.closing) {
      pipeDestErrored(p, typeError('The destination is closed or closing'));
    }
    if (!p.shuttingDown) microtask(p.pump);
    return p.done.promise;
  }

  s.newWritable = newWritable;
  s.newWritableStream = newWritableStream;
  s.writableStreamOf = writableStreamOf;
  s.newWritableController = newController;
  s.startWritableController = startController;
  s.writableErrorIfNeeded = errorIfNeeded;
  s.writableStreamAbort = writableStreamAbort;
  s.pipeOptions = pipeOptions;
  s.startPipe = startPipe;
  s.exports.WritableStream = WritableStream;
  s.exports.WritableStreamDefaultWriter = WritableStreamDefaultWriter;
  s.exports.WritableStreamDefaultController = WritableStreamDefaultController;
})
