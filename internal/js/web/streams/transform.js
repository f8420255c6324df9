// Transform streams (Streams §6).
(function (host, s) {
  'use strict';

  const {
    PromiseCtor, TOKEN, PENDING, RangeErrorCtor, executor, capability, invoke, then, promiseResolve, promiseReject,
    microtask, typeError, illegalConstructor, isObject, deferred, callbackMember, expose,
    queuingStrategy, extractHighWaterMark, extractSizeAlgorithm,
    newReadable, newReadableStream, newController, startController, canCloseOrEnqueue, shouldCallPull,
    controllerClose, controllerEnqueue, controllerError,
    newWritable, newWritableStream, newWritableController, startWritableController, writableErrorIfNeeded,
  } = s;

  let newControllerObject;

  // The record of a transform stream is also that of its controller: nothing
  // tells them apart. It is the source of the readable side's controller and the
  // sink of the writable side's, whose methods below take it as this.
  //
  // [[backpressureChangePromise]] has at most two waiters: a write, which waits
  // for backpressure to end, and a pull, which waits for it to begin.
  const transformProto = {
    __proto__: null,
    backpressure: true, pullWaiting: false, writeWaiting: false, chunk: undefined,
    finish: undefined, turns: 0, onTurn: undefined, onResume: undefined,
    transformer: undefined, argument: undefined, cleared: false,
    transformMethod: undefined, flushMethod: undefined, cancelMethod: undefined,
  };

  function newTransform(transformer, transform, flush, cancel) {
    const ts = { __proto__: transformProto, readable: undefined, writable: undefined };
    if (transformer !== undefined) ts.transformer = transformer;
    if (transform !== undefined) ts.transformMethod = transform;
    if (flush !== undefined) ts.flushMethod = flush;
    if (cancel !== undefined) ts.cancelMethod = cancel;
    return ts;
  }

  // initialize is InitializeTransformStream.
  function initialize(ts, writableHWM, writableSize, readableHWM, readableSize) {
    const writable = newWritable();
    ts.writable = newWritableController(writable, writableHWM, writableSize, ts, sinkWrite, sinkClose, sinkAbort);
    const readable = newReadable();
    ts.readable = newController(readable, readableHWM, readableSize, ts, sourcePull, sourceCancel);
  }

  function start(ts, startResult) {
    let promise;
    if (isObject(startResult)) {
      promise = new PromiseCtor(executor);
      capability.resolve(startResult);
    }
    startWritableController(ts.writable, promise);
    startController(ts.readable, promise);
  }

  function transformError(ts, e) {
    controllerError(ts.readable, e);
    errorWritableAndUnblockWrite(ts, e);
  }

  function errorWritableAndUnblockWrite(ts, e) {
    clearAlgorithms(ts);
    writableErrorIfNeeded(ts.writable, e);
    unblockWrite(ts);
  }

  function unblockWrite(ts) {
    if (ts.backpressure) setBackpressure(ts, false);
  }

  function setBackpressure(ts, backpressure) {
    ts.backpressure = backpressure;
    if (backpressure) {
      if (ts.pullWaiting) {
        ts.pullWaiting = false;
        microtask(ts.readable.onPulled);
      }
    } else if (ts.writeWaiting) {
      ts.writeWaiting = false;
      if (ts.onResume === undefined) ts.onResume = () => resume(ts);
      microtask(ts.onResume);
    }
  }

  function clearAlgorithms(ts) {
    ts.cleared = true;
    ts.transformMethod = ts.flushMethod = ts.cancelMethod = ts.transformer = undefined;
  }

  function enqueue(ts, chunk) {
    const c = ts.readable;
    if (!canCloseOrEnqueue(c)) throw typeError('The readable side is closed or errored');
    try {
      controllerEnqueue(c, chunk);
    } catch (e) {
      // The strategy's size() failed.
      errorWritableAndUnblockWrite(ts, e);
      throw c.stream.storedError;
    }
    if (!ts.backpressure && !shouldCallPull(c)) setBackpressure(ts, true);
  }

  function terminate(ts) {
    controllerClose(ts.readable);
    errorWritableAndUnblockWrite(ts, typeError('The TransformStream has been terminated'));
  }

  // Sink. The turns count the promises that the standard puts between the end
  // of transform() and the writable side's reaction to it: one where the write
  // did not wait, and where it did, one for the promise of the wait to take on
  // that of the transform and one for the reaction.

  function sinkWrite(chunk) {
    if (this.backpressure) {
      this.chunk = chunk;
      this.writeWaiting = true;
    } else {
      performTransform(this, chunk, 1);
    }
    return PENDING;
  }

  function resume(ts) {
    const chunk = ts.chunk;
    ts.chunk = undefined;
    const { stream } = ts.writable;
    if (stream.state === 'erroring') {
      const reason = stream.storedError;
      microtask(() => ts.writable.onWriteFailed(reason));
      return;
    }
    performTransform(ts, chunk, 2);
  }

  function performTransform(ts, chunk, turns) {
    let result;
    try {
      if (ts.transformMethod !== undefined) result = invoke(ts.transformMethod, ts.transformer, chunk, ts.argument);
      else if (!ts.cleared) enqueue(ts, chunk);
      if (isObject(result)) result = promiseResolve(result);
    } catch (e) {
      microtask(() => transformFailed(ts, e, turns));
      return;
    }
    if (isObject(result)) {
      then(result, () => wroteAfter(ts, turns), (e) => transformFailed(ts, e, turns));
    } else {
      wroteAfter(ts, turns + 1);
    }
  }

  function transformFailed(ts, e, turns) {
    transformError(ts, e);
    const failed = () => {
      if (--turns === 0) ts.writable.onWriteFailed(e);
      else microtask(failed);
    };
    microtask(failed);
  }

  function wroteAfter(ts, turns) {
    ts.turns = turns;
    if (ts.onTurn === undefined) {
      ts.onTurn = () => {
        if (--ts.turns === 0) ts.writable.onWritten();
        else microtask(ts.onTurn);
      };
    }
    microtask(ts.onTurn);
  }

  // finishWith calls cancel or flush, once for the stream, and settles what
  // abort(), close() and cancel() wait for.
  function finishWith(ts, method, argument, fulfilled, rejected) {
    if (ts.finish !== undefined) return ts.finish.promise;
    const finish = (ts.finish = deferred());
    let result;
    try {
      if (method !== undefined) result = invoke(method, ts.transformer, argument);
      result = promiseResolve(result);
    } catch (e) {
      result = promiseReject(e);
    }
    clearAlgorithms(ts);
    then(result, () => fulfilled(finish), (e) => {
      rejected(e);
      finish.reject(e);
    });
    return finish.promise;
  }

  function sinkAbort(reason) {
    const { readable } = this;
    return finishWith(this, this.cancelMethod, reason, (finish) => {
      if (readable.stream.state === 'errored') {
        finish.reject(readable.stream.storedError);
      } else {
        controllerError(readable, reason);
        finish.resolve(undefined);
      }
    }, (e) => controllerError(readable, e));
  }

  function sinkClose() {
    const { readable } = this;
    return finishWith(this, this.flushMethod, this.argument, (finish) => {
      if (readable.stream.state === 'errored') {
        finish.reject(readable.stream.storedError);
      } else {
        controllerClose(readable);
        finish.resolve(undefined);
      }
    }, (e) => controllerError(readable, e));
  }

  // Source

  function sourcePull() {
    setBackpressure(this, false);
    this.pullWaiting = true; // the next pull waits for backpressure
    return PENDING;
  }

  function sourceCancel(reason) {
    const { writable } = this;
    return finishWith(this, this.cancelMethod, reason, (finish) => {
      if (writable.stream.state === 'errored') {
        finish.reject(writable.stream.storedError);
      } else {
        writableErrorIfNeeded(writable, reason);
        unblockWrite(this);
        finish.resolve(undefined);
      }
    }, (e) => {
      writableErrorIfNeeded(writable, e);
      unblockWrite(this);
    });
  }

  class TransformStreamDefaultController {
    #transform;

    constructor(token, record) {
      if (token !== TOKEN) throw illegalConstructor();
      this.#transform = record;
    }

    get desiredSize() {
      return s.desiredSize(this.#transform.readable);
    }

    enqueue(chunk) {
      enqueue(this.#transform, chunk);
    }

    error(reason) {
      transformError(this.#transform, reason);
    }

    terminate() {
      terminate(this.#transform);
    }

    static {
      newControllerObject = (record) => new TransformStreamDefaultController(TOKEN, record);
    }
  }
  expose(TransformStreamDefaultController, 'TransformStreamDefaultController', 0, {
    desiredSize: -1, enqueue: 0, error: 0, terminate: 0,
  });

  class TransformStream {
    #readable;
    #writable;

    constructor(transformer, writableStrategy, readableStrategy) {
      if (transformer === TOKEN) {
        this.#writable = writableStrategy;
        this.#readable = readableStrategy;
        return;
      }
      if (transformer !== undefined && !isObject(transformer)) throw typeError('The transformer must be an object');
      const writableDict = queuingStrategy(writableStrategy);
      const readableDict = queuingStrategy(readableStrategy);
      let cancel, flush, startMethod, transform;
      if (transformer !== undefined) {
        cancel = callbackMember(transformer, 'cancel');
        flush = callbackMember(transformer, 'flush');
        const { readableType } = transformer;
        startMethod = callbackMember(transformer, 'start');
        transform = callbackMember(transformer, 'transform');
        const { writableType } = transformer;
        if (readableType !== undefined) throw new RangeErrorCtor('readableType is reserved for future use');
        if (writableType !== undefined) throw new RangeErrorCtor('writableType is reserved for future use');
      }
      const readableHWM = extractHighWaterMark(readableDict, 0);
      const readableSize = extractSizeAlgorithm(readableDict);
      const writableHWM = extractHighWaterMark(writableDict, 1);
      const writableSize = extractSizeAlgorithm(writableDict);
      const ts = newTransform(transformer, transform, flush, cancel);
      initialize(ts, writableHWM, writableSize, readableHWM, readableSize);
      this.#readable = newReadableStream(ts.readable.stream);
      this.#writable = newWritableStream(ts.writable.stream);
      if (startMethod !== undefined || transform !== undefined || flush !== undefined) {
        ts.argument = newControllerObject(ts);
      }
      start(ts, startMethod === undefined ? undefined : invoke(startMethod, transformer, ts.argument));
    }

    get readable() {
      return this.#readable;
    }

    get writable() {
      return this.#writable;
    }

    static {
      s.newTransformStream = (readable, writable) => new TransformStream(TOKEN, writable, readable);
      s.transformSidesOf = s.brand((x) => (#readable in x ? { __proto__: null, readable: x.#readable, writable: x.#writable } : undefined));
    }
  }
  expose(TransformStream, 'TransformStream', 0, { readable: -1, writable: -1 });

  s.newTransform = newTransform;
  s.initializeTransform = initialize;
  s.startTransform = start;
  s.transformEnqueue = enqueue;
  s.exports.TransformStream = TransformStream;
  s.exports.TransformStreamDefaultController = TransformStreamDefaultController;
})
