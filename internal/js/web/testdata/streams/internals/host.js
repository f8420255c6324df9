// What Go does with streams: internals. Node has no such thing.
(function (streams, t) {
  'use strict';

  const { ReadableStream, WritableStream, TransformStream, internals } = streams;

  const { u8 } = t;
  const error1 = new Error('error1');

  // source is a host source of chunks; async says how it gives them.
  function source(chunks, async = true, extra = {}) {
    const s = {
      pulls: [],
      cancelled: [],
      under: 0,
      pull(n) {
        s.pulls.push(n);
        t.equal(s.under, 0, 'one pull at a time');
        const next = chunks.length === 0 ? null : chunks.shift();
        if (!async) return next;
        s.under++;
        return Promise.resolve().then(() => {
          s.under--;
          if (next instanceof Error) throw next;
          return next;
        });
      },
      cancel(reason) {
        s.cancelled.push(reason);
      },
      ...extra,
    };
    return s;
  }

  async function all(rs) {
    const reader = rs.getReader();
    const out = [];
    for (let r = await reader.read(); !r.done; r = await reader.read()) out.push(...r.value);
    return out;
  }

  for (const async of [true, false]) {
    const kind = async ? 'promises' : 'values';

    t.test(`fromSource: default reads, of ${kind}`, async () => {
      const s = source([u8(1, 2), u8(3)], async);
      const rs = internals.fromSource(s);
      t.ok(rs instanceof ReadableStream);
      await t.flush();
      t.equal(s.pulls, [], 'nothing is pulled before a read');
      t.equal(await all(rs), [1, 2, 3]);
      t.equal(s.pulls, [65536, 65536, 65536]);
      await t.flush();
      t.equal(s.pulls.length, 3);
    });

    t.test(`fromSource: byob reads, of ${kind}`, async () => {
      const s = source([u8(1, 2), u8(3), u8(4, 5, 6)], async);
      const reader = internals.fromSource(s).getReader({ mode: 'byob' });
      t.equal((await reader.read(new Uint8Array(10))).value, u8(1, 2));
      t.equal((await reader.read(new Uint16Array(1), { min: 1 })).value, u8(3, 4).length === 2 ? new Uint16Array([0x0403]) : 0);
      t.equal((await reader.read(new Uint8Array(1))).value, u8(5));
      t.equal((await reader.read(new Uint8Array(5))).value, u8(6));
      const { done, value } = await reader.read(new Uint8Array(5));
      t.equal([done, value.byteLength], [true, 0]);
      t.equal(s.pulls, [10, 2, 1, 5]);
    });

    t.test(`fromSource: ends with part of an element, of ${kind}`, async () => {
      const s = source([u8(1)], async);
      const reader = internals.fromSource(s).getReader({ mode: 'byob' });
      await t.rejects(TypeError, reader.read(new Uint16Array(1)));
      await t.rejects(TypeError, reader.closed);
    });

    t.test(`fromSource: empty chunks are passed over, of ${kind}`, async () => {
      t.equal(await all(internals.fromSource(source([u8(), u8(), u8(1), u8()], async))), [1]);
    });

    t.test(`fromSource: what is no Uint8Array, of ${kind}`, async () => {
      await t.rejects(TypeError, all(internals.fromSource(source(['x'], async))));
      await t.rejects(TypeError, all(internals.fromSource(source([new Uint16Array(1)], async))));
    });

    t.test(`fromSource: many chunks, of ${kind}`, async () => {
      const chunks = Array.from({ length: 300 }, (_, i) => u8(i));
      t.equal((await all(internals.fromSource(source(chunks, async)))).length, 300);
      const more = Array.from({ length: 3000 }, (_, i) => u8(i));
      t.equal((await internals.readAll(internals.fromSource(source(more, async)))).length, 3000);
    });

    t.test(`fromSource: reads that are not awaited, of ${kind}`, async () => {
      const s = source([u8(1), u8(2), u8(3)], async);
      const reader = internals.fromSource(s).getReader();
      const results = await Promise.all([reader.read(), reader.read(), reader.read(), reader.read(), reader.read()]);
      t.equal(results.map((r) => r.value && r.value[0]), [1, 2, 3, undefined, undefined]);
    });
  }

  t.test('fromSource: a source with read', async () => {
    const asked = [];
    const make = (...steps) => ({
      read(n, done, fail) {
        asked.push(n);
        const step = steps.shift();
        Promise.resolve().then(() => (step instanceof Error ? fail(step) : done(step)));
      },
      cancel() {},
    });
    t.equal(await all(internals.fromSource(make(u8(1, 2), u8(), u8(3), null))), [1, 2, 3]);
    t.equal(asked.length, 4);
    const reader = internals.fromSource(make(u8(1), error1)).getReader({ mode: 'byob' });
    t.equal((await reader.read(new Uint8Array(5))).value, u8(1));
    await t.rejects(error1, reader.read(new Uint8Array(5)));
    t.equal(asked.slice(4), [5, 5]);
    t.equal(await internals.readAll(internals.fromSource(make(u8(1), u8(2), null))), u8(1, 2));
    await t.rejects(TypeError, all(internals.fromSource(make('x'))));
  });

  t.test('fromSource: a chunk that a byob read has begun', async () => {
    const rs = internals.fromSource(source([u8(1, 2, 3), u8(4)]));
    const first = rs.getReader({ mode: 'byob' });
    t.equal((await first.read(new Uint8Array(1))).value, u8(1));
    first.releaseLock();
    const second = rs.getReader();
    t.equal([(await second.read()).value, (await second.read()).value], [u8(2, 3), u8(4)]);
  });

  t.test('fromSource: errors', async () => {
    const rs = internals.fromSource(source([u8(1), error1]));
    const reader = rs.getReader();
    t.equal((await reader.read()).value, u8(1));
    await t.rejects(error1, reader.read());
    await t.rejects(error1, reader.closed);
    t.equal(internals.isErrored(rs), true);
    await t.rejects(error1, internals.fromSource({ pull() { throw error1; } }).getReader().read());
  });

  t.test('fromSource: cancel', async () => {
    const s = source([u8(1)]);
    t.equal(await internals.fromSource(s).cancel('why'), undefined);
    t.equal([s.cancelled, s.pulls], [['why'], []]);
    await t.rejects(error1, internals.fromSource({ cancel: () => Promise.reject(error1) }).cancel());
  });

  t.test('fromSource: cancel during a pull', async () => {
    const d = t.deferred();
    const s = source([], true, { pull: () => d.promise });
    const reader = internals.fromSource(s).getReader();
    const read = reader.read();
    await t.flush();
    await reader.cancel('why');
    t.equal(await read, { done: true, value: undefined });
    d.resolve(u8(1));
    await t.flush();
    t.equal(s.cancelled, ['why']);
  });

  t.test('fromSource: tee, pipe and iteration', async () => {
    const [a, b] = internals.fromSource(source([u8(1), u8(2)])).tee();
    t.equal(await Promise.all([all(a), all(b)]), [[1, 2], [1, 2]]);
    const out = [];
    await internals.fromSource(source([u8(3), u8(4)])).pipeThrough(new TransformStream()).pipeTo(new WritableStream({ write(x) { out.push(...x); } }));
    t.equal(out, [3, 4]);
    const it = internals.fromSource(source([u8(5)])).values();
    t.equal([(await it.next()).value, (await it.next()).done], [u8(5), true]);
  });

  t.test('fromSource: a reader released and another acquired', async () => {
    const s = source([u8(1), u8(2)]);
    const rs = internals.fromSource(s);
    const first = rs.getReader();
    t.rejects(TypeError, first.read());
    first.releaseLock();
    t.equal(await all(rs), [1, 2], 'the chunk that was under way is not lost');
  });

  t.test('takeSource', async () => {
    const s = source([u8(1)]);
    const rs = internals.fromSource(s);
    t.equal([rs.locked, internals.isDisturbed(rs), internals.isLocked(rs)], [false, false, false]);
    t.equal(internals.takeSource(rs), s);
    t.equal([rs.locked, internals.isDisturbed(rs), internals.isLocked(rs)], [true, true, true]);
    t.equal(internals.takeSource(rs), undefined);
    t.throws(TypeError, () => rs.getReader());
    await t.rejects(TypeError, rs.cancel());
    t.equal([s.pulls, s.cancelled], [[], []]);
  });

  t.test('takeSource: not of touched streams, nor of others', async () => {
    const read = internals.fromSource(source([u8(1)]));
    const reader = read.getReader();
    t.equal(internals.takeSource(read), undefined, 'locked');
    await reader.read();
    reader.releaseLock();
    t.equal(internals.takeSource(read), undefined, 'disturbed');
    const unread = internals.fromSource(source([]));
    unread.getReader().releaseLock();
    t.ok(internals.takeSource(unread) !== undefined, 'locked and released is not disturbed');
    const cancelled = internals.fromSource(source([]));
    await cancelled.cancel();
    t.equal(internals.takeSource(cancelled), undefined);
    for (const rs of [new ReadableStream(), new ReadableStream({ type: 'bytes' }), new TransformStream().readable, new ReadableStream({ pull() {} })]) {
      t.equal(internals.takeSource(rs), undefined);
      t.equal(rs.locked, false);
    }
    t.throws(TypeError, () => internals.takeSource({}));
  });

  t.test('questions', async () => {
    const rs = new ReadableStream();
    t.equal([rs, new WritableStream(), {}, undefined, Object.create(rs)].map((x) => internals.isReadableStream(x)), [true, false, false, false, false]);
    t.equal([rs, new WritableStream(), null].map((x) => internals.isWritableStream(x)), [false, true, false]);
    t.equal([internals.isDisturbed(rs), internals.isErrored(rs)], [false, false]);
    rs.getReader().read();
    t.equal(internals.isDisturbed(rs), true);
    const [a] = new ReadableStream().tee();
    t.equal(internals.isDisturbed(a), false);
    const bad = new ReadableStream({ start(c) { c.error(error1); } });
    t.equal(internals.isErrored(bad), true);
    for (const f of ['isDisturbed', 'isLocked', 'isErrored', 'reader', 'takeSource', 'teeForClone', 'readAll']) t.throws(TypeError, () => internals[f]({}));
  });

  t.test('what disturbs a stream', async () => {
    const { isDisturbed } = internals;
    const open = () => new ReadableStream({ start(c) { c.enqueue(u8(1)); }, type: 'bytes' });
    const touched = {
      read: (rs) => { rs.getReader().read(); },
      'byob read': (rs) => { rs.getReader({ mode: 'byob' }).read(u8(1)); },
      'iterator.next': (rs) => { rs.values().next(); },
      cancel: (rs) => { rs.cancel(); },
      pipeTo: (rs) => { rs.pipeTo(new WritableStream()); },
      pump: (rs) => { internals.pump(rs, { write() {}, close() {}, error() {} }); },
    };
    for (const name of Object.keys(touched)) {
      const rs = open();
      touched[name](rs);
      t.equal(isDisturbed(rs), true, name);
    }
    const closed = new ReadableStream({ start(c) { c.close(); } });
    closed.cancel();
    t.equal(isDisturbed(closed), true, 'cancel, when closed');
    const untouched = {
      getReader: (rs) => { rs.getReader(); },
      values: (rs) => { rs.values(); },
      closed: (rs) => rs.getReader().closed,
    };
    for (const name of Object.keys(untouched)) {
      const rs = open();
      untouched[name](rs);
      t.equal(isDisturbed(rs), false, name);
    }
    const rs = open();
    rs.tee();
    await t.flush();
    t.equal(isDisturbed(rs), false, 'tee of a byte stream, which reads when its branches are read');
    const plain = new ReadableStream({ start(c) { c.enqueue(1); } });
    plain.tee();
    await t.flush();
    t.equal(isDisturbed(plain), true, 'tee of another, which fills the queues of its branches');
  });

  t.test('reader', async () => {
    const rs = new ReadableStream({ start(c) { c.enqueue('a'); c.close(); } });
    const reader = internals.reader(rs);
    t.equal(rs.locked, true);
    t.throws(TypeError, () => internals.reader(rs));
    t.equal(await reader.read(), { done: false, value: 'a' });
    t.equal(await reader.read(), { done: true, value: undefined });
    reader.release();
    reader.release();
    t.equal(rs.locked, false);
    let why;
    const other = internals.reader(new ReadableStream({ cancel(reason) { why = reason; } }));
    await other.cancel('x');
    t.equal(why, 'x');
    other.release();
    t.equal(await other.cancel(), undefined);
  });

  t.test('readAll', async () => {
    const body = (...chunks) => new ReadableStream({ start(c) { for (const x of chunks) c.enqueue(x); c.close(); } });
    const rs = body(u8(1, 2), u8(), u8(3));
    t.equal(await internals.readAll(rs), u8(1, 2, 3));
    t.equal([rs.locked, internals.isDisturbed(rs)], [true, true]);
    await t.rejects(TypeError, internals.readAll(rs));
    t.equal(await internals.readAll(body()), u8());
    const chunk = u8(1);
    const copy = await internals.readAll(body(chunk));
    chunk[0] = 9;
    t.equal(copy, u8(1), 'a copy');
    t.equal(await internals.readAll(internals.fromSource(source([u8(1), u8(2)]))), u8(1, 2));
    t.equal(await internals.readAll(new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint16Array([1])); c.close(); } })), u8(1, 0));
  });

  t.test('readAll: failures', async () => {
    let why;
    const bad = (chunk) => new ReadableStream({ pull(c) { c.enqueue(chunk); }, cancel(reason) { why = reason; } });
    for (const chunk of ['x', 1, undefined, null, [], new Uint16Array(1), new ArrayBuffer(1), { byteLength: 1 }]) {
      why = undefined;
      const e = await t.rejects(TypeError, internals.readAll(bad(chunk)));
      t.equal(why, e);
    }
    await t.rejects(error1, internals.readAll(new ReadableStream({ pull() { throw error1; } })));
    await t.rejects(error1, internals.readAll(internals.fromSource(source([u8(1), error1]))));
  });

  t.test('readAll: a source that can do it itself', async () => {
    const s = source([], true, { readAll: () => Promise.resolve(u8(7)), pull() { t.ok(false); } });
    const rs = internals.fromSource(s);
    t.equal(await internals.readAll(rs), u8(7));
    t.equal([rs.locked, internals.isDisturbed(rs)], [true, true]);
  });

  t.test('pump', async () => {
    const events = [];
    const d = t.deferred();
    let n = 0;
    const rs = new ReadableStream({ pull(c) { if (n === 4) c.close(); else c.enqueue(n++); } }, { highWaterMark: 0 });
    internals.pump(rs, {
      write(x) { events.push(x); return x === 1 ? d.promise : undefined; },
      close() { events.push('close'); },
      error(e) { events.push('error', e); },
    });
    t.equal(rs.locked, true);
    await t.flush();
    t.equal([events, n], [[0, 1], 2], 'it waits for the sink');
    d.resolve();
    await t.flush();
    t.equal(events, [0, 1, 2, 3, 'close']);
  });

  t.test('pump: failures', async () => {
    const run = async (rs, write) => {
      const events = [];
      internals.pump(rs, { write, close: () => events.push('close'), error: (e) => events.push(e) });
      await t.flush();
      return events;
    };
    t.ok((await run(new ReadableStream({ pull() { throw error1; } }), () => {}))[0] === error1);
    for (const write of [() => { throw error1; }, () => Promise.reject(error1)]) {
      let why;
      const events = await run(new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(reason) { why = reason; return Promise.reject(new Error('ignored')); } }), write);
      t.ok(events.length === 1 && events[0] === error1);
      t.equal(why === error1, true);
    }
  });

  t.test('pump: stopping', async () => {
    const events = [];
    let why;
    const rs = new ReadableStream({ cancel(reason) { why = reason; } });
    const stop = internals.pump(rs, { write: (x) => events.push(x), close: () => events.push('close'), error: (e) => events.push(e) });
    await stop('gone');
    await t.flush();
    t.equal([why, events], ['gone', []]);
  });

  t.test('pump: many queued chunks', async () => {
    let sum = 0;
    const rs = new ReadableStream({ start(c) { for (let i = 0; i < 5000; i++) c.enqueue(i); c.close(); } });
    await new Promise((resolve, reject) => internals.pump(rs, { write(x) { sum += x; }, close: resolve, error: reject }));
    t.equal(sum, 5000 * 4999 / 2);
  });

  t.test('teeForClone: byte streams', async () => {
    const [a, b] = internals.teeForClone(internals.fromSource(source([u8(1), u8(2)])));
    t.equal(await Promise.all([all(a), all(b)]), [[1, 2], [1, 2]]);
    const s = source([], true, { tee: () => [source([u8(1)]), source([u8(1)])], pull() { t.ok(false); } });
    const rs = internals.fromSource(s);
    const [x, y] = internals.teeForClone(rs);
    t.equal(rs.locked, true);
    t.equal(await Promise.all([all(x), all(y)]), [[1], [1]]);
  });

  t.test('teeForClone: the second branch gets clones', async () => {
    const chunk = { a: [1] };
    const [a, b] = internals.teeForClone(new ReadableStream({ start(c) { c.enqueue(chunk); c.close(); } }));
    const x = (await a.getReader().read()).value;
    const y = (await b.getReader().read()).value;
    t.ok(x === chunk && y !== chunk);
    t.equal(y, chunk);
  });

  t.test('teeForClone: what cannot be cloned errors both', async () => {
    let why;
    const [a, b] = internals.teeForClone(new ReadableStream({ start(c) { c.enqueue(() => {}); }, cancel(reason) { why = reason; } }));
    const ra = a.getReader();
    const e = await t.rejects(Error, ra.read());
    t.equal(e.name, 'DataCloneError');
    await t.rejects(e, b.getReader().read());
    t.equal(why, e);
  });

  t.test('newSource', async () => {
    const pulls = [];
    let why;
    const s = internals.newSource({ pull() { pulls.push(1); }, cancel(reason) { why = reason; }, highWaterMark: 2 });
    t.equal(s.desiredSize(), 2);
    t.equal([s.enqueue('a'), s.enqueue('b')], [true, true]);
    t.equal(s.desiredSize(), 0);
    const reader = s.readable.getReader();
    t.equal((await reader.read()).value, 'a');
    s.close();
    t.equal(s.enqueue('c'), false);
    t.equal([(await reader.read()).value, (await reader.read()).done], ['b', true]);
    const bad = internals.newSource({});
    bad.error(error1);
    bad.close();
    await t.rejects(error1, bad.readable.getReader().read());
    const gone = internals.newSource({ cancel(reason) { why = reason; } });
    await gone.readable.cancel('x');
    t.equal([why, gone.enqueue('a'), gone.desiredSize()], ['x', false, 0]);
  });

  t.test('transformFrom', async () => {
    const { readable, writable } = internals.transformFrom({
      transform(x) {
        if (x === 0) return undefined;
        if (x === 1) return 'one';
        if (x === 2) return ['two', 'also two'];
        if (x === 3) return Promise.resolve(['three']);
        return Promise.resolve('four');
      },
      flush: () => ['end'],
    });
    t.ok(readable instanceof ReadableStream && writable instanceof WritableStream);
    const out = [];
    await new ReadableStream({ start(c) { for (let i = 0; i < 5; i++) c.enqueue(i); c.close(); } })
      .pipeThrough({ readable, writable }).pipeTo(new WritableStream({ write(x) { out.push(x); } }));
    t.equal(out, ['one', 'two', 'also two', 'three', 'four', 'end']);
  });

  t.test('transformFrom: without flush, and failing', async () => {
    const a = internals.transformFrom({ transform: (x) => x });
    const writer = a.writable.getWriter();
    const reader = a.readable.getReader();
    writer.write(1);
    t.equal((await reader.read()).value, 1);
    await writer.close();
    t.equal((await reader.read()).done, true);
    for (const transform of [() => { throw error1; }, () => Promise.reject(error1)]) {
      const b = internals.transformFrom({ transform });
      const read = b.readable.getReader().read();
      await t.rejects(error1, b.writable.getWriter().write(1));
      await t.rejects(error1, read);
    }
    const c = internals.transformFrom({ transform() {}, flush() { throw error1; } });
    await t.rejects(error1, c.writable.close());
  });

  t.test('transformFrom: cancel', async () => {
    let why;
    const a = internals.transformFrom({ transform() {}, cancel(reason) { why = reason; } });
    await a.readable.cancel('x');
    t.equal(why, 'x');
    await t.rejects('x', a.writable.getWriter().closed);
  });
})
