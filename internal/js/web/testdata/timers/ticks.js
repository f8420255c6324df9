// The order of process.nextTick and promise jobs.
const r = {};
const log = [];
const wait = f => new Promise(done => f(done));
// After an await this runs in a promise job: ticks wait until none is left.
await null;
await wait(done => {
	process.nextTick(() => { log.push('tick'); Promise.resolve().then(() => log.push('promise of tick')); process.nextTick(() => log.push('tick of tick')) });
	process.nextTick((a, b) => log.push(a + b), 'two ', 'arguments');
	Promise.resolve().then(() => { log.push('promise'); process.nextTick(() => log.push('tick of promise')) }).then(() => log.push('then'));
	queueMicrotask(() => log.push('micro'));
	log.push('sync');
	setTimeout(done, 5);
});
r.promise = log.splice(0);
await wait(done => setTimeout(() => {
	Promise.resolve().then(() => { log.push('promise'); process.nextTick(() => log.push('tick of promise')) }).then(() => log.push('then'));
	process.nextTick(() => { log.push('tick'); process.nextTick(() => log.push('tick of tick')); Promise.resolve().then(() => log.push('promise of tick')) });
	setTimeout(done, 5);
}, 1));
r.timer = log.splice(0);
await wait(done => setImmediate(() => {
	Promise.resolve().then(() => log.push('promise'));
	process.nextTick(() => log.push('tick'));
	setTimeout(done, 5);
}));
r.immediate = log.splice(0);
await wait(async done => {
	(async () => { log.push('a'); await null; log.push('b'); await null; log.push('c') })();
	process.nextTick(() => log.push('tick'));
	await null;
	log.push('d');
	setTimeout(done, 5);
});
r.awaits = log.splice(0);
return r;
