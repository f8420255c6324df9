// Async iteration of streams, and ReadableStream.from.
(function (streams, t) {
  'use strict';

  const { ReadableStream, asyncIterator } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  function open(source = {}, strategy = undefined) {
    let c;
    const rs = new ReadableStream({ ...source, start(x) { c = x; } }, strategy);
    return { rs, c };
  }

  t.test('iterator: its prototype', async () => {
    const it = new ReadableStream().values();
    const proto = Object.getPrototypeOf(it);
    t.equal(proto, Object.getPrototypeOf(new ReadableStream()[asyncIterator]()));
    t.equal(Object.getOwnPropertyNames(proto).sort(), ['next', 'return']);
    for (const [name, length] of [['next', 0], ['return', 1]]) {
      const d = Object.getOwnPropertyDescriptor(proto, name);
      t.equal([d.writable, d.enumerable, d.configurable], [true, true, true], name);
      t.equal([d.value.name, d.value.length], [name, length]);
    }
    t.equal(it[asyncIterator](), it);
    t.equal(proto[Symbol.toStringTag], 'ReadableStream AsyncIterator');
  });

  t.test('iterator: brand', async () => {
    const it = new ReadableStream().values();
    for (const self of [undefined, null, 1, {}, Object.create(it), new ReadableStream()]) {
      await t.rejects(TypeError, it.next.call(self));
      await t.rejects(TypeError, it.return.call(self));
    }
  });

  t.test('iterator: locks until it ends', async () => {
    const { rs, c } = open();
    const it = rs.values();
    t.equal(rs.locked, true);
    t.throws(TypeError, () => rs.values());
    c.close();
    t.equal(await it.next(), { value: undefined, done: true });
    t.equal(rs.locked, false);
  });

  t.test('iterator: chunks, then the end, for ever', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    c.enqueue('b');
    c.close();
    const it = rs.values();
    t.equal(await it.next(), { value: 'a', done: false });
    t.equal(await it.next(), { value: 'b', done: false });
    t.equal(await it.next(), { value: undefined, done: true });
    t.equal(await it.next(), { value: undefined, done: true });
    t.equal(await it.return('x'), { value: 'x', done: true });
  });

  t.test('iterator: nexts that are not awaited', async () => {
    const { rs, c } = open();
    const it = rs.values();
    const nexts = [it.next(), it.next(), it.next()];
    c.enqueue(1);
    c.enqueue(2);
    c.close();
    t.equal(await Promise.all(nexts), [{ value: 1, done: false }, { value: 2, done: false }, { value: undefined, done: true }]);
  });

  t.test('iterator: a next waits for the one before', async () => {
    let pulls = 0;
    const rs = new ReadableStream({ pull() { pulls++; return new Promise(() => {}); } }, { highWaterMark: 0 });
    const it = rs.values();
    it.next();
    it.next();
    await t.flush();
    t.equal(pulls, 1);
  });

  t.test('iterator: an error ends it', async () => {
    const { rs, c } = open();
    const it = rs.values();
    const next = it.next();
    c.error(error1);
    await t.rejects(error1, next);
    t.equal(await it.next(), { value: undefined, done: true });
    t.equal(await it.return(5), { value: 5, done: true });
    t.equal(rs.locked, false);
  });

  t.test('iterator: of an errored stream', async () => {
    const { rs, c } = open();
    c.error(error1);
    await t.rejects(error1, rs.values().next());
  });

  t.test('iterator: nexts that are not awaited, of a failing stream', async () => {
    const { rs, c } = open();
    const it = rs.values();
    const nexts = [it.next(), it.next(), it.next()];
    c.enqueue(1);
    c.error(error1);
    t.equal((await nexts[0]).value, 1);
    await t.rejects(error1, nexts[1]);
    t.equal(await nexts[2], { value: undefined, done: true });
  });

  t.test('iterator: return cancels', async () => {
    let got;
    const { rs } = open({ cancel(reason) { got = reason; } });
    const it = rs.values();
    t.equal(await it.return('why'), { value: 'why', done: true });
    t.equal(got, 'why');
    t.equal(rs.locked, false);
    t.equal(await it.next(), { value: undefined, done: true });
  });

  t.test('iterator: return with preventCancel', async () => {
    const { rs, c } = open({ cancel() { t.ok(false); } });
    c.enqueue('a');
    c.enqueue('b');
    const it = rs.values({ preventCancel: true });
    t.equal(await it.next(), { value: 'a', done: false });
    t.equal(await it.return('x'), { value: 'x', done: true });
    t.equal(rs.locked, false);
    t.equal(await rs.getReader().read(), { done: false, value: 'b' });
  });

  t.test('iterator: return fails as cancel does', async () => {
    const { rs } = open({ cancel: () => Promise.reject(error1) });
    const it = rs.values();
    await t.rejects(error1, it.return('x'));
    t.equal(await it.return('y'), { value: 'y', done: true });
  });

  t.test('iterator: return waits for a next', async () => {
    let cancelled = false;
    const { rs, c } = open({ cancel() { cancelled = true; } });
    const it = rs.values();
    const next = it.next();
    const ret = it.return('x');
    await t.flush();
    t.equal(cancelled, false);
    c.enqueue('a');
    t.equal(await next, { value: 'a', done: false });
    t.equal(await ret, { value: 'x', done: true });
    t.equal(cancelled, true);
  });

  t.test('iterator: next after return, return after return, not awaited', async () => {
    const { rs, c } = open();
    c.enqueue('a');
    const it = rs.values();
    t.equal(await Promise.all([it.return(1), it.next(), it.return(2)]), [
      { value: 1, done: true }, { value: undefined, done: true }, { value: 2, done: true },
    ]);
  });

  t.test('iterator: a chunk that is a promise is unwrapped', async () => {
    const { rs, c } = open({}, { highWaterMark: 9 });
    c.enqueue(Promise.resolve(1));
    c.enqueue({ then(resolve) { resolve(2); } });
    c.enqueue(Promise.reject(error1));
    const it = rs.values();
    t.equal(await it.next(), { value: 1, done: false });
    t.equal(await it.next(), { value: 2, done: false });
    await t.rejects(error1, it.next());
  });

  t.test('iterator: a second one, after the first was left', async () => {
    const { rs, c } = open();
    c.enqueue(1);
    c.enqueue(2);
    const a = rs.values({ preventCancel: true });
    await a.next();
    await a.return();
    const b = rs.values();
    t.equal(await b.next(), { value: 2, done: false });
  });

  t.test('iterator: preventCancel is read once, as a boolean', () => {
    let reads = 0;
    new ReadableStream().values({ get preventCancel() { reads++; return 1; } });
    t.equal(reads, 1);
  });

  // from

  async function all(rs) {
    const reader = rs.getReader();
    const out = [];
    for (let r = await reader.read(); !r.done; r = await reader.read()) out.push(r.value);
    return out;
  }

  t.test('from: sync iterables', async () => {
    t.equal(await all(ReadableStream.from(['a', 'b'])), ['a', 'b']);
    t.equal(await all(ReadableStream.from(new Set([1, 2]))), [1, 2]);
    t.equal(await all(ReadableStream.from('xyz')), ['x', 'y', 'z']);
    t.equal(await all(ReadableStream.from(t.u8(1, 2))), [1, 2]);
    t.equal(await all(ReadableStream.from((function* () { yield 1; yield 2; return 3; })())), [1, 2]);
    t.equal(await all(ReadableStream.from([])), []);
  });

  t.test('from: a sync iterable of promises', async () => {
    t.equal(await all(ReadableStream.from([Promise.resolve(1), 2])), [1, 2]);
    await t.rejects(error1, all(ReadableStream.from([Promise.reject(error1)])));
  });

  t.test('from: an async iterable', async () => {
    let n = 0;
    const rs = ReadableStream.from({ [asyncIterator]: () => ({ next: async () => ({ done: n === 3, value: n++ }) }) });
    t.equal(await all(rs), [0, 1, 2]);
  });

  t.test('from: a stream', async () => {
    const { rs, c } = open();
    c.enqueue(1);
    c.close();
    const copy = ReadableStream.from(rs);
    t.ok(copy !== rs);
    t.equal(rs.locked, true);
    t.equal(await all(copy), [1]);
  });

  t.test('from: what is not iterable', () => {
    for (const bad of [undefined, null, 1, true, {}, Symbol('x'), () => {}, Object.create(null), { [asyncIterator]: 5 }, { [Symbol.iterator]: 5 }]) {
      t.throws(TypeError, () => ReadableStream.from(bad), t.show(bad));
    }
    t.throws(TypeError, () => ReadableStream.from({ [asyncIterator]: () => 5 }));
    t.throws(error1, () => ReadableStream.from({ [asyncIterator]() { throw error1; } }));
    t.throws(error1, () => ReadableStream.from({ get [asyncIterator]() { throw error1; } }));
  });

  t.test('from: the sync iterator is the second choice', async () => {
    const rs = ReadableStream.from({ [asyncIterator]: null, [Symbol.iterator]: () => [7][Symbol.iterator]() });
    t.equal(await all(rs), [7]);
  });

  t.test('from: pulls one value for a read, and none before', async () => {
    let calls = 0;
    const rs = ReadableStream.from({ [asyncIterator]: () => ({ next() { calls++; return Promise.resolve({ done: false, value: calls }); } }) });
    await t.flush();
    t.equal(calls, 0);
    t.equal((await rs.getReader().read()).value, 1);
    await t.flush();
    t.equal(calls, 1);
  });

  t.test('from: next is looked up once, called on the iterator without arguments', async () => {
    let lookups = 0;
    const seen = [];
    const iterator = { get next() { lookups++; return function (...args) { seen.push(this === iterator, args.length); return { done: false, value: 1 }; }; } };
    const rs = ReadableStream.from({ [asyncIterator]: () => iterator });
    t.equal(lookups, 1);
    const reader = rs.getReader();
    await reader.read();
    await reader.read();
    t.equal(lookups, 1);
    t.equal(seen, [true, 0, true, 0]);
  });

  t.test('from: next fails', async () => {
    for (const next of [() => { throw error1; }, () => Promise.reject(error1), () => ({ get done() { throw error1; } }), () => ({ done: false, get value() { throw error1; } })]) {
      const reader = ReadableStream.from({ [asyncIterator]: () => ({ next }) }).getReader();
      await t.rejects(error1, reader.read());
      await t.rejects(error1, reader.closed);
    }
    for (const next of [() => 5, () => undefined, () => Promise.resolve(5), () => Promise.resolve()]) {
      await t.rejects(TypeError, ReadableStream.from({ [asyncIterator]: () => ({ next }) }).getReader().read());
    }
  });

  t.test('from: cancel calls return with the reason', async () => {
    const seen = [];
    const rs = ReadableStream.from({
      [asyncIterator]: () => ({ next() {}, return(...args) { seen.push(...args); return Promise.resolve({ done: true }); } }),
    });
    t.equal(await rs.cancel('why'), undefined);
    t.equal(seen, ['why']);
  });

  t.test('from: cancel without a return method', async () => {
    t.equal(await ReadableStream.from({ [asyncIterator]: () => ({ next() {} }) }).cancel(), undefined);
    t.equal(await ReadableStream.from({ [asyncIterator]: () => ({ next() {}, return: null }) }).cancel(), undefined);
    t.equal(await ReadableStream.from([1, 2]).cancel(), undefined);
  });

  t.test('from: cancel fails as return does', async () => {
    const cancel = (ret) => ReadableStream.from({ [asyncIterator]: () => ({ next() {}, return: ret }) }).cancel();
    await t.rejects(error1, cancel(() => { throw error1; }));
    await t.rejects(error1, cancel(() => Promise.reject(error1)));
    await t.rejects(TypeError, cancel(() => Promise.resolve(5)));
    await t.rejects(TypeError, cancel(5));
  });

  t.test('from: cancel of a sync iterator calls its return', async () => {
    const seen = [];
    const it = (function* () {
      try { yield 1; yield 2; } finally { seen.push('finally'); }
    })();
    const rs = ReadableStream.from(it);
    const reader = rs.getReader();
    await reader.read();
    await reader.cancel('x');
    t.equal(seen, ['finally']);
  });

  t.test('from: a sync iterator is closed when a promise that it gives rejects', async () => {
    let returns = 0;
    const iterator = { next: () => ({ done: false, value: Promise.reject(error1) }), return() { returns++; throw error2; } };
    await t.rejects(error1, ReadableStream.from({ [Symbol.iterator]: () => iterator }).getReader().read());
    t.equal(returns, 1);
    const bad = new Promise(() => {});
    Object.defineProperty(bad, 'constructor', { get() { throw error1; } });
    iterator.next = () => ({ done: false, value: bad });
    await t.rejects(error1, ReadableStream.from({ [Symbol.iterator]: () => iterator }).getReader().read());
    t.equal(returns, 2);
    returns = 0;
    const ended = { next: () => ({ done: true, value: Promise.reject(error1) }), return() { returns++; return {}; } };
    await t.rejects(error1, ReadableStream.from({ [Symbol.iterator]: () => ended }).getReader().read());
    t.equal(returns, 0);
  });

  t.test('from: cancel of a sync iterator fails as return does', async () => {
    const cancel = (ret) => ReadableStream.from({ [Symbol.iterator]: () => ({ next() {}, return: ret }) }).cancel();
    await t.rejects(error1, cancel(() => { throw error1; }));
    await t.rejects(error1, cancel(() => ({ done: true, value: Promise.reject(error1) })));
    await t.rejects(TypeError, cancel(() => 5));
    await t.rejects(TypeError, cancel(5));
    t.equal(await cancel(() => ({})), undefined);
  });

  t.test('from: return is not called at the end', async () => {
    let returns = 0;
    const rs = ReadableStream.from({ [asyncIterator]: () => ({ next: () => ({ done: true }), return() { returns++; return {}; } }) });
    t.equal(await all(rs), []);
    t.equal(returns, 0);
  });
})
