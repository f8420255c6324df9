// What Go does with streams: s.exports.internals.
//
// A stream argument is a ReadableStream object. A host source is an object that
// Go makes:
//
//   pull(n)        the next bytes, about n at most: a Uint8Array whose buffer
//                  nobody else holds, null at the end, or a promise of either;
//                  never called while a pull is under way
//   cancel(reason) gives the source up; may return a promise
//   read(n, done, fail)  optional, instead of pull and cheaper: calls done with
//                  bytes or null, or fail with an error, once, in a job of its own
//   readAll()      optional: a promise of all the bytes, instead of pulls
//   tee()          optional: an array of two host sources, instead of pulls
//
(function (host, s) {
  'use strict';

  const {
    PromiseCtor, PENDING, EMPTY, executor, capability, then, promiseResolve, promiseReject,
    typeError, isObject, newReadable, newReadableStream, newController, startController, controllerEnqueue,
    controllerClose, controllerError, canCloseOrEnqueue, desiredSize, readableStreamOf, readableStreamCancel,
    readableStreamTee, readerProto, acquireReader, readerRelease, readPromise, bytes,
  } = s;
  const { typedArrayName, typedArrayByteLength, Uint8ArrayCtor, enqueueView } = bytes;
  const isArray = Array.isArray;

  // How much a default reader's read asks a host source for.
  const CHUNK = 65536;

  // Host sources. The state of one is the source of its stream's controller.

  const hostSourceProto = { __proto__: null };

  function fromSource(source) {
    const stream = newReadable();
    const state = { __proto__: hostSourceProto, source, controller: undefined, onChunk: undefined };
    const c = (state.controller = bytes.newController(stream, 0, undefined, state, hostPull, hostCancel));
    c.started = true;
    return newReadableStream(stream);
  }

  function hostPull() {
    const c = this.controller;
    const { pending } = c;
    const n = pending === undefined ? CHUNK : pending.byteLength - pending.bytesFilled;
    if (this.onChunk === undefined) {
      this.onChunk = (chunk) => {
        try {
          deliver(c, chunk);
        } catch (e) {
          c.fail(e);
        }
        c.onPulled();
      };
    }
    if (this.source.read !== undefined) {
      this.source.read(n, this.onChunk, c.onPullFailed);
      return PENDING;
    }
    const result = this.source.pull(n);
    if (isObject(result) && typedArrayName(result) === undefined) {
      then(promiseResolve(result), this.onChunk, c.onPullFailed);
      return PENDING;
    }
    deliver(c, result);
    return undefined;
  }

  function hostCancel(reason) {
    return this.source.cancel(reason);
  }

  function deliver(c, chunk) {
    if (c.stream.state !== 'readable') return; // cancelled meanwhile
    if (chunk === null || chunk === undefined) {
      bytes.controllerClose(c);
      if (c.pending !== undefined) bytes.respond(c, 0);
      return;
    }
    if (typedArrayName(chunk) !== 'Uint8Array') throw typeError('A host source gave what is not a Uint8Array');
    if (typedArrayByteLength(chunk) === 0) c.pullAgain = true;
    else enqueueView(c, chunk);
  }

  // hostState is the state of a stream that nobody has touched.
  function hostState(stream) {
    if (stream.reader !== undefined || stream.disturbed || stream.state !== 'readable') return undefined;
    const { source } = stream.controller;
    return isObject(source) && Object.getPrototypeOf(source) === hostSourceProto ? source : undefined;
  }

  // takeSource takes the host source out of a stream that nobody has touched,
  // and leaves the stream locked and disturbed. It returns undefined where it
  // cannot.
  function takeSource(x) {
    const stream = recordOf(x);
    const state = hostState(stream);
    if (state === undefined) return undefined;
    stream.disturbed = true;
    acquireReader(stream, readerProto);
    return state.source;
  }

  function recordOf(x) {
    const stream = readableStreamOf(x);
    if (stream === undefined) throw typeError('The value is not a ReadableStream');
    return stream;
  }

  // teeForClone is the tee of "clone a body" (Fetch §2.2.4): chunks of the second
  // branch are clones.
  function teeForClone(x) {
    const stream = recordOf(x);
    const state = hostState(stream);
    if (state !== undefined && state.source.tee !== undefined) {
      const branches = takeSource(x).tee();
      return [fromSource(branches[0]), fromSource(branches[1])];
    }
    return readableStreamTee(stream, true);
  }

  // reader is a default reader for Go: read() is a promise of {done, value}.
  const hostReaderProto = {
    __proto__: null,
    read() {
      return readPromise(this.record);
    },
    cancel(reason) {
      return this.record.stream === undefined ? promiseResolve(undefined) : readableStreamCancel(this.record.stream, reason);
    },
    release() {
      if (this.record.stream !== undefined) readerRelease(this.record);
    },
  };

  function reader(x) {
    return { __proto__: hostReaderProto, record: acquireReader(recordOf(x), readerProto) };
  }

  // A pump gives a stream's chunks to sink.write(chunk), which returns undefined
  // or a promise to wait for, and then calls sink.close() or sink.error(e). If
  // write throws or rejects, the stream is cancelled and error is called. The
  // pump is its reader's only read request.
  const pumpProto = {
    __proto__: null,
    next: undefined, ended: false,
    chunk(value) {
      if (pumpWrite(this, value)) pumpRun(this);
    },
    close() {
      if (this.ended) return;
      this.ended = true;
      this.sink.close();
    },
    error(e) {
      if (this.ended) return;
      this.ended = true;
      this.sink.error(e);
    },
  };

  function pumpWrite(p, value) {
    let result;
    try {
      result = p.sink.write(value);
    } catch (e) {
      pumpFail(p, e);
      return false;
    }
    if (!isObject(result)) return true;
    if (p.run === undefined) {
      p.run = () => pumpRun(p);
      p.fail = (e) => pumpFail(p, e);
    }
    then(promiseResolve(result), p.run, p.fail);
    return false;
  }

  function pumpFail(p, e) {
    if (p.ended) return;
    p.ended = true;
    s.markHandled(readableStreamCancel(p.stream, e));
    p.sink.error(e);
  }

  function pumpRun(p) {
    const { stream } = p;
    while (stream.state === 'readable') {
      const chunk = stream.controller.pullNow();
      if (chunk === EMPTY) {
        stream.controller.pullSteps(p);
        return;
      }
      if (!pumpWrite(p, chunk)) return;
    }
    if (stream.state === 'closed') p.close();
    else p.error(stream.storedError);
  }

  // pump starts one, and returns a function of a reason that stops it: the
  // stream is cancelled, and the sink not called again.
  function pump(x, sink) {
    const stream = recordOf(x);
    const p = { __proto__: pumpProto, stream, sink, run: undefined, fail: undefined };
    acquireReader(stream, readerProto);
    stream.disturbed = true;
    pumpRun(p);
    return (reason) => {
      p.ended = true;
      return readableStreamCancel(stream, reason);
    };
  }

  // readAll is a promise of all the bytes of a stream, as one Uint8Array (Fetch
  // §2.2.4, "fully read" a body). It rejects with a TypeError for a chunk that is
  // not a Uint8Array.
  function readAll(x) {
    const stream = recordOf(x);
    const state = hostState(stream);
    if (state !== undefined && state.source.readAll !== undefined) return promiseResolve(takeSource(x).readAll());
    const chunks = [];
    let total = 0;
    let stop;
    let promise;
    try {
      promise = new PromiseCtor(executor);
      const { resolve, reject } = capability;
      stop = pump(x, {
        write(chunk) {
          if (typedArrayName(chunk) !== 'Uint8Array') throw typeError('Received non-Uint8Array chunk');
          chunks[chunks.length] = chunk;
          total += typedArrayByteLength(chunk);
        },
        close: () => resolve(join(chunks, total)),
        error: reject,
      });
    } catch (e) {
      return promiseReject(e);
    }
    return promise;
  }

  function join(chunks, total) {
    const all = new Uint8ArrayCtor(total);
    let at = 0;
    for (let i = 0; i < chunks.length; i++) {
      bytes.typedArraySet(all, chunks[i], at);
      at += typedArrayByteLength(chunks[i]);
    }
    return all;
  }

  // newSource is a stream that Go feeds. options are those of an underlying
  // source, and highWaterMark (0 where it is not given).
  function newSource(options) {
    const stream = newReadable();
    const { pull, cancel, highWaterMark } = options;
    const c = newController(stream, highWaterMark === undefined ? 0 : highWaterMark, undefined, options, pull, cancel);
    startController(c, undefined);
    return {
      __proto__: null,
      readable: newReadableStream(stream),
      // Whether the chunk was taken: it is not when the stream has ended.
      enqueue(chunk) {
        if (!canCloseOrEnqueue(c)) return false;
        controllerEnqueue(c, chunk);
        return true;
      },
      close: () => controllerClose(c),
      error: (e) => controllerError(c, e),
      desiredSize: () => desiredSize(c),
    };
  }

  // transformFrom is a transform stream whose transform(chunk) and flush() return
  // what goes to the readable side: nothing, a chunk, an array of chunks, or a
  // promise of these. cancel(reason) is optional.
  function transformFrom(transformer) {
    const ts = s.newTransform(transformer, hostTransform, transformer.flush && hostFlush, transformer.cancel);
    ts.argument = ts;
    s.initializeTransform(ts, 1, undefined, 0, undefined);
    s.startTransform(ts, undefined);
    return {
      readable: newReadableStream(ts.readable.stream),
      writable: s.newWritableStream(ts.writable.stream),
    };
  }

  function hostTransform(chunk, ts) {
    return emit(ts, this.transform(chunk));
  }

  function hostFlush(ts) {
    return emit(ts, this.flush());
  }

  function emit(ts, result) {
    if (result === undefined || result === null) return undefined;
    if (result instanceof PromiseCtor) return then(result, (r) => emit(ts, r));
    if (isArray(result)) {
      for (let i = 0; i < result.length; i++) s.transformEnqueue(ts, result[i]);
    } else {
      s.transformEnqueue(ts, result);
    }
    return undefined;
  }

  s.exports.internals = {
    fromSource, takeSource, teeForClone, reader, pump, readAll, newSource, transformFrom,
    isReadableStream: (x) => readableStreamOf(x) !== undefined,
    isWritableStream: (x) => s.writableStreamOf(x) !== undefined,
    isDisturbed: (x) => recordOf(x).disturbed,
    isLocked: (x) => recordOf(x).reader !== undefined,
    isErrored: (x) => recordOf(x).state === 'errored',
  };
})
