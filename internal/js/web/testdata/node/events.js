const EventEmitter = require('events');
const { once, on, errorMonitor } = EventEmitter;
const out = [], log = (...a) => out.push(a);
const e = new EventEmitter();
e.on('newListener', (name, f) => log('new', String(name), f.name));
e.on('removeListener', (name, f) => log('gone', String(name), f.name));
function a(...args) { log('a', this === e, ...args) }
function b(...args) { log('b', ...args) }
e.on('x', a).once('x', b).prependListener('x', function first() { log('first') }).prependOnceListener('x', function firstOnce() { log('firstOnce') });
log(e.listeners('x').map(f => f.name), e.rawListeners('x').length, e.listenerCount('x'), e.listenerCount('x', b), e.listenerCount('x', a), e.listenerCount('nope'));
log(e.emit('x', 1, 2, 3, 4), e.emit('x'), e.emit('nope'));
log(e.eventNames().map(String));
e.off('x', a).off('x', a).removeListener('nope', b);
e.on(Symbol('s'), b);
log(e.eventNames().map(String));
e.removeAllListeners('x');
e.removeAllListeners();
log(e.eventNames(), e.listenerCount('x'));
// a listener that is removed while the event is emitted is still called
const r = new EventEmitter();
r.on('x', () => { log('removes'); r.off('x', late) });
function late() { log('late') }
r.on('x', late); r.emit('x'); r.emit('x');
// errors
for (const v of [new TypeError('t'), 'text', undefined, null, { a: 1 }, 5]) log(outcome(() => new EventEmitter().emit('error', v)));
log(outcome(() => new EventEmitter().emit('error')));
const m = new EventEmitter();
m.on(errorMonitor, x => log('monitor', x.message)); log(outcome(() => m.emit('error', new Error('seen')))); m.on('error', x => log('handler', x.message)); m.emit('error', new Error('two'));
for (const f of [() => e.on('x'), () => e.once('x', 1), () => e.off('x', null), () => e.setMaxListeners(-1), () => e.setMaxListeners('a'), () => e.setMaxListeners(NaN), () => { EventEmitter.defaultMaxListeners = -1 }, () => EventEmitter.setMaxListeners(3, {}), () => EventEmitter.getMaxListeners({})]) log(outcome(() => { f() }));
log(e.getMaxListeners(), e.setMaxListeners(3) === e, e.getMaxListeners(), EventEmitter.getMaxListeners(e), EventEmitter.defaultMaxListeners, EventEmitter.listenerCount(r, 'x'));
// subclasses: by class, by call, by prototype alone
class Sub extends EventEmitter { constructor() { super(); this.own = 1 } }
const s = new Sub(); s.on('q', () => log('sub')); s.emit('q'); log(s instanceof EventEmitter, Object.keys(s));
function Old() { EventEmitter.call(this) } Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
const o = new Old(); o.on('q', () => log('old')); o.emit('q');
const mixed = Object.assign({}, EventEmitter.prototype); mixed.on('q', () => log('mixed')); mixed.emit('q');
const lazy = Object.create(EventEmitter.prototype); lazy.on('z', () => log('lazy')); log(lazy.emit('z'), lazy.eventNames());
log(EventEmitter.EventEmitter === EventEmitter, EventEmitter.prototype.on === EventEmitter.prototype.addListener, EventEmitter.prototype.on.name, EventEmitter.prototype.off.name, Object.keys(EventEmitter.prototype).filter(k => k[0] !== '_').sort(), String(errorMonitor), EventEmitter.usingDomains);
// once and on
const p = new EventEmitter();
let w = once(p, 'go'); p.emit('go', 1, 2); log(await w, p.eventNames());
w = once(p, 'go'); p.emit('error', new RangeError('no')); log(await outcome(() => w), p.eventNames());
w = once(p, 'error'); p.emit('error', new RangeError('awaited')); log((await w)[0].message);
const ac = new AbortController(); w = once(p, 'go', { signal: ac.signal }); ac.abort(); log(await outcome(() => w), p.eventNames());
log(await outcome(() => once(p, 'go', { signal: ac.signal })), await outcome(() => once({}, 'x')), await outcome(() => once(p, 'x', { signal: {} })));
const t = new EventTarget(); w = once(t, 'ping'); t.dispatchEvent(new Event('ping')); log((await w)[0].type);
const it = on(p, 'n', { close: ['end'] });
p.emit('n', 1); p.emit('n', 2, 3); setTimeout(() => { p.emit('n', 4); p.emit('end') }, 1);
for (let r = await it.next(); !r.done; r = await it.next()) log('it', r.value);
log(p.eventNames(), await it.next());
const it2 = on(p, 'n'); p.emit('n', 'kept'); p.emit('error', new Error('broken')); log(await it2.next(), await outcome(() => it2.next()), await it2.next());
const it3 = on(p, 'n'); const waits = it3.next(); await it3.return(); log(await waits, p.listenerCount('n'), outcome(() => { it3.throw(1) }));
const ac2 = new AbortController(); const it4 = on(p, 'n', { signal: ac2.signal }); const w4 = it4.next(); ac2.abort(new Error('why')); log(await outcome(() => w4), outcome(() => { on(p, 'n', { signal: ac2.signal }) }), (await it4.next()).done);
const wrapped = new EventEmitter(); function only() {} wrapped.once('x', only); log(wrapped.rawListeners('x')[0].listener === only, wrapped.listeners('x')[0] === only, EventEmitter.getEventListeners(wrapped, 'x').length);
const res = new EventEmitter.EventEmitterAsyncResource({ name: 'R' }); res.on('x', function () { log('res', this === res) }); res.emit('x');
log(outcome(() => EventEmitter()), Object.keys(new EventEmitter()));
return out;
