// The Web IDL shape of every interface: descriptors, lengths, names, brands,
// illegal constructors and the conversion of arguments.
(function (streams, t) {
  'use strict';

  const {
    ReadableStream, ReadableStreamDefaultReader, ReadableStreamBYOBReader, ReadableStreamDefaultController,
    ReadableByteStreamController, ReadableStreamBYOBRequest, WritableStream, WritableStreamDefaultWriter,
    WritableStreamDefaultController, TransformStream, TransformStreamDefaultController,
    ByteLengthQueuingStrategy, CountQueuingStrategy, asyncIterator,
  } = streams;

  // A number is a method's length, 'get' an attribute.
  const interfaces = {
    ReadableStream: {
      length: 0,
      members: { locked: 'get', cancel: 0, getReader: 0, pipeThrough: 1, pipeTo: 1, tee: 0, values: 0 },
      promises: ['cancel', 'pipeTo'],
    },
    ReadableStreamDefaultReader: {
      length: 1,
      members: { closed: 'get', cancel: 0, read: 0, releaseLock: 0 },
      promises: ['closed', 'cancel', 'read'],
    },
    ReadableStreamBYOBReader: {
      length: 1,
      members: { closed: 'get', cancel: 0, read: 1, releaseLock: 0 },
      promises: ['closed', 'cancel', 'read'],
    },
    ReadableStreamDefaultController: {
      length: 0, illegal: true,
      members: { desiredSize: 'get', close: 0, enqueue: 0, error: 0 },
      promises: [],
    },
    ReadableByteStreamController: {
      length: 0, illegal: true,
      members: { byobRequest: 'get', desiredSize: 'get', close: 0, enqueue: 1, error: 0 },
      promises: [],
    },
    ReadableStreamBYOBRequest: {
      length: 0, illegal: true,
      members: { view: 'get', respond: 1, respondWithNewView: 1 },
      promises: [],
    },
    WritableStream: {
      length: 0,
      members: { locked: 'get', abort: 0, close: 0, getWriter: 0 },
      promises: ['abort', 'close'],
    },
    WritableStreamDefaultWriter: {
      length: 1,
      members: { closed: 'get', desiredSize: 'get', ready: 'get', abort: 0, close: 0, releaseLock: 0, write: 0 },
      promises: ['closed', 'ready', 'abort', 'close', 'write'],
    },
    WritableStreamDefaultController: {
      length: 0, illegal: true,
      members: { signal: 'get', error: 0 },
      promises: [],
    },
    TransformStream: { length: 0, members: { readable: 'get', writable: 'get' }, promises: [] },
    TransformStreamDefaultController: {
      length: 0, illegal: true,
      members: { desiredSize: 'get', enqueue: 0, error: 0, terminate: 0 },
      promises: [],
    },
    ByteLengthQueuingStrategy: { length: 1, members: { highWaterMark: 'get', size: 'get' }, promises: [] },
    CountQueuingStrategy: { length: 1, members: { highWaterMark: 'get', size: 'get' }, promises: [] },
  };

  for (const name of Object.keys(interfaces)) {
    const C = streams[name];
    const { length, illegal, members, promises } = interfaces[name];

    t.test(`${name}: the interface object`, () => {
      t.equal(typeof C, 'function');
      t.equal(C.name, name);
      t.equal(C.length, length);
      t.equal(Object.getPrototypeOf(C), Function.prototype);
      t.equal(Object.getOwnPropertyDescriptor(C, 'prototype').writable, false);
      t.equal(Object.getOwnPropertyDescriptor(C.prototype, 'constructor').value, C);
      t.equal(Object.getOwnPropertyDescriptor(C.prototype, 'constructor').enumerable, false);
      t.throws(TypeError, () => C(), 'without new');
    });
    t.test(`${name}: the class string`, () => {
      t.equal(Object.getOwnPropertyDescriptor(C.prototype, Symbol.toStringTag), {
        value: name, writable: false, enumerable: false, configurable: true,
      });
    });
    t.test(`${name}: no other members`, () => {
      t.equal(Object.getOwnPropertyNames(C.prototype).sort(), ['constructor', ...Object.keys(members)].sort());
    });
    if (illegal) t.test(`${name}: cannot be constructed`, () => { t.throws(TypeError, () => new C()); });

    for (const key of Object.keys(members)) {
      const length = members[key];
      const d = Object.getOwnPropertyDescriptor(C.prototype, key);
      t.test(`${name}.${key}: descriptor`, () => {
        t.equal(d.enumerable, true, 'enumerable');
        t.equal(d.configurable, true, 'configurable');
        const f = length === 'get' ? d.get : d.value;
        t.equal(typeof f, 'function');
        t.equal(f.name, length === 'get' ? `get ${key}` : key, 'name');
        t.equal(f.length, length === 'get' ? 0 : length, 'length');
        t.equal('prototype' in f, false, 'no prototype');
        t.throws(TypeError, () => new f(), 'not a constructor');
        if (length === 'get') t.equal(d.set, undefined, 'readonly');
        else t.equal(d.writable, true, 'writable');
      });
      t.test(`${name}.${key}: brand`, async () => {
        const f = length === 'get' ? d.get : d.value;
        for (const self of [undefined, null, 1, 'x', {}, Object.create(C.prototype), C.prototype, () => {}]) {
          if (promises.includes(key)) await t.rejects(TypeError, f.call(self), t.show(typeof self));
          else t.throws(TypeError, () => f.call(self), typeof self);
        }
      });
    }
  }

  t.test('ReadableStream.from: descriptor', () => {
    const d = Object.getOwnPropertyDescriptor(ReadableStream, 'from');
    t.equal(d.enumerable && d.writable && d.configurable, true);
    t.equal(d.value.length, 1);
    t.equal(d.value.name, 'from');
  });

  t.test('ReadableStream: the async iterator method', () => {
    const d = Object.getOwnPropertyDescriptor(ReadableStream.prototype, asyncIterator);
    t.equal(d.value, ReadableStream.prototype.values);
    t.equal([d.writable, d.enumerable, d.configurable], [true, false, true]);
  });

  t.test('subclasses', () => {
    class A extends ReadableStream {
      x = 1;
      #y = 2;
      get y() { return this.#y; }
    }
    const a = new A({ start(c) { c.close(); } });
    t.equal([a.x, a.y, a instanceof ReadableStream, Object.getPrototypeOf(a) === A.prototype, a.locked], [1, 2, true, true, false]);
    class B extends WritableStream {}
    t.equal(new B().locked, false);
    class D extends TransformStream {}
    t.ok(new D().readable instanceof ReadableStream);
    class E extends ReadableStreamDefaultReader {}
    t.ok(new E(a) instanceof E);
    t.equal(a.locked, true);
  });

  t.test('instances have no properties of their own', () => {
    const rs = new ReadableStream();
    const ws = new WritableStream();
    for (const o of [rs, ws, new TransformStream(), rs.getReader(), ws.getWriter(), new CountQueuingStrategy({ highWaterMark: 1 })]) {
      t.equal(Object.getOwnPropertyNames(o), []);
    }
  });

  t.test('read results are ordinary objects', async () => {
    const result = await new ReadableStream({ start(c) { c.enqueue('a'); } }).getReader().read();
    t.equal(Object.getPrototypeOf(result), Object.prototype);
    t.equal(Object.getOwnPropertyDescriptor(result, 'value'), { value: 'a', writable: true, enumerable: true, configurable: true });
    t.equal(Object.getOwnPropertyDescriptor(result, 'done'), { value: false, writable: true, enumerable: true, configurable: true });
  });

  // Strategies

  for (const [C, size] of [[ByteLengthQueuingStrategy, 1], [CountQueuingStrategy, 0]]) {
    t.test(`${C.name}: construction`, () => {
      t.throws(TypeError, () => new C());
      t.throws(TypeError, () => new C(undefined));
      t.throws(TypeError, () => new C(null));
      t.throws(TypeError, () => new C(1));
      t.throws(TypeError, () => new C({}));
      t.throws(TypeError, () => new C({ highWaterMark: undefined }));
      t.throws(TypeError, () => new C({ highWaterMark: Symbol('x') }));
      const error = new Error('boo');
      t.throws(error, () => new C({ get highWaterMark() { throw error; } }));
      for (const [given, want] of [[5, 5], ['7', 7], [-1, -1], [NaN, NaN], ['x', NaN], [Infinity, Infinity], [{}, NaN], [null, 0], [true, 1]]) {
        t.equal(new C({ highWaterMark: given }).highWaterMark, want);
      }
    });
    t.test(`${C.name}: size`, () => {
      const s = new C({ highWaterMark: 1 });
      t.equal(s.size, new C({ highWaterMark: 2 }).size, 'the same function');
      t.equal(s.size.name, 'size');
      t.equal(s.size.length, size);
      t.equal('prototype' in s.size, false);
      const { size: f } = s;
      t.equal(f({ byteLength: 12 }), size === 1 ? 12 : 1);
      t.equal(f.call(null, { byteLength: 'x' }), size === 1 ? 'x' : 1);
      if (size === 1) {
        t.throws(TypeError, () => f());
        t.throws(TypeError, () => f(null));
        const error = new Error('boo');
        t.throws(error, () => f({ get byteLength() { throw error; } }));
      } else {
        t.equal(f(), 1);
      }
    });
    t.test(`${C.name}: no setters`, () => {
      const s = new C({ highWaterMark: 3 });
      t.throws(TypeError, () => { s.highWaterMark = 4; });
      t.equal(s.highWaterMark, 3);
    });
  }

  // Dictionaries are read in lexicographic order, a member once.

  function recorder(members) {
    const log = [];
    const o = {};
    for (const key of Object.keys(members)) {
      Object.defineProperty(o, key, { get() { log.push(key); return members[key]; } });
    }
    return { o, log };
  }

  t.test('order: ReadableStream constructor', () => {
    const source = recorder({ type: undefined, start: undefined, pull: undefined, cancel: undefined, autoAllocateChunkSize: undefined });
    const strategy = recorder({ size: undefined, highWaterMark: undefined });
    new ReadableStream(source.o, strategy.o);
    t.equal(source.log, ['autoAllocateChunkSize', 'cancel', 'pull', 'start', 'type']);
    t.equal(strategy.log, ['highWaterMark', 'size']);
  });

  t.test('order: the strategy is converted before the source', () => {
    const error = new Error('boo');
    const source = recorder({ type: undefined });
    t.throws(error, () => new ReadableStream(source.o, { get highWaterMark() { throw error; } }));
    t.equal(source.log, []);
    t.throws(error, () => new ReadableStream({ get start() { throw error; } }, { highWaterMark: -1 }), 'but judged after it');
  });

  t.test('order: WritableStream constructor', () => {
    const sink = recorder({ write: undefined, type: undefined, start: undefined, close: undefined, abort: undefined });
    new WritableStream(sink.o);
    t.equal(sink.log, ['abort', 'close', 'start', 'type', 'write']);
  });

  t.test('order: TransformStream constructor', () => {
    const transformer = recorder({
      writableType: undefined, transform: undefined, start: undefined, readableType: undefined, flush: undefined, cancel: undefined,
    });
    const log = [];
    const strategy = (name) => ({ get highWaterMark() { log.push(name); return 1; } });
    new TransformStream(transformer.o, strategy('writable'), strategy('readable'));
    t.equal(transformer.log, ['cancel', 'flush', 'readableType', 'start', 'transform', 'writableType']);
    t.equal(log, ['writable', 'readable']);
  });

  t.test('order: pipe options', async () => {
    const options = recorder({ signal: undefined, preventClose: 1, preventCancel: 1, preventAbort: 1 });
    await new ReadableStream({ start(c) { c.close(); } }).pipeTo(new WritableStream(), options.o);
    t.equal(options.log, ['preventAbort', 'preventCancel', 'preventClose', 'signal']);
  });

  t.test('order: a transform pair', () => {
    const pair = recorder({ writable: new WritableStream(), readable: new ReadableStream() });
    new ReadableStream().pipeThrough(pair.o);
    t.equal(pair.log, ['readable', 'writable']);
  });

  t.test('options that are no dictionary', async () => {
    const rs = () => new ReadableStream();
    for (const bad of [1, 'x', true, Symbol('x')]) {
      t.throws(TypeError, () => rs().getReader(bad));
      t.throws(TypeError, () => rs().values(bad));
      t.throws(TypeError, () => rs().pipeThrough(new TransformStream(), bad));
      await t.rejects(TypeError, rs().pipeTo(new WritableStream(), bad));
      t.throws(TypeError, () => new ReadableStream({}, bad));
      t.throws(TypeError, () => new WritableStream({}, bad));
      t.throws(TypeError, () => new TransformStream({}, bad));
      t.throws(TypeError, () => new TransformStream({}, {}, bad));
    }
    for (const good of [undefined, null, {}, [], () => {}]) {
      t.ok(rs().getReader(good));
      t.ok(rs().values(good));
      t.ok(new ReadableStream({}, good));
      t.ok(new WritableStream({}, good));
    }
  });

  t.test('sources that are no object', () => {
    for (const bad of [null, 1, 'x', true, Symbol('x')]) {
      t.throws(TypeError, () => new ReadableStream(bad));
      t.throws(TypeError, () => new WritableStream(bad));
      t.throws(TypeError, () => new TransformStream(bad));
    }
    t.ok(new ReadableStream(() => {}));
    t.ok(new WritableStream(undefined));
  });

  t.test('callbacks that are no function', () => {
    for (const bad of [null, 1, 'x', {}, true]) {
      for (const key of ['start', 'pull', 'cancel']) t.throws(TypeError, () => new ReadableStream({ [key]: bad }), key);
      for (const key of ['start', 'write', 'close', 'abort']) t.throws(TypeError, () => new WritableStream({ [key]: bad }), key);
      for (const key of ['start', 'transform', 'flush', 'cancel']) t.throws(TypeError, () => new TransformStream({ [key]: bad }), key);
      t.throws(TypeError, () => new ReadableStream({}, { size: bad }));
    }
  });

  t.test('types', () => {
    for (const bad of ['', 'byte', 'BYTES', null, 0, {}]) t.throws(TypeError, () => new ReadableStream({ type: bad }), t.show(bad));
    t.throws(TypeError, () => new ReadableStream({ type: Symbol('x') }));
    t.ok(new ReadableStream({ type: { toString: () => 'bytes' } }).getReader({ mode: 'byob' }));
    for (const bad of ['bytes', '', null, 0]) t.throws(RangeError, () => new WritableStream({ type: bad }));
    t.throws(RangeError, () => new TransformStream({ readableType: 'x' }));
    t.throws(RangeError, () => new TransformStream({ writableType: 'x' }));
    const error = new Error('boo');
    t.throws(error, () => new ReadableStream({ type: { toString() { throw error; } } }));
  });

  t.test('reader modes', () => {
    const rs = new ReadableStream({ type: 'bytes' });
    for (const bad of ['', 'BYOB', null, 1, {}]) t.throws(TypeError, () => rs.getReader({ mode: bad }));
    t.equal(rs.locked, false);
    const reader = rs.getReader({ mode: { toString: () => 'byob' } });
    t.ok(reader instanceof ReadableStreamBYOBReader);
  });

  t.test('high water marks', () => {
    for (const bad of [-1, -Infinity, NaN, 'x', {}, -0.5]) {
      t.throws(RangeError, () => new ReadableStream({}, { highWaterMark: bad }));
      t.throws(RangeError, () => new ReadableStream({ type: 'bytes' }, { highWaterMark: bad }));
      t.throws(RangeError, () => new WritableStream({}, { highWaterMark: bad }));
      t.throws(RangeError, () => new TransformStream({}, { highWaterMark: bad }));
      t.throws(RangeError, () => new TransformStream({}, {}, { highWaterMark: bad }));
    }
    const size = (highWaterMark) => {
      let controller;
      new ReadableStream({ start(c) { controller = c; } }, { highWaterMark });
      return controller.desiredSize;
    };
    t.equal([0, 1, 0.5, Infinity, '3', null, true, false, []].map(size), [0, 1, 0.5, Infinity, 3, 0, 1, 0, 0]);
    t.equal(size(undefined), 1);
    t.equal(new WritableStream({}, { highWaterMark: Infinity }).getWriter().desiredSize, Infinity);
    t.throws(TypeError, () => new ReadableStream({}, { highWaterMark: Symbol('x') }));
  });

  t.test('autoAllocateChunkSize', () => {
    for (const bad of [0, -1, NaN, Infinity, 'x', {}, 2 ** 53, 0.5, -0.5]) {
      t.throws(TypeError, () => new ReadableStream({ type: 'bytes', autoAllocateChunkSize: bad }), t.show(bad));
    }
    for (const good of [1, 1.9, '2', true]) t.ok(new ReadableStream({ type: 'bytes', autoAllocateChunkSize: good }));
    t.throws(TypeError, () => new ReadableStream({ autoAllocateChunkSize: NaN }), 'converted for any stream');
    t.ok(new ReadableStream({ autoAllocateChunkSize: 0 }), 'but zero is refused by byte streams only');
  });

  t.test('required arguments', async () => {
    const rs = new ReadableStream();
    t.throws(TypeError, () => rs.pipeThrough());
    await t.rejects(TypeError, rs.pipeTo());
    t.throws(TypeError, () => ReadableStream.from());
    for (const C of [ReadableStreamDefaultReader, ReadableStreamBYOBReader, WritableStreamDefaultWriter]) {
      t.throws(TypeError, () => new C());
      for (const bad of [undefined, null, {}, 1, Object.create(ReadableStream.prototype), new TransformStream()]) {
        t.throws(TypeError, () => new C(bad));
      }
    }
    t.throws(TypeError, () => new ReadableStreamDefaultReader(new WritableStream()));
    t.throws(TypeError, () => new WritableStreamDefaultWriter(rs));
    t.equal(rs.locked, false);
  });

  t.test('controllers do not take the place of one another', () => {
    let rc, bc, wc, tc;
    new ReadableStream({ start(c) { rc = c; } });
    new ReadableStream({ type: 'bytes', start(c) { bc = c; } });
    new WritableStream({ start(c) { wc = c; } });
    new TransformStream({ start(c) { tc = c; } });
    t.ok(rc instanceof ReadableStreamDefaultController);
    t.ok(bc instanceof ReadableByteStreamController);
    t.ok(wc instanceof WritableStreamDefaultController);
    t.ok(tc instanceof TransformStreamDefaultController);
    const all = [[ReadableStreamDefaultController, rc], [ReadableByteStreamController, bc], [WritableStreamDefaultController, wc], [TransformStreamDefaultController, tc]];
    for (const [C, mine] of all) {
      for (const [, c] of all) {
        if (c !== mine) t.throws(TypeError, () => C.prototype.error.call(c, 1));
      }
      t.throws(TypeError, () => Reflect.construct(C, [], Object));
    }
    t.throws(TypeError, () => new ReadableStreamBYOBRequest());
  });
})
