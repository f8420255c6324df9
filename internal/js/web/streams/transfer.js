// Transferable streams (Streams §4.2.6, §5.2.5, §6.2.4 and §8.2).
//
// host.entangle() gives two ports of one channel: post(type, value) sends a
// structured clone, or throws; listen(f) has f(type, value) called, in a task of
// its own, for each message; close() lets what was sent arrive, and nothing more.
(function (host, s) {
  'use strict';

  const {
    deferred, then, promiseReject, markHandled, readableStreamOf, writableStreamOf,
    newReadable, newReadableStream, newController, startController, controllerEnqueue, controllerClose,
    controllerError, canCloseOrEnqueue,
    newWritable, newWritableStream, newWritableController, startWritableController, writableErrorIfNeeded,
    pipeOptions, startPipe,
  } = s;

  // send is PackAndPostMessageHandlingError: it returns undefined, or a promise
  // rejected with why the value could not be sent, which the other end is told.
  function send(port, type, value) {
    try {
      port.post(type, value);
    } catch (e) {
      try {
        port.post('error', e);
      } catch {
        // The standard discards it: an error that cannot be cloned, such as one
        // that a getter threw, leaves the other end without word.
      }
      return promiseReject(e);
    }
    return undefined;
  }

  // crossRealmReadable is SetUpCrossRealmTransformReadable.
  function crossRealmReadable(port) {
    const stream = newReadable();
    const source = {
      __proto__: null,
      pull() {
        port.post('pull');
      },
      cancel(reason) {
        const failed = send(port, 'error', reason);
        port.close();
        return failed;
      },
    };
    const c = newController(stream, 0, undefined, source, source.pull, source.cancel);
    port.listen((type, value) => {
      if (type === 'chunk') {
        if (canCloseOrEnqueue(c)) controllerEnqueue(c, value);
        return;
      }
      if (type === 'close') {
        if (canCloseOrEnqueue(c)) controllerClose(c);
      } else {
        controllerError(c, value);
      }
      port.close();
    });
    startController(c, undefined);
    return stream;
  }

  // crossRealmWritable is SetUpCrossRealmTransformWritable.
  function crossRealmWritable(port) {
    const stream = newWritable();
    let backpressure = deferred();
    const release = () => {
      if (backpressure === undefined) return;
      backpressure.resolve(undefined);
      backpressure = undefined;
    };
    const sink = {
      __proto__: null,
      write(chunk) {
        if (backpressure === undefined) {
          backpressure = deferred();
          backpressure.resolve(undefined);
        }
        return then(backpressure.promise, () => {
          backpressure = deferred();
          const failed = send(port, 'chunk', chunk);
          if (failed !== undefined) port.close();
          return failed;
        });
      },
      close() {
        port.post('close');
        port.close();
      },
      abort(reason) {
        const failed = send(port, 'error', reason);
        port.close();
        return failed;
      },
    };
    const c = newWritableController(stream, 1, undefined, sink, sink.write, sink.close, sink.abort);
    port.listen((type, value) => {
      if (type === 'error') writableErrorIfNeeded(c, value);
      release();
    });
    startWritableController(c, undefined);
    return stream;
  }

  const pipe = (from, to) => markHandled(startPipe(from, to, pipeOptions(undefined)));

  // What takes the place of a readable or a writable stream, and the function
  // that joins the two.
  function readableTransfer(stream) {
    const [port1, port2] = host.entangle();
    return { __proto__: null, stream: crossRealmReadable(port2), join: () => pipe(stream, crossRealmWritable(port1)) };
  }

  function writableTransfer(stream) {
    const [port1, port2] = host.entangle();
    return { __proto__: null, stream: crossRealmWritable(port2), join: () => pipe(crossRealmReadable(port1), stream) };
  }

  // transfer begins to move a stream, and returns undefined for what is none.
  // object takes the place of x. What the value that is cloned with it may still
  // do comes before the transfer steps: commit() is these, and returns what is
  // locked, if anything is.
  function transfer(x) {
    const readable = readableStreamOf(x);
    if (readable !== undefined) {
      const t = readableTransfer(readable);
      return {
        __proto__: null,
        object: newReadableStream(t.stream),
        commit() {
          if (readable.reader !== undefined) return 'ReadableStream';
          t.join();
          return undefined;
        },
      };
    }
    const writable = writableStreamOf(x);
    if (writable !== undefined) {
      const t = writableTransfer(writable);
      return {
        __proto__: null,
        object: newWritableStream(t.stream),
        commit() {
          if (writable.writer !== undefined) return 'WritableStream';
          t.join();
          return undefined;
        },
      };
    }
    const sides = s.transformSidesOf(x);
    if (sides === undefined) return undefined;
    const from = readableStreamOf(sides.readable);
    const to = writableStreamOf(sides.writable);
    const r = readableTransfer(from);
    const w = writableTransfer(to);
    return {
      __proto__: null,
      object: s.newTransformStream(newReadableStream(r.stream), newWritableStream(w.stream)),
      commit() {
        if (from.reader !== undefined) return 'ReadableStream';
        if (to.writer !== undefined) return 'WritableStream';
        r.join();
        w.join();
        return undefined;
      },
    };
  }

  s.exports.internals.transfer = transfer;
  s.exports.internals.isStream = (x) =>
    readableStreamOf(x) !== undefined || writableStreamOf(x) !== undefined || s.transformSidesOf(x) !== undefined;
})
