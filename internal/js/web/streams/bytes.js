// Readable byte streams (Streams §4.5, §4.7, §4.8, §4.9.5): their controllers, BYOB
// readers and requests.
(function (host, s) {
  'use strict';

  const {
    PromiseCtor, RangeErrorCtor, TOKEN, EMPTY, executor, capability, uncurry, promiseReject, typeError,
    illegalConstructor, rejectIllegal, brand, dictionary, enforceRange, requireArguments, expose, getter,
    readableStreamOf, readableStreamClose, readableStreamError, readerProto, addRequest, shiftRequest,
    acquireReader, readerClosed, readerRelease, readerCancel, promiseRequestProto, releasedError,
    callPullIfNeeded, clearAlgorithms, cancelSource, desiredSize,
  } = s;

  let newControllerObject;
  let newRequestObject;
  let byobReaderOf;

  // Buffers and views, whatever scripts do to their prototypes.

  const ArrayBufferCtor = ArrayBuffer;
  const Uint8ArrayCtor = Uint8Array;
  const isView = ArrayBuffer.isView;
  const typedArrayProto = Object.getPrototypeOf(Uint8Array.prototype);
  const typedArrayName = uncurry(getter(typedArrayProto, Symbol.toStringTag)); // undefined for anything else
  const typedArrayBuffer = uncurry(getter(typedArrayProto, 'buffer'));
  const typedArrayByteOffset = uncurry(getter(typedArrayProto, 'byteOffset'));
  const typedArrayByteLength = uncurry(getter(typedArrayProto, 'byteLength'));
  const typedArraySet = uncurry(typedArrayProto.set);
  const dataViewBuffer = uncurry(getter(DataView.prototype, 'buffer'));
  const dataViewByteOffset = uncurry(getter(DataView.prototype, 'byteOffset'));
  const dataViewByteLength = uncurry(getter(DataView.prototype, 'byteLength'));
  const bufferByteLength = uncurry(getter(ArrayBuffer.prototype, 'byteLength'));
  const isDetached = host.isDetached;
  const transfer = host.transferArrayBuffer;

  const viewBuffer = (view) => (typedArrayName(view) === undefined ? dataViewBuffer(view) : typedArrayBuffer(view));
  const viewByteOffset = (view) => (typedArrayName(view) === undefined ? dataViewByteOffset(view) : typedArrayByteOffset(view));
  const viewByteLength = (view) => (typedArrayName(view) === undefined ? dataViewByteLength(view) : typedArrayByteLength(view));

  // The typed array constructors table (ECMAScript §23.2).
  const constructors = {
    __proto__: null,
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    Float32Array, Float64Array, BigInt64Array, BigUint64Array,
  };
  if (typeof Float16Array === 'function') constructors.Float16Array = Float16Array;
  const elementSizes = { __proto__: null };
  for (const name in constructors) elementSizes[name] = constructors[name].BYTES_PER_ELEMENT;

  const copyBytes = host.copyBytes || ((to, toOffset, from, fromOffset, n) => {
    typedArraySet(new Uint8ArrayCtor(to, toOffset, n), new Uint8ArrayCtor(from, fromOffset, n));
  });

  function cloneBuffer(buffer, byteOffset, byteLength) {
    const clone = new ArrayBufferCtor(byteLength);
    if (byteLength > 0) copyBytes(clone, 0, buffer, byteOffset, byteLength);
    return clone;
  }

  // arrayBufferView converts to the IDL type ArrayBufferView, and returns the
  // view's buffer.
  function arrayBufferView(view) {
    if (!isView(view)) throw typeError('The argument is not a view of an ArrayBuffer');
    const buffer = viewBuffer(view);
    bufferByteLength(buffer); // a TypeError for a SharedArrayBuffer
    return buffer;
  }

  // Controllers (Streams §4.9.5). The queue is a list of entries
  // {buffer, byteOffset, byteLength, view}, where view may be the entry as a
  // Uint8Array; pending is a list of pull-into descriptors.

  // exposed tells that a script may hold the buffer, by the BYOB request's view.
  // Only then need it be transferred before it is given to somebody else.
  const descriptorProto = {
    __proto__: null,
    bytesFilled: 0, minimumFill: 1, elementSize: 1, constructor: Uint8ArrayCtor, readerType: 'byob', exposed: false,
    next: undefined,
  };

  function ownBuffer(descriptor) {
    if (!descriptor.exposed) return;
    descriptor.buffer = transfer(descriptor.buffer);
    descriptor.exposed = false;
  }

  const entryProto = { __proto__: null, view: undefined, next: undefined };

  const controllerProto = {
    __proto__: null,
    isByte: true, started: false, closeRequested: false, pulling: false, pullAgain: false,
    source: undefined, pullMethod: undefined, cancelMethod: undefined, argument: undefined,
    onPulled: undefined, onPullFailed: undefined,
    first: undefined, last: undefined, pending: undefined, lastPending: undefined,
    request: undefined, autoAllocateChunkSize: undefined,

    fail(e) {
      controllerError(this, e);
    },

    cancelSteps(reason) {
      clearPendingPullIntos(this);
      this.first = undefined;
      this.total = 0;
      return cancelSource(this, reason);
    },

    pullNow() {
      if (this.total === 0) return EMPTY;
      const entry = this.first;
      this.first = entry.next;
      this.total -= entry.byteLength;
      handleQueueDrain(this);
      return entry.view || new Uint8ArrayCtor(entry.buffer, entry.byteOffset, entry.byteLength);
    },

    pullSteps(request) {
      const chunk = this.pullNow();
      if (chunk !== EMPTY) {
        request.chunk(chunk);
        return;
      }
      const size = this.autoAllocateChunkSize;
      if (size !== undefined) {
        let buffer;
        try {
          buffer = new ArrayBufferCtor(size);
        } catch (e) {
          request.error(e);
          return;
        }
        addPending(this, {
          __proto__: descriptorProto, buffer, bufferByteLength: size, byteOffset: 0, byteLength: size, readerType: 'default',
        });
      }
      addRequest(this.stream.reader, request);
      callPullIfNeeded(this);
    },

    releaseSteps() {
      const first = this.pending;
      if (first === undefined) return;
      first.readerType = 'none';
      first.next = undefined;
      this.lastPending = first;
    },
  };

  function newController(stream, highWaterMark, autoAllocateChunkSize, source, pullMethod, cancelMethod) {
    const c = { __proto__: controllerProto, stream, highWaterMark, total: 0 };
    stream.controller = c;
    if (autoAllocateChunkSize !== undefined) c.autoAllocateChunkSize = autoAllocateChunkSize;
    if (source !== undefined) c.source = source;
    if (pullMethod !== undefined) c.pullMethod = pullMethod;
    if (cancelMethod !== undefined) c.cancelMethod = cancelMethod;
    return c;
  }

  function addPending(c, descriptor) {
    if (c.pending === undefined) c.pending = descriptor;
    else c.lastPending.next = descriptor;
    c.lastPending = descriptor;
  }

  function shiftPending(c) {
    const descriptor = c.pending;
    c.pending = descriptor.next;
    descriptor.next = undefined;
    return descriptor;
  }

  function clearPendingPullIntos(c) {
    invalidateRequest(c);
    c.pending = undefined;
  }

  function controllerClose(c) {
    if (c.closeRequested || c.stream.state !== 'readable') return;
    if (c.total > 0) {
      c.closeRequested = true;
      return;
    }
    const first = c.pending;
    if (first !== undefined && first.bytesFilled % first.elementSize !== 0) {
      const e = typeError('The stream is closed with part of an element in a BYOB view');
      controllerError(c, e);
      throw e;
    }
    clearAlgorithms(c);
    readableStreamClose(c.stream);
  }

  function controllerError(c, e) {
    if (c.stream.state !== 'readable') return;
    clearPendingPullIntos(c);
    c.first = undefined;
    c.total = 0;
    clearAlgorithms(c);
    readableStreamError(c.stream, e);
  }

  // enqueueBytes is ReadableByteStreamControllerEnqueue for bytes that nobody else
  // holds. view is undefined or the bytes as a Uint8Array.
  function enqueueBytes(c, buffer, byteOffset, byteLength, view) {
    const first = c.pending;
    if (first !== undefined) {
      if (first.exposed && isDetached(first.buffer)) throw typeError("The BYOB request's buffer is detached");
      invalidateRequest(c);
      ownBuffer(first);
      if (first.readerType === 'none') enqueueDetachedPullInto(c, first);
    }
    const { reader } = c.stream;
    if (reader === undefined) {
      enqueueEntry(c, buffer, byteOffset, byteLength, view);
    } else if (reader.byob) {
      enqueueEntry(c, buffer, byteOffset, byteLength, view);
      commitAll(c, processPullIntos(c));
    } else {
      // ProcessReadRequestsUsingQueue
      while (reader.first !== undefined && c.total > 0) shiftRequest(reader).chunk(c.pullNow());
      if (reader.first === undefined) {
        enqueueEntry(c, buffer, byteOffset, byteLength, view);
      } else {
        if (c.pending !== undefined) shiftPending(c);
        shiftRequest(reader).chunk(view || new Uint8ArrayCtor(buffer, byteOffset, byteLength));
      }
    }
    callPullIfNeeded(c);
  }

  // enqueueView is enqueueBytes for a Uint8Array whose buffer nobody else holds.
  function enqueueView(c, view) {
    const { reader } = c.stream;
    if (reader !== undefined && !reader.byob && reader.first !== undefined && c.total === 0 && c.pending === undefined) {
      shiftRequest(reader).chunk(view);
      callPullIfNeeded(c);
    } else {
      enqueueBytes(c, typedArrayBuffer(view), typedArrayByteOffset(view), typedArrayByteLength(view), view);
    }
  }

  function enqueueEntry(c, buffer, byteOffset, byteLength, view) {
    const entry = { __proto__: entryProto, buffer, byteOffset, byteLength };
    if (view !== undefined) entry.view = view;
    if (c.first === undefined) c.first = entry;
    else c.last.next = entry;
    c.last = entry;
    c.total += byteLength;
  }

  function enqueueClone(c, buffer, byteOffset, byteLength) {
    let clone;
    try {
      clone = cloneBuffer(buffer, byteOffset, byteLength);
    } catch (e) {
      controllerError(c, e);
      throw e;
    }
    enqueueEntry(c, clone, 0, byteLength, undefined);
  }

  function enqueueDetachedPullInto(c, descriptor) {
    if (descriptor.bytesFilled > 0) enqueueClone(c, descriptor.buffer, descriptor.byteOffset, descriptor.bytesFilled);
    shiftPending(c);
  }

  function handleQueueDrain(c) {
    if (c.total === 0 && c.closeRequested) {
      clearAlgorithms(c);
      readableStreamClose(c.stream);
    } else {
      callPullIfNeeded(c);
    }
  }

  // fillFromQueue is FillPullIntoDescriptorFromQueue: whether the descriptor is
  // ready to be given to its reader.
  function fillFromQueue(c, descriptor) {
    const { elementSize, minimumFill } = descriptor;
    let left = c.total;
    const room = descriptor.byteLength - descriptor.bytesFilled;
    if (room < left) left = room;
    const maxFilled = descriptor.bytesFilled + left;
    const maxAligned = maxFilled - (maxFilled % elementSize);
    let ready = false;
    if (maxAligned >= minimumFill) {
      left = maxAligned - descriptor.bytesFilled;
      ready = true;
    }
    while (left > 0) {
      const entry = c.first;
      const n = entry.byteLength < left ? entry.byteLength : left;
      copyBytes(descriptor.buffer, descriptor.byteOffset + descriptor.bytesFilled, entry.buffer, entry.byteOffset, n);
      if (entry.byteLength === n) {
        c.first = entry.next;
      } else {
        entry.byteOffset += n;
        entry.byteLength -= n;
        entry.view = undefined;
      }
      c.total -= n;
      descriptor.bytesFilled += n;
      left -= n;
    }
    return ready;
  }

  // processPullIntos takes the descriptors that the queue fills off the pending
  // ones, and returns them as a list. They are committed only after that, because
  // a read that a commit leads to must not find them.
  function processPullIntos(c) {
    let first, last;
    while (c.pending !== undefined && c.total > 0) {
      const descriptor = c.pending;
      if (!fillFromQueue(c, descriptor)) break;
      shiftPending(c);
      if (first === undefined) first = descriptor;
      else last.next = descriptor;
      last = descriptor;
    }
    return first;
  }

  function commitAll(c, descriptor) {
    while (descriptor !== undefined) {
      const { next } = descriptor;
      commit(c.stream, descriptor);
      descriptor = next;
    }
  }

  // commit gives a descriptor's view to the first request.
  function commit(stream, descriptor) {
    const view = filledView(descriptor);
    const request = shiftRequest(stream.reader);
    if (stream.state === 'closed') request.close(view);
    else request.chunk(view);
  }

  // The buffer is not exposed here: whoever filled the descriptor has seen to it.
  function filledView(descriptor) {
    return new descriptor.constructor(
      descriptor.buffer, descriptor.byteOffset, descriptor.bytesFilled / descriptor.elementSize,
    );
  }

  // The BYOB request. Its record is made without an object for a tee.

  function getRequest(c) {
    if (c.request === undefined && c.pending !== undefined) {
      const { buffer, byteOffset, byteLength, bytesFilled } = c.pending;
      const view = new Uint8ArrayCtor(buffer, byteOffset + bytesFilled, byteLength - bytesFilled);
      c.pending.exposed = true;
      c.request = { __proto__: null, controller: c, view, object: undefined };
    }
    return c.request;
  }

  function invalidateRequest(c) {
    const { request } = c;
    if (request === undefined) return;
    request.controller = undefined;
    request.view = null;
    c.request = undefined;
  }

  function respond(c, bytesWritten) {
    const first = c.pending;
    checkRespond(c, first, bytesWritten);
    ownBuffer(first);
    respondInternal(c, bytesWritten);
  }

  function checkRespond(c, first, bytesWritten) {
    if (c.stream.state === 'closed') {
      if (bytesWritten !== 0) throw typeError('A closed stream can only be responded to with 0 bytes');
    } else {
      if (bytesWritten === 0) throw typeError('A readable stream must be responded to with at least 1 byte');
      if (first.bytesFilled + bytesWritten > first.byteLength) {
        throw new RangeErrorCtor('More bytes are responded with than the view has room for');
      }
    }
  }

  function respondWithNewView(c, view) {
    const first = c.pending;
    const byteLength = viewByteLength(view);
    if (c.stream.state === 'closed') {
      if (byteLength !== 0) throw typeError('A closed stream can only be responded to with an empty view');
    } else if (byteLength === 0) {
      throw typeError('A readable stream must be responded to with a view that is not empty');
    }
    if (first.byteOffset + first.bytesFilled !== viewByteOffset(view)) {
      throw new RangeErrorCtor('The view does not begin where the BYOB view does');
    }
    const buffer = viewBuffer(view);
    if (first.bufferByteLength !== bufferByteLength(buffer)) {
      throw new RangeErrorCtor("The view's buffer does not have the length of the BYOB view's");
    }
    if (first.bytesFilled + byteLength > first.byteLength) {
      throw new RangeErrorCtor('The view is longer than the BYOB view');
    }
    first.buffer = transfer(buffer);
    first.exposed = false;
    respondInternal(c, byteLength);
  }

  function respondInternal(c, bytesWritten) {
    const first = c.pending;
    invalidateRequest(c);
    if (c.stream.state === 'closed') respondClosed(c, first);
    else respondReadable(c, bytesWritten, first);
    callPullIfNeeded(c);
  }

  function respondClosed(c, first) {
    if (first.readerType === 'none') shiftPending(c);
    const { reader } = c.stream;
    if (reader === undefined || !reader.byob) return;
    // One descriptor for each request, and all of them before the first commit.
    let filled, last;
    for (let request = reader.first; request !== undefined; request = request.next) {
      const descriptor = shiftPending(c);
      if (filled === undefined) filled = descriptor;
      else last.next = descriptor;
      last = descriptor;
    }
    commitAll(c, filled);
  }

  function respondReadable(c, bytesWritten, descriptor) {
    descriptor.bytesFilled += bytesWritten;
    if (descriptor.readerType === 'none') {
      enqueueDetachedPullInto(c, descriptor);
      commitAll(c, processPullIntos(c));
      return;
    }
    if (descriptor.bytesFilled < descriptor.minimumFill) return;
    shiftPending(c);
    const remainder = descriptor.bytesFilled % descriptor.elementSize;
    if (remainder > 0) {
      const end = descriptor.byteOffset + descriptor.bytesFilled;
      enqueueClone(c, descriptor.buffer, end - remainder, remainder);
    }
    descriptor.bytesFilled -= remainder;
    const filled = processPullIntos(c);
    commit(c.stream, descriptor);
    commitAll(c, filled);
  }

  // pullInto takes the slots of the view that is read into; name is undefined for
  // a DataView.
  function pullInto(c, name, viewedBuffer, byteOffset, byteLength, min, request) {
    const { stream } = c;
    let buffer;
    try {
      buffer = transfer(viewedBuffer);
    } catch (e) {
      request.error(e);
      return;
    }
    const descriptor = {
      __proto__: descriptorProto, buffer, bufferByteLength: bufferByteLength(buffer), byteOffset, byteLength, minimumFill: min,
    };
    if (name === undefined) {
      descriptor.constructor = DataView;
    } else if (name !== 'Uint8Array') {
      descriptor.constructor = constructors[name];
      descriptor.elementSize = elementSizes[name];
      descriptor.minimumFill = min * elementSizes[name];
    }
    if (c.pending !== undefined) {
      addPending(c, descriptor);
      addRequest(stream.reader, request);
      return;
    }
    if (stream.state === 'closed') {
      request.close(new descriptor.constructor(buffer, byteOffset, 0));
      return;
    }
    if (c.total > 0) {
      if (fillFromQueue(c, descriptor)) {
        const filled = filledView(descriptor);
        handleQueueDrain(c);
        request.chunk(filled);
        return;
      }
      if (c.closeRequested) {
        const e = typeError('The stream is closing with less than the read asks for');
        controllerError(c, e);
        request.error(e);
        return;
      }
    }
    addPending(c, descriptor);
    addRequest(stream.reader, request);
    callPullIfNeeded(c);
  }

  class ReadableByteStreamController {
    #controller;

    constructor(token, record) {
      if (token !== TOKEN) throw illegalConstructor();
      this.#controller = record;
    }

    get byobRequest() {
      const request = getRequest(this.#controller);
      if (request === undefined) return null;
      if (request.object === undefined) request.object = newRequestObject(request);
      return request.object;
    }

    get desiredSize() {
      return desiredSize(this.#controller);
    }

    close() {
      const c = this.#controller;
      if (c.closeRequested || c.stream.state !== 'readable') throw typeError('The stream is closed, errored or closing already');
      controllerClose(c);
    }

    enqueue(chunk) {
      const c = this.#controller;
      requireArguments(arguments.length, 1);
      const buffer = arrayBufferView(chunk);
      const byteLength = viewByteLength(chunk);
      if (byteLength === 0) throw typeError('The chunk is empty, or its buffer detached');
      if (c.closeRequested || c.stream.state !== 'readable') throw typeError('The stream is closed, errored or closing already');
      const byteOffset = viewByteOffset(chunk);
      enqueueBytes(c, transfer(buffer), byteOffset, byteLength, undefined);
    }

    error(e) {
      controllerError(this.#controller, e);
    }

    static {
      newControllerObject = (record) => new ReadableByteStreamController(TOKEN, record);
    }
  }
  expose(ReadableByteStreamController, 'ReadableByteStreamController', 0, {
    byobRequest: -1, desiredSize: -1, close: 0, enqueue: 1, error: 0,
  });

  class ReadableStreamBYOBRequest {
    #request;

    constructor(token, record) {
      if (token !== TOKEN) throw illegalConstructor();
      this.#request = record;
    }

    get view() {
      return this.#request.view;
    }

    respond(bytesWritten) {
      const request = this.#request;
      requireArguments(arguments.length, 1);
      const n = enforceRange(bytesWritten, 'bytesWritten');
      const { controller, view } = request;
      if (controller === undefined) throw typeError('The BYOB request has been responded to already');
      if (typedArrayByteLength(view) === 0) throw typeError("The BYOB request's buffer is detached");
      respond(controller, n);
    }

    respondWithNewView(view) {
      const request = this.#request;
      requireArguments(arguments.length, 1);
      const buffer = arrayBufferView(view);
      const { controller } = request;
      if (controller === undefined) throw typeError('The BYOB request has been responded to already');
      if (isDetached(buffer)) throw typeError('The buffer of the view is detached');
      respondWithNewView(controller, view);
    }

    static {
      newRequestObject = (record) => new ReadableStreamBYOBRequest(TOKEN, record);
    }
  }
  expose(ReadableStreamBYOBRequest, 'ReadableStreamBYOBRequest', 0, { view: -1, respond: 1, respondWithNewView: 1 });

  // BYOB readers

  const byobReaderProto = { __proto__: readerProto, byob: true };

  function acquireByobReader(stream) {
    if (stream.reader === undefined && !stream.controller.isByte) throw typeError('The ReadableStream is not a byte stream');
    return acquireReader(stream, byobReaderProto);
  }

  // ReadableStreamBYOBReaderRead
  function byobRead(reader, name, buffer, byteOffset, byteLength, min, request) {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === 'errored') request.error(stream.storedError);
    else pullInto(stream.controller, name, buffer, byteOffset, byteLength, min, request);
  }

  function readViewPromise(reader, view, options) {
    const buffer = arrayBufferView(view);
    const dict = dictionary(options, 'options');
    let min = dict === undefined ? undefined : dict.min;
    min = min === undefined ? 1 : enforceRange(min, 'min');
    const name = typedArrayName(view);
    const byteLength = name === undefined ? dataViewByteLength(view) : typedArrayByteLength(view);
    if (byteLength === 0) throw typeError('The view is empty, or its buffer detached');
    if (min !== 1) {
      if (min === 0) throw typeError('min must be positive');
      if (min > (name === undefined ? byteLength : byteLength / elementSizes[name])) {
        throw new RangeErrorCtor('min is more than the view can hold');
      }
    }
    if (reader.stream === undefined) throw releasedError();
    const byteOffset = name === undefined ? dataViewByteOffset(view) : typedArrayByteOffset(view);
    const promise = new PromiseCtor(executor);
    byobRead(reader, name, buffer, byteOffset, byteLength, min, {
      __proto__: promiseRequestProto, resolve: capability.resolve, reject: capability.reject,
    });
    return promise;
  }

  class ReadableStreamBYOBReader {
    #reader;

    constructor(stream) {
      requireArguments(arguments.length, 1);
      const record = readableStreamOf(stream);
      if (record === undefined) throw typeError('The argument is not a ReadableStream');
      this.#reader = acquireByobReader(record);
    }

    get closed() {
      const reader = byobReaderOf(this);
      if (reader === undefined) return rejectIllegal('ReadableStreamBYOBReader');
      return readerClosed(reader);
    }

    cancel(reason) {
      const reader = byobReaderOf(this);
      if (reader === undefined) return rejectIllegal('ReadableStreamBYOBReader');
      return readerCancel(reader, reason);
    }

    read(view, options) {
      try {
        const reader = this.#reader;
        requireArguments(arguments.length, 1);
        return readViewPromise(reader, view, options);
      } catch (e) {
        return promiseReject(e);
      }
    }

    releaseLock() {
      const reader = this.#reader;
      if (reader.stream !== undefined) readerRelease(reader);
    }

    static {
      byobReaderOf = brand((x) => (#reader in x ? x.#reader : undefined));
    }
  }
  expose(ReadableStreamBYOBReader, 'ReadableStreamBYOBReader', 1, { closed: -1, cancel: 0, read: 1, releaseLock: 0 });

  s.bytes = {
    __proto__: null, newController, newControllerObject, controllerClose, controllerError, enqueueView, respond, respondWithNewView,
    getRequest, acquireByobReader, byobRead, ReadableStreamBYOBReader,
    typedArrayName, typedArrayBuffer, typedArrayByteOffset, typedArrayByteLength, typedArraySet, Uint8ArrayCtor,
  };
  s.exports.ReadableStreamBYOBReader = ReadableStreamBYOBReader;
  s.exports.ReadableByteStreamController = ReadableByteStreamController;
  s.exports.ReadableStreamBYOBRequest = ReadableStreamBYOBRequest;
})
