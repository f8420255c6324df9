// Transferable streams: structuredClone and postMessage with a stream in the transfer list.
const r = {};
const keep = setInterval(() => {}, 50); // Node's hidden ports keep nothing running
const c = structuredClone;
const move = s => c(s, { transfer: [s] });
const fails = f => { try { return f() } catch (e) { return [e.name, e instanceof DOMException, e.code] } };
const all = async s => { const out = [], k = s.getReader(); for (;;) { const x = await k.read(); if (x.done) return out; out.push(x.value) } };
{
	const sent = { a: 1, m: new Map([[1, new Date(5)]]) };
	const rs = new ReadableStream({ start(k) { k.enqueue(sent); k.enqueue('b'); k.enqueue(undefined); k.close() } });
	const moved = move(rs);
	r.kind = [moved instanceof ReadableStream, moved !== rs, rs.locked, moved.locked, fails(() => rs.getReader().read())[0]];
	const got = await all(moved);
	r.readable = [got.length, got[0].a, got[0] !== sent, +got[0].m.get(1), got[1], got[2] === undefined];
}
{
	const log = [];
	const ws = new WritableStream({ write(x) { log.push(x) }, close() { log.push('close') } });
	const moved = move(ws);
	r.writableKind = [moved instanceof WritableStream, moved !== ws, ws.locked, moved.locked];
	const w = moved.getWriter();
	await w.write({ n: 1 }); await w.write('two');
	await w.close();
	for (let i = 0; i < 20 && log.at(-1) !== 'close'; i++) await new Promise(f => setTimeout(f, 1));
	r.writable = log;
}
{
	const ts = new TransformStream({ transform(x, k) { k.enqueue(x * 2); k.enqueue('-') }, flush(k) { k.enqueue('end') } });
	const moved = move(ts);
	r.transformKind = [moved instanceof TransformStream, moved !== ts, ts.readable.locked, ts.writable.locked, moved.readable === moved.readable, moved.readable.locked];
	const w = moved.writable.getWriter();
	const got = all(moved.readable);
	w.write(1); w.write(2); w.close();
	r.transform = await got;
}
{
	const cancelled = [];
	const seen = new Promise(f => {
		const moved = move(new ReadableStream({ cancel(x) { f(x) } }));
		moved.cancel('enough').then(() => cancelled.push('cancelled'));
	});
	r.cancel = [await seen, cancelled];
}
{
	let k;
	const moved = move(new ReadableStream({ start(x) { k = x } }));
	k.error(new RangeError('broken'));
	r.error = await moved.getReader().read().catch(e => [e.name, e.message, e instanceof RangeError]);
}
{
	const aborted = await new Promise(f => {
		const moved = move(new WritableStream({ abort(x) { f(x) } }));
		moved.abort('stop');
	});
	r.abort = aborted;
	let k;
	const moved = move(new WritableStream({ start(x) { k = x } }));
	k.error(new TypeError('sink'));
	r.sinkError = await moved.getWriter().closed.catch(e => [e.name, e.message]);
}
{
	const seen = {};
	const moved = move(new ReadableStream({ start(k) { k.enqueue(() => 1) }, cancel(e) { seen.cancel = [e.name, e instanceof DOMException] } }));
	seen.read = await moved.getReader().read().catch(e => e.name);
	r.uncloneable = seen;
}
{
	const made = { readable: new ReadableStream(), writable: new WritableStream(), transform: new TransformStream() };
	made.readable.getReader(); made.writable.getWriter(); made.transform.readable.getReader();
	const second = new TransformStream(); second.writable.getWriter();
	r.locked = [made.readable, made.writable, made.transform, second].map(x => fails(() => move(x)));
	r.partly = [made.transform.writable.locked, second.readable.locked];
	const x = new ReadableStream();
	r.twice = fails(() => c(x, { transfer: [x, x] }));
	r.untouched = [fails(() => c([x, () => 1], { transfer: [x] }))[0], x.locked];
	r.listedOnly = [c(1, { transfer: [x] }), x.locked];
	const y = new ReadableStream(), shared = c({ a: y, b: [y] }, { transfer: [y] });
	r.shared = shared.a === shared.b[0];
}
{
	const { port1, port2 } = new MessageChannel();
	const rs = new ReadableStream({ start(k) { k.enqueue('over a port'); k.close() } });
	const arrived = new Promise(f => { port2.onmessage = f });
	port1.postMessage({ body: rs }, [rs]);
	const e = await arrived;
	r.port = [rs.locked, e.data.body instanceof ReadableStream, await all(e.data.body)];
	const held = new WritableStream(); held.getWriter();
	r.portLocked = fails(() => port1.postMessage(held, { transfer: [held] }));
	port1.close();
}
{
	const pulled = [];
	let n = 0;
	const moved = move(new ReadableStream({ pull(k) { pulled.push(n); if (n === 5) k.close(); else k.enqueue(n++) } }, { highWaterMark: 0 }));
	r.pulled = await all(moved);
	r.body = await new Response(move(new Response('text through two realms').body)).text();
}
clearInterval(keep);
return r;
