// Readable byte streams: controllers, BYOB readers and requests.
(function (streams, t) {
  'use strict';

  const { ReadableStream, ReadableStreamBYOBReader, ReadableStreamBYOBRequest, detach } = streams;

  const { u8 } = t;
  const error1 = new Error('error1');

  function open(source = {}, strategy = undefined) {
    let c;
    const rs = new ReadableStream({ ...source, type: 'bytes', start(x) { c = x; } }, strategy);
    return { rs, c };
  }

  const byob = (rs) => rs.getReader({ mode: 'byob' });

  t.test('a default reader gets Uint8Arrays', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 2, 3));
    c.enqueue(new Uint16Array([0x0201]));
    c.enqueue(new DataView(u8(9, 8, 7).buffer, 1));
    c.close();
    const reader = rs.getReader();
    for (const want of [u8(1, 2, 3), u8(1, 2), u8(8, 7)]) {
      const { done, value } = await reader.read();
      t.equal([done, value.constructor], [false, Uint8Array]);
      t.equal(value, want);
    }
    t.equal(await reader.read(), { done: true, value: undefined });
  });

  t.test('enqueue transfers the buffer', async () => {
    const { rs, c } = open();
    const chunk = u8(1, 2, 3, 4).subarray(1, 3);
    const { buffer } = chunk;
    c.enqueue(chunk);
    t.equal([chunk.byteLength, buffer.byteLength], [0, 0]);
    t.throws(TypeError, () => c.enqueue(chunk), 'detached');
    const { value } = await rs.getReader().read();
    t.equal([value.byteOffset, value.byteLength, value.buffer.byteLength], [1, 2, 4]);
    t.equal(value, u8(2, 3));
  });

  t.test('enqueue: what is no view, or empty', () => {
    const { c } = open();
    for (const bad of [undefined, null, 1, 'x', {}, [1], new ArrayBuffer(1)]) t.throws(TypeError, () => c.enqueue(bad), t.show(bad));
    t.throws(TypeError, () => c.enqueue());
    t.throws(TypeError, () => c.enqueue(u8()));
    t.throws(TypeError, () => c.enqueue(new Uint8Array(u8(1, 2).buffer, 1, 0)));
  });

  t.test('enqueue and close after the end', async () => {
    const a = open();
    a.c.close();
    t.throws(TypeError, () => a.c.enqueue(u8(1)));
    t.throws(TypeError, () => a.c.close());
    const b = open();
    b.c.error(error1);
    b.c.error(new Error('later'));
    t.throws(TypeError, () => b.c.enqueue(u8(1)));
    t.throws(TypeError, () => b.c.close());
    await t.rejects(error1, b.rs.getReader().read());
    const d = open();
    d.c.enqueue(u8(1));
    d.c.close();
    t.throws(TypeError, () => d.c.enqueue(u8(1)), 'closing');
    t.equal((await d.rs.getReader().read()).value, u8(1));
  });

  t.test('desiredSize counts bytes, and the high water mark is 0', async () => {
    const { c } = open();
    t.equal(c.desiredSize, 0);
    c.enqueue(u8(1, 2, 3));
    t.equal(c.desiredSize, -3);
    const b = open({}, { highWaterMark: 10 });
    b.c.enqueue(new Uint16Array(2));
    t.equal(b.c.desiredSize, 6);
    await b.rs.getReader().read();
    t.equal(b.c.desiredSize, 10);
    b.c.close();
    t.equal(b.c.desiredSize, 0);
    const d = open();
    d.c.error(error1);
    t.equal(d.c.desiredSize, null);
  });

  t.test('a strategy with a size is refused', () => {
    t.throws(RangeError, () => new ReadableStream({ type: 'bytes' }, { size: () => 1 }));
    t.ok(new ReadableStream({ type: 'bytes' }, { highWaterMark: 1, size: undefined }));
  });

  t.test('pull: by the high water mark, with the source as this', async () => {
    const seen = [];
    const source = { type: 'bytes', pull(...args) { seen.push(this === source, args.length); args[0].enqueue(u8(1)); } };
    new ReadableStream(source, { highWaterMark: 2 });
    await t.flush();
    t.equal(seen, [true, 1, true, 1]);
    let pulls = 0;
    new ReadableStream({ type: 'bytes', pull() { pulls++; } });
    await t.flush();
    t.equal(pulls, 0);
  });

  t.test('byob: a read fills the view from the queue', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 2, 3));
    c.enqueue(u8(4, 5));
    const reader = byob(rs);
    t.ok(reader instanceof ReadableStreamBYOBReader);
    const view = new Uint8Array(new ArrayBuffer(8), 2, 4);
    const { done, value } = await reader.read(view);
    t.equal(done, false);
    t.equal(value, u8(1, 2, 3, 4));
    t.equal([value.byteOffset, value.buffer.byteLength, view.byteLength], [2, 8, 0]);
    t.equal((await reader.read(new Uint8Array(4))).value, u8(5));
  });

  t.test('byob: a read waits for bytes', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const reads = [reader.read(new Uint8Array(2)), reader.read(new Uint8Array(2))];
    t.equal(await t.settled(reads[0]), 'pending');
    c.enqueue(u8(1, 2, 3));
    t.equal((await reads[0]).value, u8(1, 2));
    t.equal((await reads[1]).value, u8(3));
  });

  t.test('byob: the kind of view is kept', async () => {
    for (const C of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView]) {
      const { rs, c } = open();
      c.enqueue(new Uint8Array(16));
      const { value } = await byob(rs).read(new C(new ArrayBuffer(16), 8));
      t.equal([value.constructor, value.byteOffset, value.byteLength], [C, 8, 8], C.name);
    }
  });

  t.test('byob: elements are whole, the rest stays', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 0, 2));
    const reader = byob(rs);
    t.equal((await reader.read(new Uint16Array(4))).value, new Uint16Array([1]));
    const read = reader.read(new Uint16Array(4));
    t.equal(await t.settled(read), 'pending');
    c.enqueue(u8(0, 3));
    t.equal((await read).value, new Uint16Array([2]));
    t.equal((await reader.read(new Uint8Array(4))).value, u8(3));
  });

  t.test('byob: bad views', async () => {
    const { rs } = open();
    const reader = byob(rs);
    for (const bad of [undefined, null, 1, 'x', {}, [1], new ArrayBuffer(1)]) await t.rejects(TypeError, reader.read(bad));
    await t.rejects(TypeError, reader.read());
    await t.rejects(TypeError, reader.read(u8()));
    await t.rejects(TypeError, reader.read(new Uint8Array(new ArrayBuffer(4), 2, 0)));
    await t.rejects(TypeError, reader.read(new DataView(new ArrayBuffer(4), 4)));
    const gone = u8(1);
    detach(gone.buffer);
    await t.rejects(TypeError, reader.read(gone));
  });

  t.test('byob: a buffer that cannot be transferred', async () => {
    if (typeof WebAssembly === 'undefined') return;
    const { rs, c } = open();
    const reader = byob(rs);
    const memory = () => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 1);
    await t.rejects(TypeError, reader.read(memory()));
    t.throws(TypeError, () => c.enqueue(memory()));
    const read = reader.read(new Uint8Array(new ArrayBuffer(65536), 0, 1));
    t.throws(TypeError, () => c.byobRequest.respondWithNewView(memory()));
    c.enqueue(u8(1));
    t.equal((await read).value, u8(1));
  });

  t.test('byob: reading the same view twice', async () => {
    const { rs } = open();
    const reader = byob(rs);
    const view = new Uint8Array(4);
    t.equal(await t.settled(reader.read(view)), 'pending');
    await t.rejects(TypeError, reader.read(view));
  });

  t.test('byob: min', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint8Array(8), { min: 3 });
    c.enqueue(u8(1));
    c.enqueue(u8(2));
    t.equal(await t.settled(read), 'pending');
    c.enqueue(u8(3, 4));
    t.equal((await read).value, u8(1, 2, 3, 4));
    c.enqueue(u8(5, 6));
    const two = reader.read(new Uint16Array(4), { min: 2 });
    t.equal(await t.settled(two), 'pending');
    c.enqueue(u8(7, 8, 9));
    t.equal((await two).value.byteLength, 4);
    t.equal((await reader.read(new Uint8Array(1))).value, u8(9));
  });

  t.test('byob: bad min', async () => {
    const { rs } = open();
    const reader = byob(rs);
    for (const bad of [0, -1, NaN, Infinity, 'x', {}, 0.5]) await t.rejects(TypeError, reader.read(new Uint8Array(4), { min: bad }), t.show(bad));
    await t.rejects(RangeError, reader.read(new Uint8Array(4), { min: 5 }));
    await t.rejects(RangeError, reader.read(new Uint16Array(4), { min: 5 }));
    await t.rejects(RangeError, reader.read(new DataView(new ArrayBuffer(4)), { min: 5 }));
    await t.rejects(TypeError, reader.read(new Uint8Array(4), 5));
  });

  t.test('byob: min and the end of the stream', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint8Array(4), { min: 3 });
    c.enqueue(u8(1));
    c.close();
    c.byobRequest.respond(0);
    const { done, value } = await read;
    t.equal([done, value], [true, u8(1)]);
  });

  t.test('byob: closing', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint8Array(4));
    const read2 = reader.read(new Uint16Array(2));
    c.close();
    t.equal(await t.settled(read), 'pending', 'until the source responds');
    t.equal(await t.settled(reader.closed), [true, undefined]);
    c.byobRequest.respond(0);
    t.equal([(await read).done, (await read).value.byteLength, (await read).value.buffer.byteLength], [true, 0, 4]);
    t.equal([(await read2).done, (await read2).value.constructor], [true, Uint16Array]);
    const after = await reader.read(new Uint8Array(3));
    t.equal([after.done, after.value.byteLength, after.value.buffer.byteLength], [true, 0, 3]);
  });

  t.test('byob: closing with part of an element', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint16Array(2));
    c.enqueue(u8(1));
    const e = t.throws(TypeError, () => c.close());
    await t.rejects(e, read);
    await t.rejects(e, reader.closed);
  });

  t.test('byob: closing with part of an element in the queue', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1));
    c.close();
    const reader = byob(rs);
    await t.rejects(TypeError, reader.read(new Uint16Array(2)));
    await t.rejects(TypeError, reader.closed);
  });

  t.test('byob: errors', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const reads = [reader.read(u8(1)), reader.read(u8(1))];
    c.error(error1);
    for (const r of reads) await t.rejects(error1, r);
    await t.rejects(error1, reader.closed);
    await t.rejects(error1, reader.read(u8(1)));
  });

  t.test('byob: cancel', async () => {
    let got;
    const { rs } = open({ cancel(reason) { got = reason; } });
    const reader = byob(rs);
    const read = reader.read(u8(1));
    t.equal(await reader.cancel('why'), undefined);
    t.equal(got, 'why');
    t.equal(await read, { done: true, value: undefined });
    t.equal((await reader.read(u8(1))).value.byteLength, 0);
  });

  t.test('byob: release', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint8Array(2));
    reader.releaseLock();
    await t.rejects(TypeError, read);
    await t.rejects(TypeError, reader.closed);
    await t.rejects(TypeError, reader.read(u8(1)));
    await t.rejects(TypeError, reader.cancel());
    t.equal(rs.locked, false);
    c.enqueue(u8(7));
    t.equal((await byob(rs).read(new Uint8Array(2))).value, u8(7));
  });

  t.test('byob: after release, a response goes to the next read', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    t.rejects(TypeError, first.read(new Uint8Array(3)));
    const request = c.byobRequest;
    first.releaseLock();
    const second = byob(rs);
    const read = second.read(new Uint8Array(2));
    t.equal(c.byobRequest, request);
    request.view[0] = 1;
    request.view[1] = 2;
    request.view[2] = 3;
    request.respond(3);
    t.equal((await read).value, u8(1, 2));
    t.equal((await second.read(new Uint8Array(2))).value, u8(3));
  });

  t.test('byob: after release, a default reader gets the response', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    t.rejects(TypeError, first.read(new Uint8Array(3)));
    first.releaseLock();
    const reader = rs.getReader();
    const read = reader.read();
    c.byobRequest.view[0] = 5;
    c.byobRequest.respond(1);
    t.equal(await t.settled(read), 'pending', 'the standard processes BYOB requests only');
    c.enqueue(u8(6));
    t.equal((await read).value, u8(5));
    t.equal((await reader.read()).value, u8(6));
  });

  t.test('byob: release, with several reads under way', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    for (let i = 0; i < 3; i++) t.rejects(TypeError, first.read(new Uint8Array(2)));
    first.releaseLock();
    const second = byob(rs);
    const reads = [second.read(new Uint8Array(1)), second.read(new Uint8Array(1))];
    c.byobRequest.view[0] = 1;
    c.byobRequest.view[1] = 2;
    c.byobRequest.respond(2);
    t.equal([(await reads[0]).value, (await reads[1]).value], [u8(1), u8(2)]);
    t.equal(c.byobRequest, null, 'the other reads are forgotten');
  });

  t.test('byob: release, and enqueue', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    t.rejects(TypeError, first.read(new Uint8Array(2)));
    const request = c.byobRequest;
    request.view[0] = 9;
    first.releaseLock();
    c.enqueue(u8(1));
    t.equal([request.view, c.byobRequest], [null, null]);
    t.equal((await rs.getReader().read()).value, u8(1));
  });

  t.test('byob: release, part of an element', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    t.rejects(TypeError, first.read(new Uint16Array(2)));
    c.byobRequest.view[0] = 7;
    c.byobRequest.respond(1);
    first.releaseLock();
    const second = byob(rs);
    const read = second.read(new Uint8Array(4));
    c.byobRequest.view[0] = 8;
    c.byobRequest.respond(1);
    t.equal((await read).value, u8(7, 8));
  });

  t.test('byob: release and close', async () => {
    const { rs, c } = open();
    const first = byob(rs);
    t.rejects(TypeError, first.read(new Uint8Array(2)));
    first.releaseLock();
    c.close();
    c.byobRequest.respond(0);
    t.equal(c.byobRequest, null);
    t.equal((await byob(rs).read(new Uint8Array(2))).done, true);
  });

  t.test('byob: elements across responses leave their rest in the queue', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint16Array(2));
    const { view } = c.byobRequest;
    view.set([1, 0, 2]);
    c.byobRequest.respond(3);
    t.equal((await read).value, new Uint16Array([1]));
    const next = reader.read(new Uint16Array(1));
    t.equal([c.byobRequest.view.byteOffset, c.byobRequest.view.byteLength], [1, 1]);
    c.byobRequest.view[0] = 3;
    c.byobRequest.respond(1);
    t.equal((await next).value, new Uint16Array([0x0302]));
  });

  t.test('byob: a response goes on to the reads behind it', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const reads = [reader.read(new Uint16Array(2)), reader.read(new Uint8Array(1)), reader.read(new Uint8Array(1))];
    c.byobRequest.view.set([1, 0, 5]);
    c.byobRequest.respond(3);
    t.equal([(await reads[0]).value, (await reads[1]).value], [new Uint16Array([1]), u8(5)]);
    t.equal(await t.settled(reads[2]), 'pending');
    c.enqueue(u8(6, 7));
    t.equal((await reads[2]).value, u8(6));
  });

  t.test('byob: reads after close take their turn', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const first = reader.read(new Uint8Array(1));
    c.close();
    const second = reader.read(new Uint8Array(2));
    t.equal([await t.settled(first), await t.settled(second)], ['pending', 'pending']);
    c.byobRequest.respond(0);
    t.equal([(await first).value.buffer.byteLength, (await second).value.buffer.byteLength], [1, 2]);
  });

  t.test('byob: a closing stream closes with its last bytes', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 2));
    c.close();
    const reader = byob(rs);
    t.equal(await t.settled(reader.closed), 'pending');
    t.equal((await reader.read(new Uint8Array(2))).value, u8(1, 2));
    t.equal(await t.settled(reader.closed), [true, undefined]);
    t.equal((await reader.read(new Uint8Array(2))).done, true);
  });

  t.test('byob: a reader of a closed, an errored stream', async () => {
    const a = open();
    a.c.close();
    const view = new Uint16Array(new ArrayBuffer(8), 2, 2);
    const { done, value } = await byob(a.rs).read(view);
    t.equal([done, value.constructor, value.byteOffset, value.byteLength, value.buffer.byteLength], [true, Uint16Array, 2, 0, 8]);
    t.equal(view.byteLength, 0, 'transferred');
    const b = open();
    b.c.error(error1);
    const kept = u8(1);
    await t.rejects(error1, byob(b.rs).read(kept));
    t.equal(kept.byteLength, 1, 'not transferred');
  });

  t.test('byob: of a stream that is none', () => {
    t.throws(TypeError, () => new ReadableStreamBYOBReader(new ReadableStream()));
    const { rs } = open();
    byob(rs);
    t.throws(TypeError, () => new ReadableStreamBYOBReader(rs), 'locked');
  });

  // Requests

  t.test('request: view and respond', async () => {
    const seen = [];
    const rs = new ReadableStream({
      type: 'bytes',
      pull(c) {
        const request = c.byobRequest;
        t.ok(request instanceof ReadableStreamBYOBRequest);
        t.equal(c.byobRequest, request);
        const { view } = request;
        seen.push(view.constructor, view.byteOffset, view.byteLength, view.buffer.byteLength);
        view[0] = 1;
        view[1] = 2;
        request.respond(2);
        t.equal(request.view, null);
        t.equal(view.byteLength, 0, 'transferred');
        t.throws(TypeError, () => request.respond(1));
        t.throws(TypeError, () => request.respondWithNewView(u8(1)));
        t.equal(c.byobRequest, null);
      },
    });
    const { value } = await byob(rs).read(new Uint8Array(new ArrayBuffer(8), 2, 4));
    t.equal(seen, [Uint8Array, 2, 4, 8]);
    t.equal([value.byteOffset, value.byteLength], [2, 2]);
    t.equal(value, u8(1, 2));
  });

  t.test('request: none without a byob read', () => {
    const { rs, c } = open();
    t.equal(c.byobRequest, null);
    rs.getReader().read();
    t.equal(c.byobRequest, null);
  });

  t.test('request: bad responses', async () => {
    const { rs, c } = open();
    const read = byob(rs).read(new Uint8Array(4));
    const request = c.byobRequest;
    t.throws(TypeError, () => request.respond());
    for (const bad of [-1, NaN, Infinity, 'x', {}, undefined]) t.throws(TypeError, () => request.respond(bad), t.show(bad));
    t.throws(TypeError, () => request.respond(0));
    t.throws(RangeError, () => request.respond(5));
    t.throws(TypeError, () => request.respondWithNewView());
    for (const bad of [undefined, null, 1, {}, new ArrayBuffer(4)]) t.throws(TypeError, () => request.respondWithNewView(bad));
    t.throws(TypeError, () => request.respondWithNewView(u8()), 'empty');
    t.throws(RangeError, () => request.respondWithNewView(new Uint8Array(new ArrayBuffer(4), 1)), 'offset');
    t.throws(RangeError, () => request.respondWithNewView(new Uint8Array(5)), 'buffer length');
    t.ok(request.view.byteLength === 4, 'still good');
    request.respond('2');
    t.equal((await read).value.byteLength, 2);
  });

  t.test('request: respondWithNewView', async () => {
    const { rs, c } = open();
    const read = byob(rs).read(new Uint8Array(4));
    const { view } = c.byobRequest;
    view[0] = 9;
    const moved = structuredCloneless(view);
    c.byobRequest.respondWithNewView(moved.subarray(0, 3));
    t.equal((await read).value, u8(9, 0, 0));
  });
  // A view like the given one on a buffer of its own.
  function structuredCloneless(view) {
    const copy = new Uint8Array(view.buffer.slice(0), view.byteOffset, view.byteLength);
    return copy;
  }

  t.test('request: detached buffers', async () => {
    const { rs, c } = open();
    byob(rs).read(new Uint8Array(4));
    const request = c.byobRequest;
    detach(request.view.buffer);
    t.throws(TypeError, () => request.respond(1));
    t.throws(TypeError, () => request.respondWithNewView(request.view));
    t.throws(TypeError, () => c.enqueue(u8(1)), 'and the pending read cannot be filled');
  });

  t.test('request: ends with the stream', async () => {
    for (const end of [(c, r) => c.error(error1), (c, r) => r.cancel()]) {
      const { rs, c } = open();
      const reader = byob(rs);
      const read = reader.read(u8(1, 2));
      const request = c.byobRequest;
      const { view } = request;
      end(c, reader);
      t.equal([request.view, c.byobRequest], [null, null]);
      t.throws(TypeError, () => request.respond(1));
      t.throws(TypeError, () => request.respondWithNewView(view));
      await t.settled(read);
    }
  });

  t.test('request: the view of another buffer', async () => {
    const { rs, c } = open();
    const read = byob(rs).read(new Uint8Array(new ArrayBuffer(8), 2, 4));
    t.throws(RangeError, () => c.byobRequest.respondWithNewView(new Uint8Array(new ArrayBuffer(9), 2, 4)), 'of another length');
    t.throws(RangeError, () => c.byobRequest.respondWithNewView(new Uint8Array(new ArrayBuffer(8), 3, 3)), 'at another offset');
    t.throws(RangeError, () => c.byobRequest.respondWithNewView(new Uint8Array(new ArrayBuffer(8), 2, 5)), 'too long');
    const gone = new Uint8Array(new ArrayBuffer(8), 2, 4);
    detach(gone.buffer);
    t.throws(TypeError, () => c.byobRequest.respondWithNewView(gone));
    const old = c.byobRequest.view;
    const fresh = new Uint8Array(new ArrayBuffer(8), 2, 4).fill(5);
    c.byobRequest.respondWithNewView(fresh);
    t.equal(fresh.byteLength, 0, 'transferred');
    const { value } = await read;
    t.equal([value, value.byteOffset], [u8(5, 5, 5, 5), 2]);
    t.equal(old.byteLength, 4, 'the old buffer is let go');
  });

  t.test('request: a buffer that a script holds is transferred before the reader gets it', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    let read = reader.read(new Uint8Array(2));
    const { view } = c.byobRequest;
    c.enqueue(u8(1, 2));
    t.equal(view.byteLength, 0, 'by enqueue');
    t.equal((await read).value, u8(1, 2));
    read = reader.read(new Uint16Array(1));
    const stays = c.byobRequest.view;
    c.enqueue(u8(3));
    t.equal(stays.byteLength, 0, 'by enqueue of part of an element');
    c.enqueue(u8(0));
    t.equal((await read).value, new Uint16Array([3]));
    read = reader.read(new Uint16Array(2));
    const part = c.byobRequest.view;
    c.byobRequest.respond(1);
    t.equal(part.byteLength, 0, 'by respond, in the middle of an element');
    const rest = c.byobRequest.view;
    c.byobRequest.respond(1);
    t.equal(rest.byteLength, 0, 'by respond');
    t.equal((await read).value.byteLength, 2);
  });

  t.test('request: part of an element', async () => {
    const { rs, c } = open();
    const read = byob(rs).read(new Uint16Array(2));
    c.byobRequest.view[0] = 1;
    c.byobRequest.respond(1);
    t.equal(await t.settled(read), 'pending');
    t.equal([c.byobRequest.view.byteOffset, c.byobRequest.view.byteLength], [1, 3]);
    c.byobRequest.view[0] = 2;
    c.byobRequest.view[1] = 3;
    c.byobRequest.respond(2);
    t.equal((await read).value, new Uint16Array([0x0201]));
  });

  t.test('request: enqueue while there is one', async () => {
    const { rs, c } = open();
    const reader = byob(rs);
    const read = reader.read(new Uint8Array(2));
    const request = c.byobRequest;
    c.enqueue(u8(1, 2, 3));
    t.equal(request.view, null, 'invalidated');
    t.equal((await read).value, u8(1, 2));
    t.equal(c.byobRequest, null);
  });

  t.test('request: closed streams are responded to with nothing', async () => {
    const { rs, c } = open();
    const read = byob(rs).read(new Uint8Array(2));
    c.close();
    t.throws(TypeError, () => c.byobRequest.respond(1));
    t.throws(TypeError, () => c.byobRequest.respondWithNewView(u8(1, 2)));
    c.byobRequest.respondWithNewView(new Uint8Array(c.byobRequest.view.buffer, 0, 0));
    t.equal((await read).done, true);
  });

  t.test('autoAllocateChunkSize', async () => {
    const views = [];
    const rs = new ReadableStream({
      type: 'bytes',
      autoAllocateChunkSize: 5,
      pull(c) {
        views.push(c.byobRequest.view.byteLength);
        c.byobRequest.view[0] = views.length;
        c.byobRequest.respond(1);
      },
    });
    const reader = rs.getReader();
    const { value } = await reader.read();
    t.equal([value.byteLength, value.buffer.byteLength, value[0]], [1, 5, 1]);
    t.equal((await reader.read()).value, u8(2));
    reader.releaseLock();
    t.equal((await byob(rs).read(new Uint8Array(3))).value, u8(3));
    t.equal(views, [5, 5, 3]);
  });

  t.test('autoAllocateChunkSize: enqueue instead', async () => {
    const rs = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 5, pull(c) { c.enqueue(u8(1, 2, 3)); } });
    const reader = rs.getReader();
    t.equal((await reader.read()).value, u8(1, 2, 3));
    t.equal((await reader.read()).value, u8(1, 2, 3));
    const x = open({ autoAllocateChunkSize: 5 });
    const read = x.rs.getReader().read();
    t.equal(x.c.byobRequest.view.byteLength, 5);
    x.c.enqueue(u8(1));
    t.equal(x.c.byobRequest, null);
    t.equal((await read).value, u8(1));
  });

  t.test('autoAllocateChunkSize: close instead', async () => {
    const rs = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 5, pull(c) { c.close(); } });
    t.equal((await rs.getReader().read()).done, true);
  });

  t.test('autoAllocateChunkSize: more than there is room for', async () => {
    const rs = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: Number.MAX_SAFE_INTEGER });
    t.ok(await t.rejects(Error, rs.getReader().read()));
  });

  t.test('a default read takes queue entries as they are', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 2, 3));
    c.enqueue(u8(4));
    const reader = byob(rs);
    await reader.read(new Uint8Array(1));
    reader.releaseLock();
    const plain = rs.getReader();
    t.equal((await plain.read()).value, u8(2, 3));
    t.equal((await plain.read()).value, u8(4));
  });

  t.test('pull: reads while one is under way', async () => {
    const requests = [];
    const ds = [];
    const rs = new ReadableStream({
      type: 'bytes',
      pull(c) { requests.push(c.byobRequest && c.byobRequest.view.byteLength); const d = t.deferred(); ds.push([d, c]); return d.promise; },
    });
    const reader = byob(rs);
    const reads = [reader.read(new Uint8Array(3)), reader.read(new Uint8Array(4))];
    await t.flush();
    t.equal(requests, [3]);
    ds[0][1].byobRequest.respond(1);
    ds[0][0].resolve();
    await t.flush();
    t.equal(requests, [3, 4]);
    ds[1][1].byobRequest.respond(2);
    t.equal([(await reads[0]).value.byteLength, (await reads[1]).value.byteLength], [1, 2]);
  });

  t.test('rejections: none where nobody asked', async () => {
    const { rs, c } = open();
    byob(rs).closed; // eslint-disable-line no-unused-expressions
    c.error(error1);
  });

  // tee

  t.test('tee: branches are byte streams with data of their own', async () => {
    const { rs, c } = open();
    c.enqueue(u8(1, 2));
    c.close();
    const [a, b] = rs.tee();
    const x = await a.getReader().read();
    const y = await byob(b).read(new Uint8Array(5));
    t.equal([x.value, y.value], [u8(1, 2), u8(1, 2)]);
    t.ok(x.value.buffer !== y.value.buffer);
    x.value[0] = 9;
    t.equal(y.value[0], 1);
  });

  t.test('tee: two default readers get chunks of their own', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const reads = [a.getReader().read(), b.getReader().read()];
    await t.flush();
    c.enqueue(u8(1, 2));
    const [x, y] = await Promise.all(reads);
    t.ok(x.value.buffer !== y.value.buffer);
    t.equal([x.value, y.value], [u8(1, 2), u8(1, 2)]);
    x.value[0] = 9;
    t.equal(y.value, u8(1, 2));
  });

  t.test('tee: reads of either branch that are not awaited', async () => {
    for (const which of [0, 1]) {
      const { rs, c } = open({ pull() {} });
      const branches = rs.tee();
      const mine = branches[which].getReader();
      const reads = [mine.read(), mine.read(), mine.read()];
      for (const x of [1, 2, 3]) {
        await t.flush();
        c.enqueue(u8(x));
      }
      t.equal((await Promise.all(reads)).map((r) => r.value[0]), [1, 2, 3]);
      const others = byob(branches[1 - which]);
      t.equal((await others.read(new Uint8Array(9))).value, u8(1, 2, 3));
    }
  });

  t.test('tee: byob reads of either branch that are not awaited', async () => {
    for (const which of [0, 1]) {
      let n = 0;
      const { rs } = open({ pull(c) { c.byobRequest.view[0] = ++n; c.byobRequest.respond(1); } });
      const branches = rs.tee();
      const mine = byob(branches[which]);
      const reads = [mine.read(new Uint8Array(1)), mine.read(new Uint8Array(2)), mine.read(new Uint8Array(3))];
      t.equal((await Promise.all(reads)).map((r) => r.value[0]), [1, 2, 3]);
      t.equal((await byob(branches[1 - which]).read(new Uint8Array(9))).value, u8(1, 2, 3));
    }
  });

  t.test('tee: byob reads of both branches in turn', async () => {
    let n = 0;
    const seen = [];
    const { rs } = open({ pull(c) { seen.push(c.byobRequest.view.byteLength); c.byobRequest.view[0] = ++n; c.byobRequest.respond(1); } });
    const [a, b] = rs.tee().map(byob);
    t.equal((await a.read(new Uint8Array(3))).value, u8(1));
    t.equal((await b.read(new Uint8Array(4))).value, u8(1));
    t.equal((await b.read(new Uint8Array(5))).value, u8(2));
    t.equal((await a.read(new Uint8Array(6))).value, u8(2));
    t.equal(seen, [3, 5]);
  });

  t.test('tee: closing, for default and byob readers', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const rb = byob(b);
    const reads = [ra.read(), rb.read(new Uint8Array(2))];
    await t.flush();
    c.close();
    t.equal([(await reads[0]).done, (await reads[1]).done, (await reads[1]).value.byteLength], [true, true, 0]);
    await Promise.all([ra.closed, rb.closed]);
    t.equal((await rb.read(new Uint8Array(2))).done, true);
  });

  t.test('tee: closing with part of an element', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = byob(a);
    const read = ra.read(new Uint16Array(1));
    await t.flush();
    c.byobRequest.view[0] = 1;
    c.byobRequest.respond(1);
    await t.flush();
    c.close();
    if (c.byobRequest !== null) c.byobRequest.respond(0);
    await t.rejects(TypeError, read);
    await t.rejects(TypeError, ra.closed);
    const rb = b.getReader();
    t.equal([(await rb.read()).value, (await rb.read()).done], [u8(1), true]);
  });

  t.test('tee: of a closed, an errored stream', async () => {
    const x = open();
    x.c.close();
    const [a, b] = x.rs.tee();
    t.equal([(await a.getReader().read()).done, (await byob(b).read(u8(1))).done], [true, true]);
    const y = open();
    y.c.error(error1);
    const [d, e] = y.rs.tee();
    await t.rejects(error1, d.getReader().closed);
    await t.rejects(error1, byob(e).read(u8(1)));
  });

  t.test('tee: an error after the reader has changed its kind', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const read = ra.read();
    await t.flush();
    c.enqueue(u8(1));
    await read;
    const rb = byob(a.locked ? b : a);
    t.equal((await rb.read(u8(0))).value, u8(1));
    const waiting = rb.read(u8(0));
    await t.flush();
    c.error(error1);
    await t.rejects(error1, waiting);
    await t.rejects(error1, ra.closed);
  });

  t.test('tee: a cancel ends when the stream ends', async () => {
    for (const end of ['close', 'error']) {
      const { rs, c } = open();
      const [a, b] = rs.tee();
      const cancelled = a.cancel();
      const read = b.getReader().read();
      await t.flush();
      t.equal(await t.settled(cancelled), 'pending');
      c[end](error1);
      t.equal(await t.settled(cancelled), [true, undefined], end);
      await t.settled(read);
    }
  });

  t.test('tee: the reader of a branch released while it is filled', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const first = byob(a);
    t.rejects(TypeError, first.read(new Uint8Array(2)));
    await t.flush();
    first.releaseLock();
    c.byobRequest.view[0] = 4;
    c.byobRequest.respond(1);
    await t.flush();
    t.equal((await a.getReader().read()).value, u8(4));
    t.equal((await b.getReader().read()).value, u8(4));
  });

  t.test('tee: pulls for reads only', async () => {
    let pulls = 0;
    const { rs } = open({ pull(c) { pulls++; c.enqueue(u8(pulls)); } });
    const [a, b] = rs.tee();
    await t.flush();
    t.equal(pulls, 0);
    t.equal((await a.getReader().read()).value, u8(1));
    t.equal((await b.getReader().read()).value, u8(1));
    t.equal(pulls, 1);
  });

  t.test('tee: a byob read of a branch is a byob read of the stream', async () => {
    const seen = [];
    const { rs } = open({ pull(c) { seen.push(c.byobRequest.view.byteLength); c.byobRequest.view[0] = 7; c.byobRequest.respond(1); } });
    const [a, b] = rs.tee();
    t.equal((await byob(a).read(new Uint8Array(6))).value, u8(7));
    t.equal(seen, [6]);
    t.equal((await b.getReader().read()).value, u8(7));
  });

  t.test('tee: from default to byob reads and back', async () => {
    let n = 0;
    const { rs } = open({ pull(c) { const r = c.byobRequest; if (r === null) c.enqueue(u8(++n)); else { r.view[0] = ++n; r.respond(1); } } });
    const [a, b] = rs.tee();
    let reader = a.getReader();
    t.equal((await reader.read()).value, u8(1));
    reader.releaseLock();
    reader = byob(a);
    t.equal((await reader.read(new Uint8Array(2))).value, u8(2));
    reader.releaseLock();
    reader = a.getReader();
    t.equal((await reader.read()).value, u8(3));
    const rb = byob(b);
    t.equal((await rb.read(new Uint8Array(9))).value, u8(1, 2, 3));
  });

  t.test('tee: errors', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const rb = byob(b);
    const reads = [ra.read(), rb.read(u8(1))];
    await t.flush();
    c.error(error1);
    for (const p of [...reads, ra.closed, rb.closed]) await t.rejects(error1, p);
  });

  t.test('tee: closing with byob reads waiting', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const reads = [byob(a).read(new Uint8Array(2)), byob(b).read(new Uint8Array(3))];
    await t.flush();
    c.close();
    c.byobRequest.respond(0);
    const results = await Promise.all(reads);
    t.equal(results.map((r) => [r.done, r.value.byteLength]), [[true, 0], [true, 0]]);
  });

  t.test('tee: cancelling', async () => {
    let got;
    const { rs } = open({ cancel(reason) { got = reason; } });
    const [a, b] = rs.tee();
    const first = a.cancel('a');
    t.equal(await t.settled(first), 'pending');
    const second = b.cancel('b');
    await Promise.all([first, second]);
    t.equal(got, ['a', 'b']);
  });

  t.test('tee: one branch cancelled', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const cancelled = a.cancel();
    const reader = byob(b);
    const read = reader.read(new Uint8Array(4));
    await t.flush();
    c.enqueue(u8(1, 2));
    t.equal((await read).value, u8(1, 2));
    c.close();
    const last = reader.read(new Uint8Array(4));
    t.equal((await last).done, true);
    await cancelled;
  });
})
