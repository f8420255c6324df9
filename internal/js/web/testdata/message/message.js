// MessageChannel, MessagePort and MessageEvent.
const out = {};
const next = (port, name = 'message') => new Promise(r => port.addEventListener(name, r, { once: true }));
const open = [];
const channel = () => { const c = new MessageChannel(); open.push(c); return c };
const log = [];
{
	const { port1, port2 } = channel();
	port1.onmessage = e => log.push(e.data);
	const done = new Promise(r => port1.addEventListener('message', e => e.data === 'last' && r()));
	const sent = { n: 1, d: new Date(5), m: new Map([[1, { a: [1, , 3] }]]) };
	port2.postMessage(sent);
	sent.n = 2;
	log.push('posted');
	queueMicrotask(() => log.push('microtask'));
	Promise.resolve().then(() => log.push('then'));
	port2.postMessage(undefined); port2.postMessage(null); port2.postMessage('last');
	await done;
	out.order = log.map(x => x && typeof x === 'object' ? [x.n, +x.d, x.m.get(1).a.length] : String(x));
}
{
	const { port1, port2 } = channel();
	for (let i = 0; i < 4; i++) port1.postMessage(i);
	const got = [];
	const all = new Promise(r => { port2.onmessage = e => { got.push(e.data); if (e.data === 3) r() } });
	await all;
	out.queued = got;
	port2.onmessage = null;
	out.handler = [port2.onmessage, typeof port1.onmessage];
}
{
	const a = channel(), b = channel();
	b.port1.postMessage('before');
	const arrived = next(a.port2);
	a.port1.postMessage({ port: b.port2, again: b.port2 }, [b.port2]);
	const e = await arrived;
	out.transfer = [e.data.port instanceof MessagePort, e.data.port === e.data.again, e.data.port === b.port2, e.ports.length, e.ports[0] === e.data.port];
	const m = next(e.data.port);
	out.transferred = (await m).data;
	const back = next(b.port1);
	e.data.port.postMessage('back');
	out.back = (await back).data;
}
{
	const a = channel(), buffer = new Uint8Array([1, 2, 3]);
	const arrived = next(a.port1);
	a.port2.postMessage(buffer, { transfer: [buffer.buffer] });
	out.buffer = [buffer.length, [...(await arrived).data].join()];
	const event = next(a.port2);
	a.port1.postMessage('x');
	const e = await event;
	out.event = [e.constructor === MessageEvent, e instanceof Event, e.type, e.target === a.port2, e.ports.length, e.origin, e.lastEventId, e.source, e.bubbles, e.cancelable];
}
const p = channel();
out.errors = [
	() => p.port1.postMessage(() => 1), () => p.port1.postMessage(Symbol('x')), () => p.port1.postMessage(1, [p.port1]),
].map(f => { try { return f() } catch (e) { return [e instanceof DOMException, e.name, e.code] } });
out.calls = [() => p.port1.postMessage(), () => new MessagePort(), () => MessageChannel(), () => MessagePort.prototype.postMessage.call({}, 1)].map(f => { try { f(); return 'fine' } catch (e) { return e.name } });
{
	const { port1, port2 } = channel();
	const seen = [];
	port2.onmessage = e => seen.push(e.data);
	const closed = next(port2, 'close');
	port1.postMessage('before the end');
	port1.close();
	out.closed = [(await closed).type, seen.join()];
	port1.postMessage('nobody'); port2.postMessage('nobody');
	port1.close();
}
const init = new MessageEvent('message', { data: { a: 1 }, origin: 'o', lastEventId: 'i', ports: [p.port1], source: p.port2 });
out.init = [init.data.a, init.origin, init.lastEventId, init.ports.length, init.ports[0] === p.port1, init.source === p.port2, init.isTrusted];
const plain = new MessageEvent('x');
out.plain = [plain.data, plain.origin, plain.lastEventId, plain.ports.length, plain.source];
out.shape = [MessageChannel.name, MessageChannel.length, MessageEvent.name, MessageEvent.length, p.port1 instanceof EventTarget, p.port1 === p.port1];
for (const c of open) { c.port1.close(); c.port2.close() }
return out;
