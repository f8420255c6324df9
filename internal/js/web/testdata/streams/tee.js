// tee of streams with default controllers.
(function (streams, t) {
  'use strict';

  const { ReadableStream } = streams;

  const error1 = new Error('error1');
  const error2 = new Error('error2');

  function open(source = {}, strategy = undefined) {
    let c;
    const rs = new ReadableStream({ ...source, start(x) { c = x; } }, strategy);
    return { rs, c };
  }

  async function drain(rs) {
    const reader = rs.getReader();
    const out = [];
    for (let r = await reader.read(); !r.done; r = await reader.read()) out.push(r.value);
    return out;
  }

  t.test('returns an array of two streams, and locks', () => {
    const { rs } = open();
    const branches = rs.tee();
    t.ok(Array.isArray(branches));
    t.equal(branches.length, 2);
    t.ok(branches[0] instanceof ReadableStream && branches[1] instanceof ReadableStream);
    t.equal([rs.locked, branches[0].locked, branches[1].locked], [true, false, false]);
  });

  t.test('both branches get the same chunks', async () => {
    const { rs, c } = open();
    const chunk = {};
    c.enqueue(chunk);
    c.enqueue('b');
    c.close();
    const [a, b] = rs.tee();
    const [x, y] = await Promise.all([drain(a), drain(b)]);
    t.ok(x[0] === chunk && y[0] === chunk);
    t.equal([x[1], y[1]], ['b', 'b']);
  });

  t.test('one branch can be read before the other', async () => {
    const { rs, c } = open();
    for (let i = 0; i < 20; i++) c.enqueue(i);
    c.close();
    const [a, b] = rs.tee();
    const want = Array.from({ length: 20 }, (_, i) => i);
    t.equal(await drain(a), want);
    t.equal(await drain(b), want);
  });

  t.test('an error errors both, even before queued chunks of the source', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const rb = b.getReader();
    c.enqueue('x');
    t.equal((await ra.read()).value, 'x');
    c.error(error1);
    await t.rejects(error1, ra.closed);
    await t.rejects(error1, rb.closed);
    await t.rejects(error1, rb.read());
  });

  t.test('an errored stream', async () => {
    const { rs, c } = open();
    c.error(error1);
    const [a, b] = rs.tee();
    await t.rejects(error1, a.getReader().read());
    await t.rejects(error1, b.getReader().closed);
  });

  t.test('a closed stream', async () => {
    const { rs, c } = open();
    c.close();
    const [a, b] = rs.tee();
    t.equal((await a.getReader().read()).done, true);
    t.equal((await b.getReader().read()).done, true);
  });

  t.test('cancelling both cancels the stream with both reasons', async () => {
    let got;
    const { rs } = open({ cancel(reason) { got = reason; } });
    const [a, b] = rs.tee();
    const first = a.cancel(error1);
    t.equal(await t.settled(first), 'pending');
    t.equal(got, undefined);
    const second = b.cancel(error2);
    t.equal([await first, await second], [undefined, undefined]);
    t.ok(Array.isArray(got) && got.length === 2 && got[0] === error1 && got[1] === error2);
  });

  t.test('the reasons are in the order of the branches', async () => {
    let got;
    const { rs } = open({ cancel(reason) { got = reason; } });
    const [a, b] = rs.tee();
    b.cancel('b');
    a.cancel('a');
    await t.flush();
    t.equal(got, ['a', 'b']);
  });

  t.test('cancelling both fails as the source does', async () => {
    const { rs } = open({ cancel: () => Promise.reject(error1) });
    const [a, b] = rs.tee();
    const first = a.cancel();
    const second = b.cancel();
    await t.rejects(error1, first);
    await t.rejects(error1, second);
  });

  t.test('a cancelled branch lets the other go on', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const cancelled = a.cancel();
    c.enqueue('x');
    c.close();
    t.equal(await drain(b), ['x']);
    t.equal(await cancelled, undefined);
    t.equal(await drain(a), []);
  });

  t.test('a cancel ends when the stream ends', async () => {
    const x = open();
    const [a] = x.rs.tee();
    const cancelled = a.cancel();
    x.c.error(error1);
    t.equal(await cancelled, undefined);
  });

  t.test('pulls when a branch has room, once for both', async () => {
    let pulls = 0;
    const { rs } = open({ pull(c) { pulls++; c.enqueue(pulls); } }, { highWaterMark: 0 });
    const [a, b] = rs.tee();
    await t.flush();
    t.equal(pulls, 1, 'each branch queues one chunk');
    const ra = a.getReader();
    const rb = b.getReader();
    await Promise.all([ra.read(), rb.read()]);
    await t.flush();
    t.equal(pulls, 2);
    await ra.read();
    await t.flush();
    t.equal(pulls, 3);
  });

  t.test('no backpressure from one branch alone', async () => {
    let pulls = 0;
    const { rs } = open({ pull(c) { c.enqueue(pulls++); } }, { highWaterMark: 0 });
    const [a] = rs.tee();
    const ra = a.getReader();
    for (let i = 0; i < 10; i++) t.equal((await ra.read()).value, i);
  });

  t.test('reads of one branch that are not awaited', async () => {
    const { rs, c } = open({ pull() {} }, { highWaterMark: 0 });
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const reads = [ra.read(), ra.read(), ra.read(), ra.read()];
    await t.flush();
    for (const x of ['w', 'x', 'y', 'z']) {
      c.enqueue(x);
      await t.flush();
    }
    t.equal((await Promise.all(reads)).map((r) => r.value), ['w', 'x', 'y', 'z']);
    t.equal(await take(b, 4), ['w', 'x', 'y', 'z']);
  });
  async function take(rs, n) {
    const reader = rs.getReader();
    const out = [];
    while (out.length < n) out.push((await reader.read()).value);
    return out;
  }

  t.test('closing while a read waits', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const reads = [a.getReader().read(), b.getReader().read()];
    await t.flush();
    c.close();
    t.equal(await Promise.all(reads), [{ done: true, value: undefined }, { done: true, value: undefined }]);
  });

  t.test('cancel from within reading', async () => {
    const { rs, c } = open();
    const [a, b] = rs.tee();
    const ra = a.getReader();
    const rb = b.getReader();
    const read = ra.read();
    c.enqueue('x');
    const cancelled = rb.cancel();
    t.equal((await read).value, 'x');
    c.close();
    await cancelled;
  });

  t.test('a tee of a tee', async () => {
    const { rs, c } = open();
    c.enqueue(1);
    c.enqueue(2);
    c.close();
    const [a, b] = rs.tee();
    const [x, y] = b.tee();
    t.equal(await Promise.all([drain(a), drain(x), drain(y)]), [[1, 2], [1, 2], [1, 2]]);
  });

  t.test('rejections: none where nobody asked', async () => {
    const { rs, c } = open();
    rs.tee();
    c.error(error1);
  });
})
