// Transform streams.
(function (streams, t) {
  'use strict';

  const { TransformStream, ReadableStream, WritableStream, TransformStreamDefaultController } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  function ends(transformer, w, r) {
    let c;
    const ts = new TransformStream({ ...transformer, start(x) { c = x; return transformer.start && transformer.start(x); } }, w, r);
    return { ts, c, writer: ts.writable.getWriter(), reader: ts.readable.getReader() };
  }

  t.test('sides', () => {
    const ts = new TransformStream();
    t.ok(ts.readable instanceof ReadableStream);
    t.ok(ts.writable instanceof WritableStream);
    t.equal(ts.readable, ts.readable);
    t.equal(ts.writable, ts.writable);
    t.equal(ts.writable.getWriter().desiredSize, 1);
  });

  t.test('identity', async () => {
    const { writer, reader } = ends({});
    const write = writer.write('a');
    t.equal(await t.settled(write), 'pending', 'nobody reads');
    t.equal(await reader.read(), { done: false, value: 'a' });
    await write;
    const closed = writer.close();
    t.equal(await reader.read(), { done: true, value: undefined });
    await closed;
    await Promise.all([writer.closed, reader.closed]);
  });

  t.test('identity: without a transformer, null strategies', async () => {
    const ts = new TransformStream(undefined, null, undefined);
    const writer = ts.writable.getWriter();
    const reader = ts.readable.getReader();
    writer.write(1);
    writer.write(2);
    writer.close();
    t.equal([(await reader.read()).value, (await reader.read()).value, (await reader.read()).done], [1, 2, true]);
  });

  t.test('methods are called on the transformer, with their arguments', async () => {
    const seen = [];
    const transformer = {
      start(...args) { seen.push(['start', this === transformer, args.length, args[0] instanceof TransformStreamDefaultController]); },
      transform(...args) { seen.push(['transform', this === transformer, args.length, args[0]]); },
      flush(...args) { seen.push(['flush', this === transformer, args.length, args[0] instanceof TransformStreamDefaultController]); },
    };
    const ts = new TransformStream(transformer);
    ts.readable.getReader().read();
    const writer = ts.writable.getWriter();
    await writer.write('a');
    await writer.close();
    t.equal(seen, [['start', true, 1, true], ['transform', true, 2, 'a'], ['flush', true, 1, true]]);
  });

  t.test('transform: none, one and many chunks for a chunk', async () => {
    const { writer, reader } = ends({
      transform(n, c) { for (let i = 0; i < n; i++) c.enqueue(`${n}.${i}`); },
      flush(c) { c.enqueue('end'); },
    });
    for (const n of [0, 2, 0, 1, 3]) writer.write(n);
    writer.close();
    const out = [];
    for (let r = await reader.read(); !r.done; r = await reader.read()) out.push(r.value);
    t.equal(out, ['2.0', '2.1', '1.0', '3.0', '3.1', '3.2', 'end']);
  });

  t.test('transform: waits for a promise', async () => {
    const d = t.deferred();
    const { writer, reader } = ends({ transform(chunk, c) { c.enqueue(chunk); return d.promise; } });
    const read = reader.read();
    const write = writer.write('a');
    t.equal((await read).value, 'a');
    t.equal(await t.settled(write), 'pending');
    d.resolve();
    t.equal(await t.settled(write), [true, undefined]);
  });

  t.test('transform: not called while the readable side is full', async () => {
    const calls = [];
    const { writer, reader } = ends({ transform(chunk, c) { calls.push(chunk); c.enqueue(chunk); } }, { highWaterMark: 5 });
    const writes = [writer.write(1), writer.write(2)];
    await t.flush();
    t.equal(calls, []);
    await reader.read();
    await t.flush();
    t.equal(calls, [1]);
    t.equal(await t.settled(writes[1]), 'pending');
    await reader.read();
    await Promise.all(writes);
  });

  t.test('transform: a readable high water mark lets it run ahead', async () => {
    const calls = [];
    const { writer } = ends({ transform(chunk, c) { calls.push(chunk); c.enqueue(chunk); } }, { highWaterMark: 5 }, { highWaterMark: 2 });
    for (let i = 0; i < 4; i++) writer.write(i);
    await t.flush();
    t.equal(calls, [0, 1]);
    t.equal(writer.desiredSize, 3);
  });

  t.test('transform: enqueuing nothing keeps it running', async () => {
    const calls = [];
    const { writer } = ends({ transform(chunk) { calls.push(chunk); } }, undefined, { highWaterMark: 1 });
    const writes = [];
    for (let i = 0; i < 4; i++) writes.push(writer.write(i));
    await Promise.all(writes);
    t.equal(calls, [0, 1, 2, 3]);
  });

  t.test('transform: failing errors both sides', async () => {
    for (const transform of [() => { throw error1; }, () => Promise.reject(error1)]) {
      const { writer, reader } = ends({ transform });
      const read = reader.read();
      await t.rejects(error1, writer.write('a'));
      await t.rejects(error1, read);
      await t.rejects(error1, reader.closed);
      await t.rejects(error1, writer.closed);
      await t.rejects(error1, writer.ready);
    }
  });

  t.test('start: throws, rejects, is waited for', async () => {
    t.throws(error1, () => new TransformStream({ start() { throw error1; } }));
    const a = ends({ start: () => Promise.reject(error1) });
    await t.rejects(error1, a.reader.read());
    await t.rejects(error1, a.writer.write('a'));
    const d = t.deferred();
    const calls = [];
    const b = ends({ start: () => d.promise, transform(x) { calls.push(x); } });
    b.reader.read();
    const write = b.writer.write('a');
    await t.flush();
    t.equal(calls, []);
    d.resolve();
    await write;
    t.equal(calls, ['a']);
  });

  t.test('start: may enqueue and terminate', async () => {
    const { reader, writer } = ends({ start(c) { c.enqueue('first'); c.enqueue('second'); c.terminate(); } });
    t.equal((await reader.read()).value, 'first');
    t.equal((await reader.read()).value, 'second');
    t.equal((await reader.read()).done, true);
    await t.rejects(TypeError, writer.closed);
  });

  t.test('start: an error from the controller', async () => {
    const { reader, writer } = ends({ start(c) { c.error(error1); } });
    await t.rejects(error1, reader.closed);
    await t.rejects(error1, writer.closed);
    await t.rejects(error1, writer.write('x'));
  });

  t.test('flush: before close, and its failure', async () => {
    const { writer, reader } = ends({ flush(c) { c.enqueue('last'); } });
    const closed = writer.close();
    t.equal((await reader.read()).value, 'last');
    t.equal((await reader.read()).done, true);
    await closed;
    for (const flush of [() => { throw error1; }, () => Promise.reject(error1)]) {
      const x = ends({ flush });
      await t.rejects(error1, x.writer.close());
      await t.rejects(error1, x.writer.closed);
      await t.rejects(error1, x.reader.read());
    }
  });

  t.test('flush: is waited for', async () => {
    const d = t.deferred();
    const { writer, reader } = ends({ flush: () => d.promise });
    const closed = writer.close();
    t.equal(await t.settled(closed), 'pending');
    t.equal(await t.settled(reader.closed), 'pending');
    d.resolve();
    await closed;
    await reader.closed;
  });

  t.test('flush: closes even if nobody reads', async () => {
    const ts = new TransformStream();
    const writer = ts.writable.getWriter();
    await writer.close();
    await ts.readable.getReader().closed;
  });

  t.test('flush: an error from the controller', async () => {
    const { writer, reader } = ends({ flush(c) { c.error(error1); } });
    await t.rejects(error1, writer.close());
    await t.rejects(error1, reader.closed);
  });

  t.test('controller: desiredSize', async () => {
    const { c, reader, writer } = ends({}, undefined, { highWaterMark: 3 });
    t.equal(c.desiredSize, 3);
    c.enqueue('a');
    t.equal(c.desiredSize, 2);
    await reader.cancel();
    t.equal(c.desiredSize, 0);
    await t.flush();
    t.equal(writer.desiredSize, null);
    const b = ends({});
    t.equal(b.c.desiredSize, 0);
    b.c.error(error1);
    t.equal(b.c.desiredSize, null);
  });

  t.test('controller: enqueue beyond the high water mark, and not after the end', async () => {
    const { c, reader } = ends({});
    c.enqueue('a');
    c.enqueue('b');
    c.terminate();
    t.throws(TypeError, () => c.enqueue('c'));
    t.equal([(await reader.read()).value, (await reader.read()).value, (await reader.read()).done], ['a', 'b', true]);
    const x = ends({});
    x.c.error(error1);
    t.throws(TypeError, () => x.c.enqueue('a'));
    const y = ends({});
    await y.reader.cancel();
    t.throws(TypeError, () => y.c.enqueue('a'));
  });

  t.test('controller: enqueue where size fails', async () => {
    const { c, reader, writer } = ends({}, undefined, { size() { throw error1; }, highWaterMark: 9 });
    t.throws(error1, () => c.enqueue('a'));
    await t.rejects(error1, reader.closed);
    await t.rejects(error1, writer.closed);
    const x = ends({}, undefined, { size: () => -1, highWaterMark: 9 });
    t.throws(RangeError, () => x.c.enqueue('a'));
    await t.rejects(RangeError, x.writer.closed);
  });

  t.test('controller: error', async () => {
    const { c, reader, writer } = ends({});
    const read = reader.read();
    c.error(error1);
    c.error(error2);
    await t.rejects(error1, read);
    await t.rejects(error1, writer.ready);
    await t.rejects(error1, writer.write('a'));
    await t.rejects(error1, writer.closed);
  });

  t.test('controller: error lets a waiting write go', async () => {
    const { c, writer } = ends({});
    const write = writer.write('a');
    await t.flush();
    c.error(error1);
    await t.rejects(error1, write);
  });

  t.test('controller: terminate', async () => {
    const { c, reader, writer } = ends({});
    const write = writer.write('a');
    await t.flush();
    c.terminate();
    await reader.closed;
    await t.rejects(TypeError, write);
    await t.rejects(TypeError, writer.closed);
    await t.rejects(TypeError, writer.write('b'));
    c.terminate();
    c.error(error1);
    await reader.closed;
  });

  t.test('controller: terminate inside transform', async () => {
    const { reader, writer } = ends({ transform(x, c) { c.enqueue(x); c.terminate(); } });
    const read = reader.read();
    await writer.write('a');
    t.equal((await read).value, 'a');
    t.equal((await reader.read()).done, true);
    await t.rejects(TypeError, writer.closed);
  });

  t.test('abort: errors the readable side, after cancel has been called', async () => {
    const seen = [];
    const { reader, writer } = ends({ cancel(...args) { seen.push(...args); } });
    const read = reader.read();
    await writer.abort(error1);
    t.equal(seen.length, 1);
    t.equal(seen[0], error1);
    await t.rejects(error1, read);
    await t.rejects(error1, reader.closed);
    await t.rejects(error1, writer.closed);
  });

  t.test('cancel: errors the writable side, after cancel has been called', async () => {
    const seen = [];
    const { reader, writer } = ends({ cancel(...args) { seen.push(...args); } });
    t.equal(await reader.cancel(error1), undefined);
    t.equal(seen.length, 1);
    t.equal(seen[0], error1);
    await t.rejects(error1, writer.closed);
    await t.rejects(error1, writer.ready);
    await reader.closed;
  });

  t.test('cancel: that fails', async () => {
    for (const cancel of [() => { throw error2; }, () => Promise.reject(error2)]) {
      const a = ends({ cancel });
      await t.rejects(error2, a.reader.cancel(error1));
      await t.rejects(error2, a.writer.closed);
      const b = ends({ cancel });
      await t.rejects(error2, b.writer.abort(error1));
      await t.rejects(error2, b.reader.closed);
    }
  });

  t.test('cancel: is waited for', async () => {
    const d = t.deferred();
    const { reader, writer } = ends({ cancel: () => d.promise });
    const cancelled = reader.cancel(error1);
    t.equal(await t.settled(cancelled), 'pending');
    t.equal(await t.settled(writer.closed), 'pending');
    d.resolve();
    await cancelled;
    await t.rejects(error1, writer.closed);
  });

  t.test('cancel: once, whoever comes second', async () => {
    let calls = 0;
    const { reader, writer } = ends({ cancel() { calls++; } });
    const cancelled = reader.cancel(error1);
    const aborted = writer.abort(error2);
    await t.flush();
    t.equal(calls, 1);
    await t.settled(cancelled);
    await t.settled(aborted);
  });

  t.test('cancel: and flush exclude one another', async () => {
    const calls = [];
    const { reader, writer } = ends({ cancel() { calls.push('cancel'); }, flush() { calls.push('flush'); } });
    await t.flush();
    const closed = writer.close();
    const cancelled = reader.cancel(error1);
    await t.settled(closed);
    await t.settled(cancelled);
    t.equal(calls, ['flush']);
  });

  t.test('cancel: with a write waiting', async () => {
    const { reader, writer } = ends({});
    const write = writer.write('a');
    await t.flush();
    await reader.cancel(error1);
    await t.rejects(error1, write);
  });

  t.test('abort: with a write waiting', async () => {
    const { reader, writer } = ends({});
    const write = writer.write('a');
    await t.flush();
    const aborted = writer.abort(error1);
    t.equal(await t.settled(write), 'pending');
    t.equal(await t.settled(aborted), 'pending');
    await t.settled(reader.read()); // lets the write go on, to find the stream erroring
    await t.rejects(error1, write);
    await aborted;
  });

  t.test('a chain', async () => {
    const double = () => new TransformStream({ transform(x, c) { c.enqueue(x * 2); } });
    const out = [];
    let n = 0;
    await new ReadableStream({ pull(c) { if (n === 20) c.close(); else c.enqueue(n++); } })
      .pipeThrough(double()).pipeThrough(new TransformStream()).pipeThrough(double())
      .pipeTo(new WritableStream({ write(x) { out.push(x); } }));
    t.equal(out, Array.from({ length: 20 }, (_, i) => i * 4));
  });

  t.test('strategies: sizes on both sides', async () => {
    const sizes = [];
    const { writer, reader, c } = ends({}, { highWaterMark: 10, size(x) { sizes.push(`w${x}`); return x; } }, { highWaterMark: 10, size(x) { sizes.push(`r${x}`); return x; } });
    await t.flush();
    await writer.write(3);
    t.equal(sizes, ['w3', 'r3']);
    t.equal(c.desiredSize, 7);
    t.equal(writer.desiredSize, 10);
    await reader.read();
    t.equal(c.desiredSize, 10);
  });

  t.test('rejections: none where nobody asked', async () => {
    const { c } = ends({});
    c.error(error1);
    ends({ start: () => Promise.reject(error1) });
    ends({}).c.terminate();
  });

  t.test('order: the turns of a write through an identity transform', async () => {
    t.equal(await t.ticks(14, (log) => {
      const ts = new TransformStream({ transform(x, c) { log(`transform ${x}`); c.enqueue(x); } });
      const writer = ts.writable.getWriter();
      const reader = ts.readable.getReader();
      writer.write('a').then(() => log('wrote'));
      reader.read().then(() => log('read'));
    }), ['1 transform a', '2 read', '5 wrote'], 'the write waits for backpressure to end');
  });
})
