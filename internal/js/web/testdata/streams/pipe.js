// pipeTo and pipeThrough.
(function (streams, t) {
  'use strict';

  const { ReadableStream, WritableStream, TransformStream, AbortController, AbortSignal } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  function source(extra = {}, strategy = undefined) {
    const events = [];
    let c;
    const rs = new ReadableStream({
      start(x) { c = x; },
      cancel(reason) { events.push('cancel', reason); return extra.cancel && extra.cancel(reason); },
      ...(extra.pull === undefined ? {} : { pull(x) { events.push('pull'); return extra.pull(x); } }),
    }, strategy);
    return { rs, events, c };
  }

  function sink(extra = {}, strategy = undefined) {
    const events = [];
    let c;
    const ws = new WritableStream({
      start(x) { c = x; return extra.start && extra.start(x); },
      write(chunk) { events.push('write', chunk); return extra.write && extra.write(chunk); },
      close() { events.push('close'); return extra.close && extra.close(); },
      abort(reason) { events.push('abort', reason); return extra.abort && extra.abort(reason); },
    }, strategy);
    return { ws, events, c };
  }

  function is(events, want) {
    t.equal(events.length, want.length, t.show(events));
    for (let i = 0; i < want.length; i++) t.ok(Object.is(events[i], want[i]), `event ${i}: ${t.show(events[i])}`);
  }

  t.test('copies all chunks and closes', async () => {
    const { rs, c } = source();
    const { ws, events } = sink();
    c.enqueue('a');
    c.enqueue('b');
    c.close();
    const piped = rs.pipeTo(ws);
    t.equal([rs.locked, ws.locked], [true, true]);
    t.equal(await piped, undefined);
    t.equal([rs.locked, ws.locked], [false, false]);
    is(events, ['write', 'a', 'write', 'b', 'close']);
    await ws.getWriter().closed;
  });

  t.test('copies what is enqueued later', async () => {
    const { rs, c } = source();
    const { ws, events } = sink();
    const piped = rs.pipeTo(ws);
    await t.flush();
    c.enqueue('a');
    await t.flush();
    is(events, ['write', 'a']);
    c.enqueue('b');
    c.close();
    await piped;
    is(events, ['write', 'a', 'write', 'b', 'close']);
  });

  t.test('enqueue() does not call write() at once', async () => {
    const { rs, c } = source({}, { highWaterMark: 0 });
    const { ws, events } = sink();
    rs.pipeTo(ws);
    await t.flush();
    c.enqueue('a');
    is(events, []);
    await t.flush();
    is(events, ['write', 'a']);
  });

  t.test('backpressure: reads no more than the sink wants', async () => {
    const ds = [];
    let n = 0;
    const { rs, events: pulls } = source({ pull(c) { c.enqueue(n++); } }, { highWaterMark: 0 });
    const { ws, events } = sink({ write() { const d = t.deferred(); ds.push(d); return d.promise; } }, { highWaterMark: 3 });
    rs.pipeTo(ws);
    await t.flush();
    t.equal(pulls.length, 3);
    is(events, ['write', 0]);
    ds[0].resolve();
    await t.flush();
    t.equal(pulls.length, 4);
    is(events, ['write', 0, 'write', 1]);
  });

  t.test('backpressure: a sink that wants nothing is written nothing', async () => {
    const { rs, c, events: se } = source({ pull() {} }, { highWaterMark: 0 });
    const { ws, events } = sink({}, { highWaterMark: 0 });
    c.enqueue('a');
    rs.pipeTo(ws);
    await t.flush();
    is(events, []);
    is(se, []);
  });

  t.test('backpressure: a sink that has not started', async () => {
    const d = t.deferred();
    const { rs, c } = source();
    const { ws, events } = sink({ start: () => d.promise });
    c.enqueue('a');
    c.enqueue('b');
    c.close();
    const piped = rs.pipeTo(ws);
    await t.flush();
    is(events, []);
    d.resolve();
    await piped;
    is(events, ['write', 'a', 'write', 'b', 'close']);
  });

  t.test('locked streams are refused', async () => {
    const a = source().rs;
    a.getReader();
    const { ws } = sink();
    await t.rejects(TypeError, a.pipeTo(ws));
    t.equal(ws.locked, false);
    const { ws: locked } = sink();
    locked.getWriter();
    const { rs } = source();
    await t.rejects(TypeError, rs.pipeTo(locked));
    t.equal(rs.locked, false);
    t.throws(TypeError, () => rs.pipeThrough({ readable: new ReadableStream(), writable: locked }));
    t.throws(TypeError, () => a.pipeThrough(new TransformStream()));
  });

  t.test('bad arguments are refused, and lock nothing', async () => {
    const { rs } = source();
    for (const bad of [undefined, null, {}, new ReadableStream(), Object.create(WritableStream.prototype)]) {
      await t.rejects(TypeError, rs.pipeTo(bad));
      t.throws(TypeError, () => rs.pipeThrough({ readable: new ReadableStream(), writable: bad }));
    }
    for (const bad of [undefined, null, {}, new WritableStream(), Object.create(ReadableStream.prototype)]) {
      t.throws(TypeError, () => rs.pipeThrough({ readable: bad, writable: new WritableStream() }));
    }
    for (const bad of [undefined, null, 1, 'x', {}]) t.throws(TypeError, () => rs.pipeThrough(bad));
    const { ws } = sink();
    for (const bad of [null, 1, 'x', true, {}, Object.create(AbortSignal.prototype), new AbortController()]) {
      await t.rejects(TypeError, rs.pipeTo(ws, { signal: bad }));
    }
    await t.rejects(error1, rs.pipeTo(ws, { get preventClose() { throw error1; } }));
    t.throws(error1, () => rs.pipeThrough({ readable: new ReadableStream(), writable: ws }, { get signal() { throw error1; } }));
    t.equal([rs.locked, ws.locked], [false, false]);
  });

  t.test('pipeThrough: returns the readable member, of any pair', async () => {
    const { rs, c } = source();
    const { ws, events } = sink();
    const readable = new ReadableStream();
    t.equal(rs.pipeThrough({ readable, writable: ws }), readable);
    c.enqueue('a');
    c.close();
    await t.flush();
    is(events, ['write', 'a', 'close']);
  });

  t.test('pipeThrough: its promise needs no handling', async () => {
    const { rs, c } = source();
    rs.pipeThrough({ readable: new ReadableStream(), writable: sink().ws });
    c.error(error1);
    await t.flush();
  });

  t.test('pipeTo: its promise does', async () => {
    t.allowUnhandled(1);
    const { rs, c } = source();
    rs.pipeTo(sink().ws);
    c.error(error1);
    await t.flush();
  });

  // Propagation: [preventX, what the other side sees].

  for (const when of ['before', 'after']) {
    for (const prevent of [false, true]) {
      t.test(`close forward, ${when} the pipe, preventClose ${prevent}`, async () => {
        const { rs, c } = source();
        const { ws, events } = sink();
        if (when === 'before') c.close();
        const piped = rs.pipeTo(ws, { preventClose: prevent });
        await t.flush();
        if (when === 'after') c.close();
        t.equal(await piped, undefined);
        is(events, prevent ? [] : ['close']);
        t.equal([rs.locked, ws.locked], [false, false]);
      });

      t.test(`error forward, ${when} the pipe, preventAbort ${prevent}`, async () => {
        const { rs, c, events: se } = source();
        const { ws, events } = sink();
        if (when === 'before') c.error(error1);
        const piped = rs.pipeTo(ws, { preventAbort: prevent });
        if (when === 'after') { await t.settled(new Promise(() => {})); c.error(error1); }
        await t.rejects(error1, piped);
        is(events, prevent ? [] : ['abort', error1]);
        is(se, []);
        t.equal([rs.locked, ws.locked], [false, false]);
      });

      t.test(`error backward, ${when} the pipe, preventCancel ${prevent}`, async () => {
        const { rs, events: se } = source();
        const { ws, c, events } = sink();
        await t.flush();
        if (when === 'before') c.error(error1);
        const piped = rs.pipeTo(ws, { preventCancel: prevent });
        if (when === 'after') { await t.settled(new Promise(() => {})); c.error(error1); }
        await t.rejects(error1, piped);
        is(se, prevent ? [] : ['cancel', error1]);
        is(events, []);
        t.equal([rs.locked, ws.locked], [false, false]);
      });
    }
  }

  for (const prevent of [false, true]) {
    t.test(`close backward: a closed or closing sink, preventCancel ${prevent}`, async () => {
      for (const closing of [false, true]) {
        const { rs, c, events: se } = source();
        c.enqueue('a');
        const d = t.deferred();
        const { ws, events } = sink({ close: () => (closing ? d.promise : undefined) });
        const closed = ws.close();
        if (!closing) await closed;
        else await t.flush();
        await t.rejects(TypeError, rs.pipeTo(ws, { preventCancel: prevent }));
        t.equal(se.length, prevent ? 0 : 2);
        if (!prevent) t.ok(se[1] instanceof TypeError);
        is(events, ['close']);
        d.resolve();
        await closed;
      }
    });
  }

  t.test('prevent options are truthy or falsy', async () => {
    for (const falsy of [undefined, null, false, 0, NaN, '', -0]) {
      const { rs, c } = source();
      const { ws, events } = sink();
      c.close();
      await rs.pipeTo(ws, { preventClose: falsy });
      is(events, ['close']);
    }
    for (const truthy of [true, 'x', 1, {}, Symbol('x')]) {
      const { rs, c } = source();
      const { ws, events } = sink();
      c.close();
      await rs.pipeTo(ws, { preventClose: truthy });
      is(events, []);
    }
  });

  t.test('error forward: queued writes end first', async () => {
    const d = t.deferred();
    const { rs, c } = source();
    const { ws, events } = sink({ write: () => d.promise }, { highWaterMark: 5 });
    c.enqueue('a');
    c.enqueue('b');
    const piped = rs.pipeTo(ws);
    await t.flush();
    c.error(error1);
    await t.flush();
    is(events, ['write', 'a']);
    t.equal(await t.settled(piped.catch((e) => { throw e; })), 'pending');
    d.resolve();
    await t.rejects(error1, piped);
    is(events, ['write', 'a', 'write', 'b', 'abort', error1]);
  });

  t.test('error forward: a queued write that fails wins over nothing', async () => {
    const d = t.deferred();
    const { rs, c } = source();
    const { ws, events } = sink({ write: () => d.promise });
    c.enqueue('a');
    const piped = rs.pipeTo(ws);
    await t.flush();
    c.error(error1);
    await t.flush();
    d.reject(error2);
    await t.rejects(error1, piped);
    is(events, ['write', 'a']);
  });

  t.test('close forward: waits for writes, and fails as they do', async () => {
    const d = t.deferred();
    const { rs, c } = source();
    const { ws, events } = sink({ write: () => d.promise });
    c.enqueue('a');
    c.close();
    const piped = rs.pipeTo(ws);
    await t.flush();
    is(events, ['write', 'a']);
    d.reject(error1);
    await t.rejects(error1, piped);
    is(events, ['write', 'a']);
  });

  t.test('close forward: fails as close does', async () => {
    const { rs, c } = source();
    const { ws } = sink({ close: () => Promise.reject(error1) });
    c.close();
    await t.rejects(error1, rs.pipeTo(ws));
  });

  t.test('error forward: fails as abort does', async () => {
    const { rs, c } = source();
    const { ws } = sink({ abort: () => Promise.reject(error2) });
    c.error(error1);
    await t.rejects(error2, rs.pipeTo(ws));
  });

  t.test('error backward: fails as cancel does', async () => {
    const { rs } = source({ cancel: () => Promise.reject(error2) });
    const { ws, c } = sink();
    await t.flush();
    c.error(error1);
    await t.rejects(error2, rs.pipeTo(ws));
  });

  t.test('error backward: a write that fails', async () => {
    const { rs, c, events: se } = source();
    const { ws } = sink({ write: () => Promise.reject(error1) });
    const piped = rs.pipeTo(ws);
    c.enqueue('a');
    await t.rejects(error1, piped);
    is(se, ['cancel', error1]);
  });

  t.test('error backward: the chunk that was read is lost, the rest is kept', async () => {
    const { rs, c } = source();
    const { ws } = sink({ write: () => Promise.reject(error1) });
    c.enqueue('a');
    c.enqueue('b');
    await t.rejects(error1, rs.pipeTo(ws, { preventCancel: true }));
    t.equal(await rs.getReader().read(), { done: false, value: 'b' });
  });

  t.test('both sides fail: the source counts first', async () => {
    const { rs, c } = source();
    const { ws, c: wc } = sink();
    await t.flush();
    c.error(error1);
    wc.error(error2);
    await t.rejects(error1, rs.pipeTo(ws));
  });

  t.test('signal: aborts both sides', async () => {
    const ac = new AbortController();
    const { rs, events: se } = source();
    const { ws, events } = sink();
    const piped = rs.pipeTo(ws, { signal: ac.signal });
    await t.flush();
    ac.abort(error1);
    await t.rejects(error1, piped);
    is(events, ['abort', error1]);
    is(se, ['cancel', error1]);
    t.equal([rs.locked, ws.locked], [false, false]);
  });

  t.test('signal: aborted before', async () => {
    const ac = new AbortController();
    ac.abort(error1);
    const { rs, c, events: se } = source();
    const { ws, events } = sink();
    c.enqueue('a');
    await t.rejects(error1, rs.pipeTo(ws, { signal: ac.signal }));
    is(events, ['abort', error1]);
    is(se, ['cancel', error1]);
  });

  t.test('signal: an abort without a reason', async () => {
    const ac = new AbortController();
    ac.abort();
    const e = await t.rejects(ac.signal.reason, source().rs.pipeTo(sink().ws, { signal: ac.signal }));
    t.equal(e.name, 'AbortError');
  });

  for (const preventAbort of [false, true]) {
    for (const preventCancel of [false, true]) {
      t.test(`signal: preventAbort ${preventAbort}, preventCancel ${preventCancel}`, async () => {
        const ac = new AbortController();
        const { rs, events: se } = source();
        const { ws, events } = sink();
        const piped = rs.pipeTo(ws, { signal: ac.signal, preventAbort, preventCancel });
        await t.flush();
        ac.abort(error1);
        await t.rejects(error1, piped);
        is(events, preventAbort ? [] : ['abort', error1]);
        is(se, preventCancel ? [] : ['cancel', error1]);
      });
    }
  }

  t.test('signal: failing abort and cancel', async () => {
    const ac = new AbortController();
    const { rs } = source({ cancel: () => Promise.reject(new Error('cancel')) });
    const { ws } = sink({ abort: () => Promise.reject(error2) });
    const piped = rs.pipeTo(ws, { signal: ac.signal });
    await t.flush();
    ac.abort(error1);
    await t.rejects(error2, piped);
  });

  t.test('signal: waits for writes', async () => {
    const ac = new AbortController();
    const d = t.deferred();
    const { rs, c, events: se } = source();
    const { ws, events } = sink({ write: () => d.promise });
    c.enqueue('a');
    const piped = rs.pipeTo(ws, { signal: ac.signal });
    await t.flush();
    ac.abort(error1);
    await t.flush();
    is(events, ['write', 'a']);
    is(se, []);
    d.resolve();
    await t.rejects(error1, piped);
    is(events, ['write', 'a', 'abort', error1]);
    is(se, ['cancel', error1]);
  });

  t.test('signal: after the end it does nothing', async () => {
    const ac = new AbortController();
    const { rs, c } = source();
    const { ws, events } = sink();
    c.close();
    await rs.pipeTo(ws, { signal: ac.signal });
    ac.abort(error1);
    await t.flush();
    is(events, ['close']);
  });

  t.test('signal: with sides that have ended already', async () => {
    const ac = new AbortController();
    ac.abort(error1);
    const { rs, c } = source();
    c.close();
    const { ws } = sink();
    await ws.close();
    await t.rejects(error1, rs.pipeTo(ws, { signal: ac.signal }));
  });

  t.test('a pipe disturbs: the source cannot be read meanwhile', async () => {
    const { rs } = source();
    rs.pipeTo(sink().ws);
    t.throws(TypeError, () => rs.getReader());
    await t.rejects(TypeError, rs.cancel());
  });

  t.test('two pipes, one after the other', async () => {
    const { rs: a, c: ca } = source();
    const { rs: b, c: cb } = source();
    const { ws, events } = sink();
    ca.enqueue(1);
    ca.close();
    cb.enqueue(2);
    cb.close();
    await a.pipeTo(ws, { preventClose: true });
    await b.pipeTo(ws);
    is(events, ['write', 1, 'write', 2, 'close']);
  });

  t.test('a byte stream', async () => {
    const { ws, events } = sink();
    await new ReadableStream({
      type: 'bytes',
      start(c) { c.enqueue(t.u8(1, 2)); c.enqueue(t.u8(3)); c.close(); },
    }).pipeTo(ws);
    t.equal(events, ['write', t.u8(1, 2), 'write', t.u8(3), 'close']);
  });

  t.test('many chunks', async () => {
    let n = 0;
    let sum = 0;
    await new ReadableStream({ pull(c) { if (n === 500) c.close(); else c.enqueue(n++); } }, { highWaterMark: 7 })
      .pipeTo(new WritableStream({ write(x) { sum += x; } }, { highWaterMark: 3 }));
    t.equal(sum, 500 * 499 / 2);
  });
})
