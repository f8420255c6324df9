// Writable streams, their writers and controllers.
(function (streams, t) {
  'use strict';

  const { WritableStream, WritableStreamDefaultWriter, CountQueuingStrategy, AbortSignal } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  // recording is a sink that notes its calls.
  function recording(sink = {}, strategy = undefined) {
    const events = [];
    let c;
    const ws = new WritableStream({
      start(x) { c = x; return sink.start && sink.start(x); },
      write(chunk, x) { events.push('write', chunk); return sink.write && sink.write(chunk, x); },
      close(...args) { events.push('close', args.length); return sink.close && sink.close(); },
      abort(reason) { events.push('abort', reason); return sink.abort && sink.abort(reason); },
    }, strategy);
    return { ws, events, c };
  }

  t.test('sink: methods are called on it, with their arguments', async () => {
    const seen = [];
    const sink = {
      start(...args) { seen.push(['start', this === sink, args.length]); },
      write(...args) { seen.push(['write', this === sink, args.length, args[0]]); },
      close(...args) { seen.push(['close', this === sink, args.length]); },
    };
    const writer = new WritableStream(sink).getWriter();
    writer.write('a');
    await writer.close();
    t.equal(seen, [['start', true, 1], ['write', true, 2, 'a'], ['close', true, 0]]);
    const aborts = [];
    const sink2 = { abort(...args) { aborts.push(this === sink2, ...args); } };
    await new WritableStream(sink2).abort(error1);
    t.equal(aborts[0], true);
    t.equal(aborts[1], error1);
    t.equal(aborts.length, 2);
  });

  t.test('sink: start that throws', () => {
    t.throws(error1, () => new WritableStream({ start() { throw error1; } }));
  });

  t.test('sink: start that rejects', async () => {
    const writer = new WritableStream({ start: () => Promise.reject(error1) }).getWriter();
    const write = writer.write('a');
    await t.rejects(error1, write);
    await t.rejects(error1, writer.ready);
    await t.rejects(error1, writer.closed);
    await t.rejects(error1, writer.write('b'));
  });

  t.test('sink: nothing is written before start has ended', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ start: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    await t.flush();
    t.equal(events, []);
    d.resolve();
    await write;
    t.equal(events, ['write', 'a']);
  });

  t.test('sink: one write at a time', async () => {
    const ds = [];
    const { ws, events } = recording({ write() { const d = t.deferred(); ds.push(d); return d.promise; } });
    const writer = ws.getWriter();
    const writes = [writer.write('a'), writer.write('b'), writer.write('c')];
    await t.flush();
    t.equal(events, ['write', 'a']);
    ds[0].resolve();
    t.equal(await t.settled(writes[0]), [true, undefined]);
    t.equal(events, ['write', 'a', 'write', 'b']);
    t.equal(await t.settled(writes[1]), 'pending');
    ds[1].resolve();
    await t.flush();
    ds[2].resolve();
    await Promise.all(writes);
  });

  t.test('sink: without a write method chunks vanish', async () => {
    const writer = new WritableStream().getWriter();
    for (let i = 0; i < 50; i++) t.equal(await writer.write(i), undefined);
    await writer.close();
    await writer.closed;
  });

  t.test('write: what the sink throws errors the stream', async () => {
    const { ws } = recording({ write() { throw error1; } });
    const writer = ws.getWriter();
    const ready = writer.ready;
    await ready;
    const writes = [writer.write('a'), writer.write('b')];
    t.ok(writer.ready !== ready, 'backpressure');
    await t.rejects(error1, writes[0]);
    await t.rejects(error1, writes[1]);
    await t.rejects(error1, writer.ready);
    await t.rejects(error1, writer.closed);
    await t.rejects(error1, writer.write('c'));
    await t.rejects(TypeError, writer.close());
  });

  t.test('write: what the sink rejects with errors the stream', async () => {
    const { ws } = recording({ write: () => Promise.reject(error1) });
    const writer = ws.getWriter();
    await t.rejects(error1, writer.write('a'));
    await t.rejects(error1, writer.closed);
    t.equal(writer.desiredSize, null);
  });

  t.test('write: many', async () => {
    const { ws, events } = recording({}, { highWaterMark: 100 });
    const writer = ws.getWriter();
    const writes = [];
    for (let i = 0; i < 100; i++) writes.push(writer.write(i));
    await Promise.all(writes);
    t.equal(events.filter((x) => x !== 'write'), Array.from({ length: 100 }, (_, i) => i));
  });

  t.test('desiredSize and ready', async () => {
    const d = t.deferred();
    const { ws } = recording({ write: () => d.promise }, { highWaterMark: 2 });
    const writer = ws.getWriter();
    const first = writer.ready;
    t.equal(writer.desiredSize, 2);
    writer.write('a');
    t.equal(writer.desiredSize, 1);
    t.equal(writer.ready, first);
    writer.write('b');
    t.equal(writer.desiredSize, 0);
    const second = writer.ready;
    t.ok(second !== first);
    t.equal(await t.settled(first), [true, undefined]);
    t.equal(await t.settled(second), 'pending');
    d.resolve();
    await second;
    t.equal(writer.ready, second);
    await t.flush();
    t.equal(writer.desiredSize, 2);
  });

  t.test('ready: with a high water mark of 0 never fulfils but for close', async () => {
    const { ws } = recording({}, { highWaterMark: 0 });
    const writer = ws.getWriter();
    t.equal(writer.desiredSize, 0);
    const ready = writer.ready;
    await writer.write('a');
    t.equal(await t.settled(ready), 'pending');
    const closed = writer.close();
    t.equal(await t.settled(ready), [true, undefined]);
    await closed;
    t.equal(writer.desiredSize, 0);
  });

  t.test('ready: a new writer', async () => {
    const d = t.deferred();
    const { ws } = recording({ write: () => d.promise });
    const w1 = ws.getWriter();
    w1.write('a');
    w1.releaseLock();
    const w2 = ws.getWriter();
    t.equal(await t.settled(w2.ready), 'pending');
    d.resolve();
    t.equal(await t.settled(w2.ready), [true, undefined]);
  });

  t.test('strategy: size', async () => {
    const seen = [];
    const { ws } = recording({ write: () => new Promise(() => {}) }, {
      highWaterMark: 10,
      size(...args) { seen.push([this, args]); return args[0]; },
    });
    const writer = ws.getWriter();
    writer.write(3);
    writer.write(4);
    t.equal(writer.desiredSize, 3);
    t.equal(seen, [[undefined, [3]], [undefined, [4]]]);
  });

  t.test('strategy: size that throws or is bad', async () => {
    for (const [size, want] of [[() => { throw error1; }, error1], [() => -1, RangeError], [() => NaN, RangeError], [() => Infinity, RangeError], [() => 'x', RangeError]]) {
      const { ws, events } = recording({}, { size });
      const writer = ws.getWriter();
      await t.rejects(want, writer.write('a'));
      await t.rejects(want, writer.closed);
      await t.rejects(want, writer.ready);
      t.equal(events, []);
    }
  });

  t.test('strategy: size that releases the lock', async () => {
    let writer;
    const { ws } = recording({}, { size() { writer.releaseLock(); return 1; } });
    writer = ws.getWriter();
    await t.rejects(TypeError, writer.write('a'));
    t.equal(ws.locked, false);
  });

  t.test('strategy: size that moves the writer to another stream', async () => {
    const { ws } = recording({}, { size() { writer.abort(error1); return 1; } });
    const writer = ws.getWriter();
    await t.rejects(error1, writer.write('a'));
    await t.flush();
  });

  t.test('close: after the writes', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    writer.write('a');
    const closed = writer.close();
    await t.flush();
    t.equal(events, ['write', 'a']);
    t.equal(await t.settled(writer.closed), 'pending');
    d.resolve();
    t.equal(await closed, undefined);
    t.equal(events, ['write', 'a', 'close', 0]);
    t.equal(await t.settled(writer.closed), [true, undefined]);
    t.equal(writer.desiredSize, 0);
  });

  t.test('close: refuses writes and another close', async () => {
    const { ws } = recording();
    const writer = ws.getWriter();
    const closed = writer.close();
    await t.rejects(TypeError, writer.write('a'));
    await t.rejects(TypeError, writer.close());
    await closed;
    await t.rejects(TypeError, writer.write('a'));
    await t.rejects(TypeError, writer.close());
    writer.releaseLock();
    await t.rejects(TypeError, ws.close());
  });

  t.test('close: on the stream', async () => {
    const { ws, events } = recording();
    await ws.close();
    t.equal(events, ['close', 0]);
    const locked = recording().ws;
    locked.getWriter();
    await t.rejects(TypeError, locked.close());
    await t.rejects(TypeError, locked.abort());
  });

  t.test('close: fails as the sink does', async () => {
    for (const close of [() => { throw error1; }, () => Promise.reject(error1)]) {
      const { ws } = recording({ close });
      const writer = ws.getWriter();
      await t.rejects(error1, writer.close());
      await t.rejects(error1, writer.closed);
      await t.rejects(error1, writer.ready);
    }
  });

  t.test('abort: gives the reason to the sink and errors the stream', async () => {
    const { ws, events } = recording();
    const writer = ws.getWriter();
    const writes = [writer.write('a'), writer.write('b')];
    t.equal(await writer.abort(error1), undefined);
    t.equal(events[events.length - 2], 'abort');
    t.equal(events[events.length - 1], error1);
    await t.rejects(error1, writer.closed);
    await t.rejects(error1, writer.ready);
    for (const w of writes) t.equal((await t.settled(w))[1] === error1 || (await t.settled(w))[0], true);
    await t.rejects(error1, writer.write('c'));
    t.equal(writer.desiredSize, null);
  });

  t.test('abort: before start has ended', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ start: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    const aborted = writer.abort(error1);
    t.equal(await t.settled(aborted), 'pending');
    t.equal(await t.settled(write), 'pending');
    await t.rejects(error1, writer.ready);
    d.resolve();
    await aborted;
    await t.rejects(error1, write);
    t.equal(events.length, 2);
    t.equal(events[0], 'abort');
  });

  t.test('abort: waits for the write in flight', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    const write2 = writer.write('b');
    await t.flush();
    const aborted = writer.abort(error1);
    await t.flush();
    t.equal(events, ['write', 'a']);
    t.equal(await t.settled(write2), 'pending');
    d.resolve();
    await write;
    await t.rejects(error1, write2);
    await aborted;
    t.equal(events.slice(0, 3), ['write', 'a', 'abort']);
  });

  t.test('abort: the write in flight fails', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    await t.flush();
    const aborted = writer.abort(error1);
    d.reject(error2);
    await t.rejects(error2, write);
    await aborted;
    await t.rejects(error1, writer.closed);
    t.equal(events.slice(2), ['abort', error1].slice(0, 1).concat(events.slice(3)));
  });

  t.test('abort: during close, which wins', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ close: () => d.promise });
    const writer = ws.getWriter();
    const closed = writer.close();
    await t.flush();
    const aborted = writer.abort(error1);
    await t.rejects(error1, writer.ready);
    t.equal(await t.settled(aborted), 'pending');
    d.resolve();
    await closed;
    await aborted;
    await writer.closed;
    t.equal(events, ['close', 0]);
  });

  t.test('abort: during a close that fails', async () => {
    const d = t.deferred();
    const { ws } = recording({ close: () => d.promise });
    const writer = ws.getWriter();
    const closed = writer.close();
    await t.flush();
    const aborted = writer.abort(error1);
    d.reject(error2);
    await t.rejects(error2, closed);
    await t.rejects(error2, aborted);
    await t.rejects(error1, writer.closed);
  });

  t.test('abort: of a queued close', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    const closed = writer.close();
    await t.flush();
    const aborted = writer.abort(error1);
    d.resolve();
    await write;
    await t.rejects(error1, closed);
    await aborted;
    t.equal(events.includes('close'), false);
  });

  t.test('abort: the sink fails', async () => {
    for (const abort of [() => { throw error2; }, () => Promise.reject(error2)]) {
      const { ws } = recording({ abort });
      const writer = ws.getWriter();
      await t.rejects(error2, writer.abort(error1));
      await t.rejects(error1, writer.closed);
    }
  });

  t.test('abort: twice is one', async () => {
    const d = t.deferred();
    const { ws, events } = recording({ abort: () => d.promise });
    const writer = ws.getWriter();
    await t.flush();
    const first = writer.abort(error1);
    t.equal(events.length, 2);
    t.equal(await t.settled(writer.abort(error2)), [true, undefined], 'errored by now');
    t.equal(await t.settled(first), 'pending');
    t.equal(await t.settled(writer.closed), 'pending');
    d.resolve();
    await first;
    await t.rejects(error1, writer.closed);
  });

  t.test('abort: twice before it begins', async () => {
    const { ws, events } = recording();
    const writer = ws.getWriter();
    const first = writer.abort(error1);
    const second = writer.abort(error2);
    t.equal(first, second);
    await first;
    t.equal(events.length, 2);
    t.equal(events[1], error1);
  });

  t.test('abort: closed and errored streams', async () => {
    const a = recording();
    await a.ws.close();
    t.equal(await a.ws.abort(error1), undefined);
    const b = recording();
    await t.flush();
    b.c.error(error1);
    t.equal(await b.ws.abort(error2), undefined);
    t.equal(b.events, []);
  });

  t.test('abort: while erroring rejects with the first error', async () => {
    const { ws, c, events } = recording();
    c.error(error1); // not started, so erroring
    await t.rejects(error1, ws.abort(error2));
    t.equal(events, []);
  });

  t.test('controller.error: errors the stream', async () => {
    const { ws, c, events } = recording();
    const writer = ws.getWriter();
    const write = writer.write('a');
    c.error(error1);
    c.error(error2);
    await t.rejects(error1, writer.ready);
    await t.rejects(error1, write);
    await t.rejects(error1, writer.closed);
    t.equal(events, []);
  });

  t.test('controller.error: inside write', async () => {
    const { ws } = recording({ write(chunk, c) { c.error(error1); } });
    const writer = ws.getWriter();
    t.equal(await writer.write('a'), undefined, 'the write itself succeeds');
    await t.rejects(error1, writer.closed);
  });

  t.test('controller.error: after close has no effect', async () => {
    const { ws, c } = recording();
    await ws.close();
    c.error(error1);
    await ws.getWriter().closed;
  });

  t.test('controller.signal', async () => {
    const { ws, c } = recording();
    const { signal } = c;
    t.ok(signal instanceof AbortSignal);
    t.equal(c.signal, signal);
    t.equal(signal.aborted, false);
    t.equal(signal.reason, undefined);
    let heard = 0;
    signal.addEventListener('abort', () => { heard++; });
    const aborted = ws.abort(error1);
    t.equal([signal.aborted, signal.reason === error1, heard], [true, true, 1], 'at once');
    await aborted;
  });

  t.test('controller.signal: asked for after the abort', async () => {
    const { ws, c } = recording();
    await ws.abort(error1);
    t.equal(c.signal.aborted, true);
    t.equal(c.signal.reason, error1);
  });

  t.test('controller.signal: an abort without a reason', async () => {
    const { ws, c } = recording();
    await ws.abort();
    t.equal(c.signal.reason.name, 'AbortError');
  });

  t.test('controller.signal: not aborted by other ends', async () => {
    const a = recording();
    await a.ws.close();
    t.equal(a.c.signal.aborted, false);
    const b = recording();
    b.c.error(error1);
    await t.flush();
    t.equal(b.c.signal.aborted, false);
    const d = recording({ write: () => Promise.reject(error1) });
    const writer = d.ws.getWriter();
    await t.rejects(error1, writer.write('a'));
    t.equal(d.c.signal.aborted, false);
  });

  t.test('controller.signal: a listener that errors or aborts', async () => {
    const { ws, c, events } = recording();
    await t.flush();
    c.signal.addEventListener('abort', () => c.error(error2));
    t.equal(await ws.abort(error1), undefined);
    t.equal(events, [], 'the stream was errored before the sink could be aborted');
    const b = recording();
    await t.flush();
    let inner;
    const writer = b.ws.getWriter();
    b.c.signal.addEventListener('abort', () => { inner = writer.abort(error2); });
    const outer = writer.abort(error1);
    await outer;
    await inner;
    t.equal(b.events.length, 2);
    t.equal(b.events[1], error2);
  });

  t.test('locks', () => {
    const ws = new WritableStream();
    const writer = ws.getWriter();
    t.ok(writer instanceof WritableStreamDefaultWriter);
    t.equal(ws.locked, true);
    t.throws(TypeError, () => ws.getWriter());
    t.throws(TypeError, () => new WritableStreamDefaultWriter(ws));
    writer.releaseLock();
    t.equal(ws.locked, false);
    writer.releaseLock();
    new WritableStreamDefaultWriter(ws);
    t.equal(ws.locked, true);
  });

  t.test('release: a writer without a stream', async () => {
    const { ws, events } = recording();
    const writer = ws.getWriter();
    const { closed, ready } = writer;
    const write = writer.write('a');
    writer.releaseLock();
    await t.rejects(TypeError, closed);
    t.equal(writer.closed, closed, 'was pending');
    await ready;
    t.ok(writer.ready !== ready, 'was settled');
    await t.rejects(TypeError, writer.ready);
    await t.rejects(TypeError, writer.write('b'));
    await t.rejects(TypeError, writer.close());
    await t.rejects(TypeError, writer.abort());
    t.throws(TypeError, () => writer.desiredSize);
    await write;
    t.equal(events, ['write', 'a'], 'what was queued is written');
  });

  t.test('release: replaces a fulfilled ready', async () => {
    const { ws } = recording();
    const writer = ws.getWriter();
    const { ready } = writer;
    await ready;
    writer.releaseLock();
    t.ok(writer.ready !== ready);
    await ready;
    await t.rejects(TypeError, writer.ready);
    t.equal(writer.ready, writer.ready);
  });

  t.test('release: the sink goes on without a writer', async () => {
    const d = t.deferred();
    const { ws, events, c } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    const closed = writer.close();
    writer.releaseLock();
    d.resolve();
    await write;
    await closed;
    t.equal(events, ['write', 'a', 'close', 0]);
    c.error(error1);
    t.equal(await t.settled(ws.getWriter().closed), [true, undefined]);
  });

  t.test('write: while the stream is erroring', async () => {
    const d = t.deferred();
    const { ws, c } = recording({ write: () => d.promise });
    const writer = ws.getWriter();
    const write = writer.write('a');
    await t.flush();
    c.error(error1);
    await t.rejects(error1, writer.write('b'));
    t.equal(writer.desiredSize, null);
    const closed = writer.close();
    t.equal(await t.settled(closed), 'pending');
    await t.rejects(TypeError, writer.close());
    d.resolve();
    await write;
    await t.rejects(error1, closed);
    await t.rejects(TypeError, writer.close());
  });

  t.test('closed and ready of a new writer', async () => {
    const a = recording();
    await a.ws.close();
    const wa = a.ws.getWriter();
    t.equal([await t.settled(wa.closed), await t.settled(wa.ready)], [[true, undefined], [true, undefined]]);

    const b = recording();
    await t.flush();
    b.c.error(error1);
    const wb = b.ws.getWriter();
    await t.rejects(error1, wb.closed);
    await t.rejects(error1, wb.ready);

    const d = recording();
    d.c.error(error1); // erroring until it has started
    const wd = d.ws.getWriter();
    await t.rejects(error1, wd.ready);
    await t.rejects(error1, wd.closed);
  });

  t.test('rejections: closed and ready need no handling, writes do', async () => {
    t.allowUnhandled(1);
    const { ws, c } = recording();
    const writer = ws.getWriter();
    writer.closed; // eslint-disable-line no-unused-expressions
    writer.ready; // eslint-disable-line no-unused-expressions
    writer.write('a');
    c.error(error1);
  });

  t.test('rejections: none where nobody asked', async () => {
    const { ws, c } = recording();
    ws.getWriter();
    c.error(error1);
    new WritableStream({ start: () => Promise.reject(error1) }).getWriter();
  });

  t.test('strategy: a count', async () => {
    const writer = new WritableStream({}, new CountQueuingStrategy({ highWaterMark: 2 })).getWriter();
    writer.write({});
    writer.write({});
    t.equal(writer.desiredSize, 0);
  });

  t.test('order: the turns of writes', async () => {
    t.equal(await t.ticks(12, (log) => {
      const ws = new WritableStream({ write(x) { log(`write ${x}`); }, close() { log('close'); } });
      const writer = ws.getWriter();
      writer.write('a').then(() => log('wrote a'));
      writer.write('b').then(() => log('wrote b'));
      writer.close().then(() => log('closed'));
      writer.closed.then(() => log('closed too'));
    }), ['0 write a', '1 write b', '2 wrote a', '2 close', '3 wrote b', '4 closed', '4 closed too'], 'sync sink');
  });
})
