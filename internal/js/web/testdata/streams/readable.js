// Readable streams with default controllers, and default readers.
(function (streams, t) {
  'use strict';

  const { ReadableStream, ReadableStreamDefaultReader, CountQueuingStrategy, ByteLengthQueuingStrategy } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  // open makes a stream and its controller.
  function open(source = {}, strategy = undefined) {
    let c;
    const rs = new ReadableStream({ ...source, start(x) { c = x; return source.start && source.start(x); } }, strategy);
    return { rs, c };
  }

  t.test('start: called at once with the controller, on the source', () => {
    let calls = 0;
    const source = {
      start(...args) {
        calls++;
        t.equal(this, source);
        t.equal(args.length, 1);
        t.equal(args[0].desiredSize, 1);
      },
    };
    new ReadableStream(source);
    t.equal(calls, 1);
  });

  t.test('start: what it throws is thrown', () => {
    t.throws(error1, () => new ReadableStream({ start() { throw error1; } }));
  });

  t.test('start: a rejection errors the stream', async () => {
    const rs = new ReadableStream({ start: () => Promise.reject(error1) });
    const reader = rs.getReader();
    await t.rejects(error1, reader.read());
    await t.rejects(error1, reader.closed);
    await t.rejects(error1, rs.getReader === undefined ? undefined : reader.read());
  });

  t.test('start: nothing is pulled before its promise', async () => {
    const d = t.deferred();
    let pulls = 0;
    const rs = new ReadableStream({ start: () => d.promise, pull() { pulls++; } });
    const read = rs.getReader().read();
    await t.flush();
    t.equal(pulls, 0);
    d.resolve();
    await t.flush();
    t.equal(pulls, 1);
    t.equal(await t.settled(read), 'pending');
  });

  t.test('start: a thenable counts, a number does not', async () => {
    let pulls = 0;
    new ReadableStream({ start: () => ({ then(resolve) { resolve(); } }), pull() { pulls++; } });
    new ReadableStream({ start: () => 5, pull() { pulls++; } });
    t.equal(pulls, 0);
    await t.flush();
    t.equal(pulls, 2);
  });

  t.test('pull: called on the source with the controller alone', async () => {
    let got;
    const source = { pull(...args) { got = [this, args.length, args[0].desiredSize]; } };
    new ReadableStream(source);
    await t.flush();
    t.equal(got[0], source);
    t.equal(got.slice(1), [1, 1]);
  });

  t.test('pull: methods are looked up once', async () => {
    let pulls = 0;
    const source = { pull() { pulls++; } };
    new ReadableStream(source);
    source.pull = () => { pulls += 100; };
    await t.flush();
    t.equal(pulls, 1);
  });

  t.test('pull: until the queue is full', async () => {
    let pulls = 0;
    const rs = new ReadableStream({ pull(c) { c.enqueue(pulls++); } }, { highWaterMark: 3 });
    await t.flush();
    t.equal(pulls, 3);
    const reader = rs.getReader();
    t.equal(await reader.read(), { done: false, value: 0 });
    await t.flush();
    t.equal(pulls, 4);
  });

  t.test('pull: with a high water mark of 0, for reads only', async () => {
    let pulls = 0;
    const rs = new ReadableStream({ pull(c) { pulls++; c.enqueue('x'); } }, { highWaterMark: 0 });
    await t.flush();
    t.equal(pulls, 0);
    const reader = rs.getReader();
    t.equal(await reader.read(), { done: false, value: 'x' });
    await t.flush();
    t.equal(pulls, 1);
  });

  t.test('pull: once at a time, and again when asked meanwhile', async () => {
    const d = [];
    const { rs, c } = open({ pull() { const x = t.deferred(); d.push(x); return x.promise; } }, { highWaterMark: 2 });
    await t.flush();
    t.equal(d.length, 1);
    const reader = rs.getReader();
    reader.read();
    reader.read();
    await t.flush();
    t.equal(d.length, 1);
    c.enqueue('a');
    d[0].resolve();
    await t.flush();
    t.equal(d.length, 2);
    d[1].resolve();
    await t.flush();
    t.equal(d.length, 2, 'nothing asked for a third');
  });

  t.test('pull: what it throws errors the stream, a turn later', async () => {
    const { rs } = open({ pull() { throw error1; } });
    const reader = rs.getReader();
    t.equal(await t.settled(reader.closed), [false, error1]);
    await t.rejects(error1, reader.read());
    const late = open({ pull() { throw error1; } }, { highWaterMark: 0 });
    await t.flush();
    const read = late.rs.getReader().read();
    t.equal(late.c.desiredSize, 0, 'not errored inside read()');
    await undefined;
    t.equal(late.c.desiredSize, null);
    await t.rejects(error1, read);
  });

  t.test('pull: its rejection errors the stream', async () => {
    const rs = new ReadableStream({ pull: () => Promise.reject(error1) }, { highWaterMark: 0 });
    const reader = rs.getReader();
    await t.rejects(error1, reader.read());
    await t.rejects(error1, reader.closed);
  });

  t.test('pull: chunks enqueued before it throws are lost with the stream', async () => {
    const rs = new ReadableStream({ pull(c) { c.enqueue('a'); c.enqueue('b'); throw error1; } }, { highWaterMark: 0 });
    const reader = rs.getReader();
    const read = reader.read();
    await t.flush();
    t.equal(await read, { done: false, value: 'a' });
    await t.rejects(error1, reader.read());
  });

  t.test('pull: not after close, error or cancel', async () => {
    for (const end of ['close', 'error', 'cancel']) {
      let pulls = 0;
      const { rs, c } = open({ pull() { pulls++; } }, { highWaterMark: 5 });
      if (end === 'cancel') await rs.cancel();
      else c[end](error1);
      await t.flush();
      t.equal(pulls, 0, end);
    }
  });

  t.test('reads: in order, of what was and will be enqueued', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    c.enqueue('b');
    const reader = rs.getReader();
    const reads = [reader.read(), reader.read(), reader.read(), reader.read()];
    c.enqueue('c');
    c.close();
    t.equal(await Promise.all(reads), [
      { done: false, value: 'a' }, { done: false, value: 'b' }, { done: false, value: 'c' }, { done: true, value: undefined },
    ]);
    t.equal(await reader.read(), { done: true, value: undefined });
    await reader.closed;
  });

  t.test('reads: many, so that the queue grows and goes round', async () => {
    const { rs, c } = open({}, { highWaterMark: 1000 });
    const reader = rs.getReader();
    let next = 0;
    let want = 0;
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i <= round; i++) c.enqueue(next++);
      for (let i = 0; i <= round / 2; i++) t.equal((await reader.read()).value, want++);
    }
    t.equal(c.desiredSize, 1000 - (next - want));
    c.close();
    while (want < next) t.equal((await reader.read()).value, want++);
    t.equal((await reader.read()).done, true);
  });

  t.test('reads: undefined, null and promises are chunks', async () => {
    const { rs, c } = open();
    const p = Promise.resolve(1);
    c.enqueue();
    c.enqueue(null);
    c.enqueue(p);
    const reader = rs.getReader();
    t.equal(await reader.read(), { done: false, value: undefined });
    t.equal(await reader.read(), { done: false, value: null });
    t.equal((await reader.read()).value, p);
  });

  t.test('desiredSize', async () => {
    const { rs, c } = open({}, { highWaterMark: 2 });
    t.equal(c.desiredSize, 2);
    c.enqueue('a');
    c.enqueue('b');
    c.enqueue('c');
    t.equal(c.desiredSize, -1);
    await rs.getReader().read();
    t.equal(c.desiredSize, 0);
    c.close();
    t.equal(c.desiredSize, 0, 'closing, not yet closed');
  });

  t.test('desiredSize: closed and errored', () => {
    const a = open({}, { highWaterMark: 7 });
    a.c.close();
    t.equal(a.c.desiredSize, 0);
    const b = open({}, { highWaterMark: 7 });
    b.c.error(error1);
    t.equal(b.c.desiredSize, null);
  });

  t.test('close: queued chunks can still be read', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    c.close();
    t.throws(TypeError, () => c.enqueue('b'));
    t.throws(TypeError, () => c.close());
    const reader = rs.getReader();
    t.equal(await t.settled(reader.closed), 'pending');
    t.equal(await reader.read(), { done: false, value: 'a' });
    t.equal(await t.settled(reader.closed), [true, undefined]);
  });

  t.test('close: after error throws', () => {
    const { c } = open();
    c.error(error1);
    t.throws(TypeError, () => c.close());
    t.throws(TypeError, () => c.enqueue(1));
    c.error(error2); // no effect
  });

  t.test('a reader of an errored stream', async () => {
    const { rs, c } = open();
    c.error(error1);
    const reader = rs.getReader();
    await t.rejects(error1, reader.cancel());
    reader.releaseLock();
    await t.rejects(error1, rs.cancel());
  });

  t.test('error: drops the queue', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    c.error(error1);
    c.error(error2);
    const reader = rs.getReader();
    await t.rejects(error1, reader.read());
    await t.rejects(error1, reader.closed);
  });

  t.test('error: rejects pending reads before later ones', async () => {
    const { rs, c } = open();
    const reader = rs.getReader();
    const reads = [reader.read(), reader.read()];
    c.error(error1);
    for (const read of [...reads, reader.read()]) await t.rejects(error1, read);
  });

  t.test('error: with undefined', async () => {
    const { rs, c } = open();
    c.error();
    t.equal(await t.settled(rs.getReader().read()), [false, undefined]);
  });

  t.test('cancel: calls cancel with the reason alone', async () => {
    let got;
    const source = { cancel(...args) { got = [this, args]; return 'ignored'; } };
    const rs = new ReadableStream(source);
    t.equal(await rs.cancel(error1), undefined);
    t.equal(got[0], source);
    t.equal(got[1].length, 1);
    t.equal(got[1][0], error1);
  });

  t.test('cancel: closes at once, and drops the queue', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    const reader = rs.getReader();
    const cancelled = reader.cancel();
    t.equal(await reader.read(), { done: true, value: undefined });
    await reader.closed;
    await cancelled;
    t.throws(TypeError, () => c.enqueue('b'));
    t.throws(TypeError, () => c.close());
    t.equal(c.desiredSize, 0);
  });

  t.test('cancel: ends pending reads', async () => {
    const { rs } = open();
    const reader = rs.getReader();
    const reads = [reader.read(), reader.read()];
    reader.cancel();
    t.equal(await Promise.all(reads), [{ done: true, value: undefined }, { done: true, value: undefined }]);
  });

  t.test('cancel: fails as the source does', async () => {
    await t.rejects(error1, new ReadableStream({ cancel() { throw error1; } }).cancel());
    await t.rejects(error1, new ReadableStream({ cancel: () => Promise.reject(error1) }).cancel());
  });

  t.test('cancel: waits for the source', async () => {
    const d = t.deferred();
    const p = new ReadableStream({ cancel: () => d.promise }).cancel();
    t.equal(await t.settled(p), 'pending');
    d.resolve(5);
    t.equal(await t.settled(p), [true, undefined]);
  });

  t.test('cancel: closed and errored streams', async () => {
    let calls = 0;
    const a = open({ cancel() { calls++; } });
    a.c.close();
    t.equal(await a.rs.cancel(), undefined);
    const b = open({ cancel() { calls++; } });
    b.c.error(error1);
    await t.rejects(error1, b.rs.cancel(error2));
    t.equal(calls, 0);
  });

  t.test('cancel: twice', async () => {
    let calls = 0;
    const rs = new ReadableStream({ cancel() { calls++; } });
    await rs.cancel();
    await rs.cancel();
    t.equal(calls, 1);
  });

  t.test('cancel: refused by a locked stream', async () => {
    const rs = new ReadableStream();
    rs.getReader();
    await t.rejects(TypeError, rs.cancel());
  });

  t.test('cancel: during start', async () => {
    let calls = 0;
    const d = t.deferred();
    const rs = new ReadableStream({ start: () => d.promise, pull() { t.ok(false); }, cancel() { calls++; } });
    await rs.cancel();
    t.equal(calls, 1);
    d.reject(error1); // too late to matter
    t.equal(await t.settled(rs.getReader().closed), [true, undefined]);
  });

  t.test('strategy: size is called with the chunk, and no this', () => {
    const seen = [];
    const { c } = open({}, {
      highWaterMark: 10,
      size(...args) {
        seen.push([this, args]);
        return 3;
      },
    });
    c.enqueue('a');
    t.equal(seen, [[undefined, ['a']]]);
    t.equal(c.desiredSize, 7);
  });

  t.test('strategy: size is not called for a chunk that a read waits for', async () => {
    let calls = 0;
    const { rs, c } = open({}, { size() { calls++; return 1; } });
    const read = rs.getReader().read();
    c.enqueue('a');
    t.equal((await read).value, 'a');
    t.equal(calls, 0);
  });

  t.test('strategy: what size throws errors the stream', async () => {
    const { rs, c } = open({}, { size() { throw error1; } });
    t.throws(error1, () => c.enqueue('a'));
    await t.rejects(error1, rs.getReader().read());
  });

  t.test('strategy: bad sizes', async () => {
    for (const bad of [NaN, -1, Infinity, -Infinity, undefined, 'x', {}]) {
      const { rs, c } = open({}, { size: () => bad });
      const e = t.throws(RangeError, () => c.enqueue('a'));
      await t.rejects(e, rs.getReader().read());
    }
    const { c } = open({}, { size: () => Symbol('x') });
    t.throws(TypeError, () => c.enqueue('a'));
  });

  t.test('strategy: sizes are converted', async () => {
    const { rs, c } = open({}, { highWaterMark: 10, size: (x) => x });
    c.enqueue('4');
    t.equal(c.desiredSize, 6);
    c.enqueue(true);
    t.equal(c.desiredSize, 5);
    c.enqueue(0);
    c.enqueue(0.5);
    t.equal(c.desiredSize, 4.5);
    const reader = rs.getReader();
    await reader.read();
    t.equal(c.desiredSize, 8.5);
  });

  t.test('strategy: rounding never leaves less than nothing', async () => {
    const { rs, c } = open({}, { highWaterMark: 0, size: (x) => x });
    c.enqueue(2);
    c.enqueue(Number.EPSILON);
    c.enqueue(1);
    t.equal(c.desiredSize, -(2 + Number.EPSILON + 1));
    const reader = rs.getReader();
    await reader.read();
    await reader.read();
    await reader.read();
    t.equal(c.desiredSize, 0);
  });

  t.test('strategy: size may enqueue, close and error', async () => {
    let c;
    let calls = 0;
    const rs = new ReadableStream({ start(x) { c = x; } }, {
      size() {
        if (calls++ === 0) c.enqueue('b');
        return 1;
      },
    });
    c.enqueue('a');
    const reader = rs.getReader();
    t.equal([(await reader.read()).value, (await reader.read()).value], ['b', 'a']);

    const x = open({}, { size() { x.c.error(error1); return 1; } });
    x.c.enqueue('a');
    await t.rejects(error1, x.rs.getReader().read());
  });

  t.test('strategy: the built-in ones', async () => {
    const a = open({}, new CountQueuingStrategy({ highWaterMark: 3 }));
    a.c.enqueue({ byteLength: 100 });
    t.equal(a.c.desiredSize, 2);
    const b = open({}, new ByteLengthQueuingStrategy({ highWaterMark: 300 }));
    b.c.enqueue({ byteLength: 100 });
    b.c.enqueue(new Uint8Array(50));
    t.equal(b.c.desiredSize, 150);
    t.throws(RangeError, () => b.c.enqueue('no length'));
    await t.rejects(RangeError, b.rs.getReader().read());
  });

  t.test('locks', () => {
    const rs = new ReadableStream();
    t.equal(rs.locked, false);
    const reader = rs.getReader();
    t.ok(reader instanceof ReadableStreamDefaultReader);
    t.equal(rs.locked, true);
    t.throws(TypeError, () => rs.getReader());
    t.throws(TypeError, () => new ReadableStreamDefaultReader(rs));
    t.throws(TypeError, () => rs.tee());
    t.throws(TypeError, () => rs.values());
    reader.releaseLock();
    t.equal(rs.locked, false);
    reader.releaseLock();
    new ReadableStreamDefaultReader(rs);
    t.equal(rs.locked, true);
  });

  t.test('locks: a byob reader needs a byte stream', () => {
    const rs = new ReadableStream();
    t.throws(TypeError, () => rs.getReader({ mode: 'byob' }));
    t.equal(rs.locked, false);
  });

  t.test('release: rejects what is pending', async () => {
    const { rs, c } = open();
    const reader = rs.getReader();
    const closed = reader.closed;
    const reads = [reader.read(), reader.read()];
    reader.releaseLock();
    t.equal(reader.closed, closed, 'the pending promise was rejected');
    await t.rejects(TypeError, closed);
    for (const read of reads) await t.rejects(TypeError, read);
    await t.rejects(TypeError, reader.read());
    await t.rejects(TypeError, reader.cancel());
    c.enqueue('a');
    t.equal((await rs.getReader().read()).value, 'a', 'and no chunk went to it');
  });

  t.test('release: replaces a settled closed', async () => {
    const a = open();
    const reader = a.rs.getReader();
    const closed = reader.closed;
    a.c.close();
    await closed;
    reader.releaseLock();
    t.ok(reader.closed !== closed);
    await t.rejects(TypeError, reader.closed);
    t.equal(reader.closed, reader.closed);

    const b = open();
    const reader2 = b.rs.getReader();
    b.c.error(error1);
    const closed2 = reader2.closed;
    reader2.releaseLock();
    await t.rejects(error1, closed2);
    await t.rejects(TypeError, reader2.closed);
  });

  t.test('closed: made before and after the end', async () => {
    const a = open();
    a.c.close();
    t.equal(await t.settled(a.rs.getReader().closed), [true, undefined]);
    const b = open();
    b.c.error(error1);
    t.equal(await t.settled(b.rs.getReader().closed), [false, error1]);
    const d = open();
    const reader = d.rs.getReader();
    const { closed } = reader;
    t.equal(reader.closed, closed);
    d.c.close();
    t.equal(reader.closed, closed);
    t.equal(await t.settled(closed), [true, undefined]);
  });

  t.test('closed: is fulfilled before pending reads', async () => {
    const { rs, c } = open();
    const reader = rs.getReader();
    const events = [];
    reader.read().then(() => events.push('read'));
    reader.closed.then(() => events.push('closed'));
    c.close();
    await t.flush();
    t.equal(events, ['closed', 'read']);
  });

  t.test('rejections: closed never needs handling', async () => {
    const { rs, c } = open();
    rs.getReader().closed; // eslint-disable-line no-unused-expressions
    c.error(error1);
    const b = open();
    const reader = b.rs.getReader();
    b.c.error(error1);
    reader.closed; // eslint-disable-line no-unused-expressions
    reader.releaseLock();
    reader.closed; // eslint-disable-line no-unused-expressions
  });

  t.test('rejections: a read does', async () => {
    t.allowUnhandled(2);
    const { rs, c } = open();
    const reader = rs.getReader();
    reader.read();
    c.error(error1);
    reader.read();
  });

  t.test('rejections: what a source rejects with needs no handling', async () => {
    new ReadableStream({ start: () => Promise.reject(error1) });
    new ReadableStream({ pull: () => Promise.reject(error1) });
    new ReadableStream({ pull() { throw error1; } });
  });

  t.test('reentrancy: enqueue from pull during read', async () => {
    const log = [];
    const rs = new ReadableStream({ pull(c) { log.push('pull'); c.enqueue('a'); c.enqueue('b'); } }, { highWaterMark: 0 });
    await t.flush();
    const reader = rs.getReader();
    t.equal((await reader.read()).value, 'a');
    t.equal((await reader.read()).value, 'b');
    t.equal(log, ['pull']);
  });

  t.test('reentrancy: error and close from pull during read', async () => {
    const a = new ReadableStream({ pull(c) { c.error(error1); } }, { highWaterMark: 0 });
    await t.rejects(error1, a.getReader().read());
    const b = new ReadableStream({ pull(c) { c.close(); } }, { highWaterMark: 0 });
    t.equal(await b.getReader().read(), { done: true, value: undefined });
  });

  t.test('reentrancy: the last chunk of a closing stream is delivered though pull errors it', async () => {
    const { rs, c } = open({ pull(x) { x.error(error1); } }, { highWaterMark: 1 });
    c.enqueue('a');
    await t.flush();
    const reader = rs.getReader();
    t.equal(await reader.read(), { done: false, value: 'a' });
    await t.rejects(error1, reader.read());
  });

  t.test('order: the turns of start, pull and reads', async () => {
    t.equal(await t.ticks(12, (log) => {
      const rs = new ReadableStream({
        start() { log('start'); },
        pull(c) { log('pull'); c.enqueue('x'); },
      }, { highWaterMark: 0 });
      log('made');
      const reader = rs.getReader();
      reader.read().then(() => {
        log('read 1');
        reader.read().then(() => log('read 2'));
      });
    }), ['0 start', '0 made', '0 pull', '1 read 1', '1 pull', '2 read 2']);
  });
})
