// The tee of byte streams (Streams §4.9.1, ReadableByteStreamTee).
(function (host, s) {
  'use strict';

  const {
    noop, microtask, deferred, newReadable, newReadableStream, readableStreamCancel, readerProto, acquireReader, readerRelease,
    readerRead, startController, teeCancel1, teeCancel2,
  } = s;
  const {
    newController, controllerClose, controllerError, enqueueView, respond, respondWithNewView, getRequest, acquireByobReader,
    byobRead, typedArrayBuffer, typedArrayByteOffset, typedArrayByteLength, typedArraySet, Uint8ArrayCtor,
  } = s.bytes;

  // branch1 and branch2 are controllers; the reader is a default or a BYOB one, as
  // the branch that pulls asks for. At most one read is under way, so one request
  // object of each kind will do.

  const teeProto = {
    __proto__: null,
    reading: false, readAgain1: false, readAgain2: false,
    canceled1: false, canceled2: false, reason1: undefined, reason2: undefined,
    branch1: undefined, branch2: undefined, reader: undefined,
    value: undefined, forBranch2: false, request: undefined, byobRequest: undefined,
  };

  const teeObserverProto = {
    __proto__: null,
    sourceClosed: noop,
    sourceErrored(e) {
      microtask(() => {
        const { tee } = this;
        if (this.reader !== tee.reader) return;
        controllerError(tee.branch1, e);
        controllerError(tee.branch2, e);
        if (!tee.canceled1 || !tee.canceled2) tee.cancelled.resolve(undefined);
      });
    },
  };

  function teeAcquire(tee, acquire) {
    if (tee.reader !== undefined) readerRelease(tee.reader);
    const { stream } = tee;
    const reader = (tee.reader = acquire(stream, readerProto));
    reader.observer = { __proto__: teeObserverProto, tee, reader };
    if (stream.state === 'errored') reader.observer.sourceErrored(stream.storedError);
  }

  function teeFailed(tee, e) {
    controllerError(tee.branch1, e);
    controllerError(tee.branch2, e);
    tee.cancelled.resolve(readableStreamCancel(tee.stream, e));
  }

  // closeBranch closes a branch, or errors it where its BYOB view holds part of an
  // element. controllerClose throws that error too, for close() to pass on.
  function closeBranch(c) {
    try {
      controllerClose(c);
    } catch (e) {
      controllerError(c, e);
    }
  }

  // respondBranch responds with a view that the stream has filled. The standard
  // asserts that the branch still waits for it, but the branch may have failed in
  // the turn between.
  function respondBranch(c, view) {
    if (c.pending === undefined) {
      teeEnqueue(c, view);
      return;
    }
    try {
      respondWithNewView(c, view);
    } catch (e) {
      controllerError(c, e);
    }
  }

  function teeNext(tee) {
    tee.reading = false;
    if (tee.readAgain1) teePull(tee, false);
    else if (tee.readAgain2) teePull(tee, true);
  }

  // The chunks of a byte stream are Uint8Arrays, as are the views of BYOB requests.
  function cloneAsUint8Array(chunk) {
    const clone = new Uint8ArrayCtor(typedArrayByteLength(chunk));
    typedArraySet(clone, chunk);
    return clone;
  }

  const teeRequestProto = {
    __proto__: null,
    next: undefined,
    chunk(value) {
      this.value = value;
      microtask(this.deliver);
    },
    close() {
      const { tee } = this;
      tee.reading = false;
      if (!tee.canceled1) closeBranch(tee.branch1);
      if (!tee.canceled2) closeBranch(tee.branch2);
      if (tee.branch1.pending !== undefined) respond(tee.branch1, 0);
      if (tee.branch2.pending !== undefined) respond(tee.branch2, 0);
      if (!tee.canceled1 || !tee.canceled2) tee.cancelled.resolve(undefined);
    },
    error() {
      this.tee.reading = false;
    },
  };

  function teeDeliver(request) {
    const { tee, value } = request;
    request.value = undefined;
    tee.readAgain1 = tee.readAgain2 = false;
    let chunk2 = value;
    if (!tee.canceled1 && !tee.canceled2) {
      try {
        chunk2 = cloneAsUint8Array(value);
      } catch (e) {
        teeFailed(tee, e);
        return;
      }
    }
    // Nobody else holds the chunks, so they need no transfer.
    if (!tee.canceled1) teeEnqueue(tee.branch1, value);
    if (!tee.canceled2) teeEnqueue(tee.branch2, chunk2);
    teeNext(tee);
  }

  function teeEnqueue(c, chunk) {
    if (!c.closeRequested && c.stream.state === 'readable') enqueueView(c, chunk);
  }

  const teeByobRequestProto = {
    __proto__: null,
    next: undefined,
    chunk(value) {
      this.value = value;
      microtask(this.deliver);
    },
    close(chunk) {
      const { tee } = this;
      tee.reading = false;
      const byob = this.forBranch2 ? tee.branch2 : tee.branch1;
      const other = this.forBranch2 ? tee.branch1 : tee.branch2;
      const byobCanceled = this.forBranch2 ? tee.canceled2 : tee.canceled1;
      const otherCanceled = this.forBranch2 ? tee.canceled1 : tee.canceled2;
      if (!byobCanceled) closeBranch(byob);
      if (!otherCanceled) closeBranch(other);
      if (chunk !== undefined) {
        if (!byobCanceled && byob.pending !== undefined) respondBranch(byob, chunk);
        if (!otherCanceled && other.pending !== undefined) respond(other, 0);
      }
      if (!byobCanceled || !otherCanceled) tee.cancelled.resolve(undefined);
    },
    error() {
      this.tee.reading = false;
    },
  };

  function teeDeliverByob(request) {
    const { tee, value, forBranch2 } = request;
    request.value = undefined;
    tee.readAgain1 = tee.readAgain2 = false;
    const byob = forBranch2 ? tee.branch2 : tee.branch1;
    const other = forBranch2 ? tee.branch1 : tee.branch2;
    const byobCanceled = forBranch2 ? tee.canceled2 : tee.canceled1;
    const otherCanceled = forBranch2 ? tee.canceled1 : tee.canceled2;
    if (!otherCanceled) {
      let clone;
      try {
        clone = cloneAsUint8Array(value);
      } catch (e) {
        teeFailed(tee, e);
        return;
      }
      if (!byobCanceled) respondBranch(byob, value);
      teeEnqueue(other, clone);
    } else if (!byobCanceled) {
      respondBranch(byob, value);
    }
    teeNext(tee);
  }

  function teePull(tee, forBranch2) {
    if (tee.reading) {
      if (forBranch2) tee.readAgain2 = true;
      else tee.readAgain1 = true;
      return;
    }
    tee.reading = true;
    const request = getRequest(forBranch2 ? tee.branch2 : tee.branch1);
    if (request === undefined) {
      if (tee.reader.byob) teeAcquire(tee, acquireReader);
      readerRead(tee.reader, tee.request);
      return;
    }
    if (!tee.reader.byob) teeAcquire(tee, acquireByobReader);
    if (tee.byobRequest === undefined) {
      const r = (tee.byobRequest = { __proto__: teeByobRequestProto, tee, value: undefined, forBranch2, deliver: undefined });
      r.deliver = () => teeDeliverByob(r);
    }
    tee.byobRequest.forBranch2 = forBranch2;
    const { view } = request;
    byobRead(
      tee.reader, 'Uint8Array', typedArrayBuffer(view), typedArrayByteOffset(view), typedArrayByteLength(view), 1, tee.byobRequest,
    );
  }

  function teePull1() {
    teePull(this, false);
  }

  function teePull2() {
    teePull(this, true);
  }

  function tee(stream) {
    const t = { __proto__: teeProto, stream, cancelled: deferred() };
    const r = (t.request = { __proto__: teeRequestProto, tee: t, value: undefined, deliver: undefined });
    r.deliver = () => teeDeliver(r);
    const stream1 = newReadable();
    const stream2 = newReadable();
    teeAcquire(t, acquireReader);
    t.branch1 = newController(stream1, 0, undefined, t, teePull1, teeCancel1);
    t.branch2 = newController(stream2, 0, undefined, t, teePull2, teeCancel2);
    startController(t.branch1, undefined);
    startController(t.branch2, undefined);
    return [newReadableStream(stream1), newReadableStream(stream2)];
  }

  s.bytes.tee = tee;
})
