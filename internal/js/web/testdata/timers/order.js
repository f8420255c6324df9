const r = {};
const log = [];
await new Promise(done => {
	setTimeout(() => log.push('timeout 5'), 5);
	setTimeout(() => log.push('timeout 1 a'), 1);
	setTimeout(() => { log.push('timeout 1 b'); queueMicrotask(() => log.push('micro of b')); }, 1);
	setTimeout(() => log.push('timeout 0'), 0);
	setTimeout(() => log.push('timeout -1'), -1);
	setTimeout(() => log.push('timeout none'));
	setTimeout((...a) => log.push(['args', ...a]), 1, 1, 'two', null);
	setTimeout(done, 20);
	queueMicrotask(() => log.push('micro'));
	Promise.resolve().then(() => log.push('promise'));
	log.push('sync');
});
r.order = log.splice(0);
await new Promise(done => {
	let n = 0;
	const i = setInterval((a, b) => { log.push([a, b, ++n]); if (n === 3) { clearInterval(i); setTimeout(done, 5); } }, 1, 'a', 'b');
});
r.interval = log.splice(0);
await new Promise(done => {
	const a = setTimeout(() => log.push('never'), 1);
	const b = setTimeout(() => log.push('never'), 1);
	const c = setTimeout(() => log.push('never'), 1);
	const d = setTimeout(() => log.push('never'), 1);
	const i = setImmediate(() => log.push('never'));
	clearTimeout(a); clearInterval(b); clearTimeout(+c); clearTimeout(String(+d)); clearImmediate(i);
	clearTimeout(undefined); clearTimeout(null); clearTimeout({}); clearTimeout('x'); clearTimeout(-1); clearTimeout(a);
	setTimeout(done, 5);
});
r.cleared = log.splice(0);
await new Promise(done => {
	// One timer clears another that is due at the same time.
	let b;
	setTimeout(() => { log.push('a'); clearTimeout(b); }, 1);
	b = setTimeout(() => log.push('never'), 1);
	setTimeout(done, 5);
});
r.clearsDue = log.splice(0);
await new Promise(done => {
	setImmediate((a) => { log.push('immediate ' + a); Promise.resolve().then(() => log.push('its promise')); setImmediate(() => { log.push('next immediate'); done(); }); }, 'x');
	setImmediate(() => log.push('second'));
	Promise.resolve().then(() => log.push('promise first'));
});
r.immediate = log.splice(0);
const t = setTimeout(() => {}, 1000);
r.object = [typeof t, t.constructor.name, t.hasRef(), t.unref() === t, t.hasRef(), t.ref() === t, t.hasRef(), typeof t[Symbol.toPrimitive](), +t === +t, t.refresh() === t, t.close() === t, typeof t.hasRef];
const im = setImmediate(() => {});
r.immediateObject = [im.constructor.name, im.hasRef(), im.unref() === im, im.hasRef()]; clearImmediate(im);
await new Promise(done => {
	const t = setTimeout(function () { log.push(this === t); done(); }, 1);
});
await new Promise(done => { const i = setImmediate(function () { log.push(this === i); done(); }); });
r.this = log.splice(0);
await new Promise(done => {
	let n = 0;
	const t = setTimeout(() => { log.push(++n); if (n < 3) t.refresh(); else setTimeout(done, 5); }, 1);
});
r.refreshAfterFiring = log.splice(0);
await new Promise(done => { const t = setTimeout(() => log.push('never'), 1); clearTimeout(t); t.refresh(); setTimeout(done, 5); });
r.refreshAfterClear = log.splice(0);
r.errors = [() => setTimeout(), () => setTimeout('code'), () => setInterval(null), () => setImmediate({}), () => queueMicrotask(5), () => queueMicrotask(), () => setTimeout(Symbol('s')), () => setTimeout([]), () => setTimeout(class A { static x = 1 }.prototype), () => setTimeout(true), () => setTimeout(10n), () => setTimeout('a very long string that does not fit')].map(outcome);
r.lengths = [setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, queueMicrotask].map(f => f.name);
r.returns = [clearTimeout(), queueMicrotask(() => {})];
return r;
