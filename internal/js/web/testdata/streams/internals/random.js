// Random use of streams, from seeds. A test returns its trace: what every
// callback was called with and what every promise came to, each with the number
// of the turn of the job queue. The embedder compares the traces of goja and of
// Node, so that a difference of the engines shows in whatever order of events.
(function (streams, t) {
  'use strict';

  const { ReadableStream, WritableStream, TransformStream, CountQueuingStrategy, AbortController, asyncIterator } = streams;

  // mulberry32
  function generator(seed) {
    let s = seed >>> 0;
    return (n) => {
      s = (s + 0x6d2b79f5) >>> 0;
      let x = Math.imul(s ^ (s >>> 15), s | 1);
      x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
      return (((x ^ (x >>> 14)) >>> 0) / 4294967296 * n) | 0;
    };
  }

  function show(v) {
    if (v instanceof Error) return v.tag || v.name;
    if (ArrayBuffer.isView(v)) return `${v.constructor.name}(${v.byteOffset}/${v.byteLength}/${v.buffer.byteLength}) ${t.show(v)}`;
    if (v !== null && typeof v === 'object' && 'done' in v) return `${v.done} ${show(v.value)}`;
    if (Array.isArray(v)) return `[${v.map(show).join()}]`;
    return typeof v === 'object' && v !== null ? 'object' : String(v);
  }

  // world is what one seed's play takes place in.
  function world(seed) {
    const int = generator(seed);
    const log = [];
    const waiting = [];
    const ops = [];
    let tick = 0;
    let serial = 0;
    const w = {
      int,
      ops,
      trace: log,
      next: () => serial++,
      note(what) { log.push(`${tick} ${what}`); },
      error(tag) { return Object.assign(new Error(tag), { tag }); },
      pick: (list) => list[int(list.length)],
      op(weight, f) { for (let i = 0; i < weight; i++) ops.push(f); },
      watch(name, promise) {
        promise.then((v) => w.note(`${name} fulfilled ${show(v)}`), (e) => w.note(`${name} rejected ${show(e)}`));
      },
      // attempt runs f and notes what comes of it.
      attempt(name, f) {
        let r;
        try {
          r = f();
        } catch (e) {
          w.note(`${name} threw ${show(e)}`);
          return undefined;
        }
        if (r !== null && typeof r === 'object' && typeof r.then === 'function') w.watch(name, r);
        else if (typeof r === 'number' || typeof r === 'boolean' || r === null) w.note(`${name} is ${show(r)}`);
        return r;
      },
      // callback makes a source's or sink's method: it does some actions, and
      // then throws, returns, or returns a promise of any kind.
      callback(name, actions = []) {
        return (...args) => {
          const controller = args[args.length - 1];
          w.note(`${name}(${args.length})`);
          for (let n = actions.length === 0 ? 0 : int(3); n > 0; n--) {
            const act = w.pick(actions);
            w.attempt(`${name}:`, () => act(controller));
          }
          switch (int(8)) {
            case 0: throw w.error(`${name} throws`);
            case 1: return Promise.reject(w.error(`${name} rejects`));
            case 2: case 3: return new Promise((resolve, reject) => waiting.push({ name, resolve, reject }));
            case 4: return Promise.resolve(1);
            case 5: return 5;
            default: return undefined;
          }
        };
      },
      settle() {
        if (waiting.length === 0) return;
        const [d] = waiting.splice(int(waiting.length), 1);
        if (int(5) === 0) d.reject(w.error(`${d.name} rejects late`));
        else d.resolve();
      },
      strategy() {
        switch (int(5)) {
          case 0: return undefined;
          case 1: return { highWaterMark: int(4) };
          case 2: return new CountQueuingStrategy({ highWaterMark: int(4) });
          case 3: return {
            highWaterMark: int(4),
            size() {
              const n = int(12);
              if (n === 0) throw w.error('size throws');
              return n === 1 ? -1 : n % 3;
            },
          };
          default: return { highWaterMark: 1 };
        }
      },
      async play() {
        w.op(3, w.settle);
        const turn = async (n) => { for (; n > 0; n--) { await undefined; tick++; } };
        for (let steps = 12 + int(25); steps > 0; steps--) {
          w.pick(ops)();
          await turn(int(3) === 0 ? 0 : int(2) === 0 ? int(4) : int(14));
        }
        await turn(60);
        return log.join('\n');
      },
    };
    return w;
  }

  function useReadable(w, name, get, byob) {
    let reader;
    let views = false;
    const acquire = (options) => () => {
      w.attempt(`${name}.getReader`, () => {
        reader = get().getReader(options);
        views = options !== undefined;
        w.watch(`${name}.closed`, reader.closed);
      });
    };
    w.op(1, acquire(undefined));
    if (byob) w.op(1, acquire({ mode: 'byob' }));
    w.op(4, () => {
      if (reader === undefined) return;
      w.attempt(`${name}.read`, () => {
        if (!views) return reader.read();
        const C = w.pick([Uint8Array, Uint8Array, Uint16Array, Uint32Array, DataView]);
        const view = new C(new ArrayBuffer(32), 8, w.int(6));
        return w.int(3) === 0 ? reader.read(view, { min: w.int(4) }) : reader.read(view);
      });
    });
    w.op(1, () => {
      if (reader === undefined) return;
      switch (w.int(9)) {
        case 0: case 1:
          w.attempt(`${name}.releaseLock`, () => { reader.releaseLock(); w.watch(`${name}.closed again`, reader.closed); });
          break;
        case 2: w.attempt(`${name}.reader.cancel`, () => reader.cancel(w.error('cancelled'))); break;
        case 3: w.attempt(`${name}.cancel`, () => get().cancel(w.error('stream cancelled'))); break;
        default: w.attempt(`${name}.locked`, () => get().locked);
      }
    });
  }

  function useWritable(w, name, get) {
    let writer;
    w.op(1, () => {
      w.attempt(`${name}.getWriter`, () => {
        writer = get().getWriter();
        w.watch(`${name}.closed`, writer.closed);
        w.watch(`${name}.ready`, writer.ready);
      });
    });
    w.op(4, () => { if (writer !== undefined) w.attempt(`${name}.write`, () => writer.write(w.next())); });
    w.op(2, () => {
      if (writer === undefined) return;
      switch (w.int(12)) {
        case 0:
          w.attempt(`${name}.releaseLock`, () => {
            writer.releaseLock();
            w.watch(`${name}.closed again`, writer.closed);
            w.watch(`${name}.ready again`, writer.ready);
          });
          break;
        case 1: case 2: w.attempt(`${name}.close`, () => writer.close()); break;
        case 3: w.attempt(`${name}.abort`, () => writer.abort(w.error('aborted'))); break;
        case 4: w.attempt(`${name}.stream.abort`, () => get().abort(w.error('stream aborted'))); break;
        case 5: w.attempt(`${name}.stream.close`, () => get().close()); break;
        case 6: case 7: w.watch(`${name}.ready`, writer.ready); break;
        default: w.attempt(`${name}.desiredSize`, () => writer.desiredSize);
      }
    });
  }

  function makeReadable(w) {
    let controller;
    const actions = [
      (c) => c.enqueue(w.next()), (c) => c.enqueue(w.next()), (c) => c.enqueue(w.next()), (c) => c.desiredSize,
      (c) => { if (w.int(3) === 0) c.close(); }, (c) => { if (w.int(5) === 0) c.error(w.error('controller error')); },
    ];
    const start = w.callback('start', actions);
    const source = { start(c) { controller = c; return w.int(3) === 0 ? start(c) : undefined; } };
    if (w.int(4) > 0) source.pull = w.callback('pull', actions);
    if (w.int(3) > 0) source.cancel = w.callback('cancel');
    const rs = new ReadableStream(source, w.strategy());
    w.op(3, () => w.attempt('controller', () => w.pick(actions)(controller)));
    return rs;
  }

  function makeWritable(w) {
    const actions = [(c) => { if (w.int(4) === 0) c.error(w.error('controller error')); }];
    let controller;
    const start = w.callback('start', actions);
    const sink = { start(c) { controller = c; return w.int(3) === 0 ? start(c) : undefined; } };
    if (w.int(6) > 0) sink.write = w.callback('write', actions);
    if (w.int(3) > 0) sink.close = w.callback('close');
    if (w.int(3) > 0) sink.abort = w.callback('abort');
    const ws = new WritableStream(sink, w.strategy());
    w.op(1, () => { if (w.int(3) === 0) w.attempt('controller', () => actions[0](controller)); });
    return ws;
  }

  function bytes(w, n) {
    const b = new Uint8Array(n + 2);
    for (let i = 0; i < b.length; i++) b[i] = w.next();
    return b.subarray(1, n + 1);
  }

  function makeBytes(w) {
    let controller;
    const respond = (c, n) => {
      const request = c.byobRequest;
      if (request === null) return null;
      const { view } = request;
      for (let i = 0; i < n && i < view.byteLength; i++) view[i] = w.next();
      return request.respond(n);
    };
    const actions = [
      (c) => c.enqueue(bytes(w, w.int(5))), (c) => c.enqueue(bytes(w, 1 + w.int(9))), (c) => c.enqueue(new Uint16Array([w.next(), w.next()])),
      (c) => respond(c, w.int(5)), (c) => respond(c, 1 + w.int(4)), (c) => c.desiredSize,
      (c) => {
        const request = c.byobRequest;
        if (request === null) return;
        const { view } = request;
        request.respondWithNewView(new Uint8Array(view.buffer, view.byteOffset + (w.int(6) === 0 ? 1 : 0), Math.min(view.byteLength, w.int(4))));
      },
      (c) => { if (w.int(4) === 0) c.close(); }, (c) => { if (w.int(8) === 0) c.error(w.error('controller error')); },
    ];
    const source = { type: 'bytes', start(c) { controller = c; } };
    if (w.int(3) > 0) source.pull = w.callback('pull', actions);
    if (w.int(2) > 0) source.cancel = w.callback('cancel');
    if (w.int(2) > 0) source.autoAllocateChunkSize = 1 + w.int(8);
    const rs = new ReadableStream(source, w.int(2) > 0 ? { highWaterMark: w.int(8) } : undefined);
    w.op(4, () => w.attempt('controller', () => w.pick(actions)(controller)));
    return rs;
  }

  const plays = {
    readable(w) {
      const rs = makeReadable(w);
      useReadable(w, 'rs', () => rs);
    },
    writable(w) {
      const ws = makeWritable(w);
      useWritable(w, 'ws', () => ws);
    },
    iteration(w) {
      const rs = makeReadable(w);
      let it;
      w.op(1, () => { if (it === undefined) w.attempt('values', () => { it = rs.values({ preventCancel: w.int(2) === 0 }); }); });
      w.op(5, () => { if (it !== undefined) w.attempt('next', () => it.next()); });
      w.op(1, () => { if (it !== undefined && w.int(2) === 0) w.attempt('return', () => it.return(w.next())); });
    },
    from(w) {
      const callback = w.callback('next');
      const iterator = {
        next() {
          const r = callback();
          if (r === undefined) return { done: false, value: w.next() };
          return r === 5 ? { done: w.int(2) === 0, value: Promise.resolve(w.next()) } : r;
        },
      };
      if (w.int(2) === 0) iterator.return = w.callback('return');
      const rs = ReadableStream.from({ [w.int(2) === 0 ? asyncIterator : Symbol.iterator]: () => iterator });
      useReadable(w, 'from', () => rs);
    },
    tee(w) {
      const [a, b] = makeReadable(w).tee();
      useReadable(w, 'a', () => a);
      useReadable(w, 'b', () => b);
    },
    transform(w) {
      let controller;
      const actions = [
        (c) => c.enqueue(w.next()), (c) => c.enqueue(w.next()), (c) => c.desiredSize,
        (c) => { if (w.int(6) === 0) c.error(w.error('controller error')); }, (c) => { if (w.int(6) === 0) c.terminate(); },
      ];
      const start = w.callback('start', actions);
      const transformer = { start(c) { controller = c; return w.int(3) === 0 ? start(c) : undefined; } };
      if (w.int(5) > 0) transformer.transform = w.callback('transform', actions);
      if (w.int(2) > 0) transformer.flush = w.callback('flush', actions);
      if (w.int(2) > 0) transformer.cancel = w.callback('cancel');
      const ts = new TransformStream(transformer, w.strategy(), w.strategy());
      useReadable(w, 'readable', () => ts.readable);
      useWritable(w, 'writable', () => ts.writable);
      w.op(1, () => w.attempt('controller', () => w.pick(actions)(controller)));
    },
    pipe(w) {
      const rs = makeReadable(w);
      const ws = makeWritable(w);
      const ac = new AbortController();
      const options = { preventClose: w.int(2) === 0, preventAbort: w.int(2) === 0, preventCancel: w.int(2) === 0, signal: ac.signal };
      let piped = false;
      w.op(3, () => {
        if (!piped) w.attempt('pipeTo', () => rs.pipeTo(ws, options));
        piped = true;
      });
      w.op(1, () => { if (w.int(6) === 0) ac.abort(w.error('signal')); });
      w.op(1, () => w.note(`${rs.locked} ${ws.locked}`));
    },
    bytes(w) {
      const rs = makeBytes(w);
      useReadable(w, 'rs', () => rs, true);
    },
    byteTee(w) {
      const [a, b] = makeBytes(w).tee();
      useReadable(w, 'a', () => a, true);
      useReadable(w, 'b', () => b, true);
    },
  };

  for (const kind of Object.keys(plays)) {
    for (let seed = 1; seed <= 40; seed++) {
      t.test(`${kind} ${seed}`, async () => {
        t.allowUnhandled(undefined); // the rejections of start() and cancel() that a play leaves
        const w = world(seed * 7919 + kind.length);
        try {
          plays[kind](w);
        } catch (e) {
          if (e.tag === undefined) throw e;
          return `${w.trace.join('\n')}\nnot made: ${show(e)}`; // start() threw
        }
        return w.play();
      });
    }
  }
})
