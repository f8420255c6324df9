// What scripts do to the globals does not reach the streams.
(function (streams, t) {
  'use strict';

  const { ReadableStream, ReadableStreamDefaultReader, WritableStream, WritableStreamDefaultWriter, TransformStream, asyncIterator } = streams;

  // patched replaces members for the time of f.
  async function patched(members, f) {
    const saved = members.map(([o, key]) => [o, key, Object.getOwnPropertyDescriptor(o, key)]);
    for (const [o, key, value] of members) Object.defineProperty(o, key, { value, configurable: true, writable: true });
    try {
      return await f();
    } finally {
      for (const [o, key, d] of saved) {
        if (d === undefined) delete o[key];
        else Object.defineProperty(o, key, d);
      }
    }
  }

  const boom = () => { throw new Error('a patched method was called'); };

  const methods = [];
  for (const C of [ReadableStream, ReadableStreamDefaultReader, WritableStream, WritableStreamDefaultWriter]) {
    for (const key of Object.getOwnPropertyNames(C.prototype)) {
      if (key !== 'constructor' && typeof Object.getOwnPropertyDescriptor(C.prototype, key).value === 'function') methods.push([C.prototype, key, boom]);
    }
  }
  const { pipeTo, pipeThrough, tee, getReader } = ReadableStream.prototype;
  const { read } = ReadableStreamDefaultReader.prototype;

  t.test('pipeTo uses no public method', async () => {
    const out = [];
    const rs = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } });
    const ts = new TransformStream();
    await patched(methods, () => {
      const { readable } = ts;
      pipeThrough.call(rs, ts);
      return pipeTo.call(readable, new WritableStream({ write(x) { out.push(x); } }));
    });
    t.equal(out, [1, 2]);
  });

  t.test('tee uses no public method', async () => {
    const rs = new ReadableStream({ start(c) { c.enqueue(1); c.close(); } });
    const results = await patched(methods, () => {
      const [a, b] = tee.call(rs);
      return Promise.all([read.call(getReader.call(a)), read.call(getReader.call(b))]);
    });
    t.equal(results, [{ done: false, value: 1 }, { done: false, value: 1 }]);
  });

  t.test('iteration uses no public method', async () => {
    const rs = new ReadableStream({ start(c) { c.enqueue(1); c.close(); } });
    const it = rs.values();
    const { next } = Object.getPrototypeOf(it);
    const results = await patched(methods, () => Promise.all([next.call(it), next.call(it)]));
    t.equal(results, [{ value: 1, done: false }, { value: undefined, done: true }]);
    t.ok(ReadableStream.prototype[asyncIterator] !== undefined);
  });

  t.test('no lookup of then, resolve or the Promise global', async () => {
    let out;
    const p = await new Promise((resolve) => {
      const then = Promise.prototype.then;
      const savedResolve = Promise.resolve;
      const savedReject = Promise.reject;
      const Saved = globalThis.Promise;
      let result;
      try {
        Saved.prototype.then = boom;
        Saved.resolve = boom;
        Saved.reject = boom;
        globalThis.Promise = boom;
        out = [];
        const rs = new ReadableStream({ pull(c) { c.enqueue('x'); c.close(); } }, { highWaterMark: 0 });
        const ts = new TransformStream({ transform(x, c) { c.enqueue(x + x); } });
        result = rs.pipeThrough(ts).pipeTo(new WritableStream({ write(x) { out.push(x); } }));
      } finally {
        globalThis.Promise = Saved;
        Saved.prototype.then = then;
        Saved.resolve = savedResolve;
        Saved.reject = savedReject;
      }
      resolve([result]);
    });
    await p[0];
    t.equal(out, ['xx']);
  });

  t.test('Object.prototype.then sees read results only', async () => {
    const seen = [];
    const rs = new ReadableStream({ start(c) { c.enqueue('a'); c.close(); } });
    const ws = new WritableStream();
    Object.defineProperty(Object.prototype, 'then', { get() { seen.push(this); return undefined; }, configurable: true });
    let piped;
    try {
      piped = rs.pipeTo(ws);
      await t.flush();
    } finally {
      delete Object.prototype.then;
    }
    await piped;
    t.equal(seen.filter((x) => x !== null && typeof x === 'object' && 'value' in x), [], 'a pipe makes none');
  });

  t.test('setters on Object.prototype do not see records', async () => {
    const hits = [];
    const keys = ['done', 'value', 'state', 'reader', 'next', 'first', 'size', 'highWaterMark', 'type', 'start', 'mode'];
    let result;
    try {
      // No for-of here: goja makes the results of array iterators with Set, which
      // such a setter sees.
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        Object.defineProperty(Object.prototype, key, { __proto__: null, get() { return undefined; }, set() { hits.push(key); }, configurable: true });
      }
      const rs = new ReadableStream({ pull(c) { c.enqueue('x'); } });
      const reader = rs.getReader();
      result = await reader.read();
      const writer = new WritableStream().getWriter();
      await writer.write(1);
      await writer.close();
    } finally {
      for (let i = 0; i < keys.length; i++) delete Object.prototype[keys[i]];
    }
    t.equal(result, { done: false, value: 'x' });
    t.equal(hits, []);
  });

  t.test('Array.prototype is not used', async () => {
    const rs = new ReadableStream({ start(c) { for (let i = 0; i < 20; i++) c.enqueue(i); c.close(); } });
    const reader = rs.getReader();
    const got = await patched([[Array.prototype, 'push', boom], [Array.prototype, 'shift', boom], [Array.prototype, 'splice', boom]], async () => {
      let n = 0;
      for (let r = await reader.read(); !r.done; r = await reader.read()) n += r.value;
      return n;
    });
    t.equal(got, 190);
  });
})
