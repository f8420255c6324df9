const r = {};
const s = AbortSignal.abort();
r.abort = [s.aborted, s.reason.name, s.reason.message, s.reason.code, s.reason instanceof DOMException, s.onabort, AbortSignal.abort(3).reason, AbortSignal.abort(null).reason, String(s)];
try { s.throwIfAborted(); } catch (e) { r.throws = e === s.reason; }
r.pending = [new AbortController().signal.throwIfAborted(), new AbortController().signal.reason];
r.construct = [outcome(() => new AbortSignal()).split(/[: ]/)[0], outcome(() => AbortController()).split(/[: ]/)[0]];
const c = new AbortController(), log = [];
r.same = [c.signal === c.signal, c.signal instanceof EventTarget, c.signal instanceof AbortSignal];
c.signal.onabort = function (e) { log.push(['on', e.type, this === c.signal, e.target === c.signal, e.isTrusted, e.bubbles, e.cancelable]); };
c.signal.addEventListener('abort', e => log.push(['listener', c.signal.aborted]));
r.result = c.abort({ why: 1 }); c.abort('again');
r.reason = c.signal.reason;
r.log = log.splice(0);
// The attribute keeps its place when it is replaced, and loses it when it is null.
const h = new AbortController();
h.signal.onabort = () => log.push('old'); h.signal.addEventListener('abort', () => log.push('listener')); h.signal.onabort = () => log.push('new');
h.abort(); r.attribute = log.splice(0);
const n = new AbortController(); n.signal.onabort = 5; r.notCallable = n.signal.onabort === null || n.signal.onabort === 5; n.signal.onabort = () => log.push('x'); n.signal.onabort = null; n.abort(); r.cleared = log.splice(0);
const u = new AbortController(); u.abort(undefined); r.undefinedReason = u.signal.reason.name;
const a = new AbortController(), b = new AbortController();
const any = AbortSignal.any([a.signal, b.signal]), deep = AbortSignal.any([any]);
any.addEventListener('abort', () => log.push('any')); deep.addEventListener('abort', () => log.push('deep'));
b.abort('why'); a.abort('no');
r.any = [any.aborted, any.reason, deep.aborted, deep.reason, log.splice(0)];
r.anyEmpty = AbortSignal.any([]).aborted;
r.anyAborted = AbortSignal.any([new AbortController().signal, AbortSignal.abort('x'), AbortSignal.abort('y')]).reason;
r.anyErrors = [() => AbortSignal.any(), () => AbortSignal.any(5), () => AbortSignal.any([1]), () => AbortSignal.any([{}])].map(x => String(outcome(x)).split(/[: ]/)[0]);
const late = AbortSignal.timeout(3);
await new Promise(ok => { const keep = setTimeout(() => {}, 60000); late.onabort = () => { clearTimeout(keep); ok(); }; });
r.timeout = [late.aborted, late.reason.name, late.reason.message, late.reason.code];
r.timeoutErrors = [() => AbortSignal.timeout(), () => AbortSignal.timeout(-1), () => AbortSignal.timeout(NaN)].map(x => typeof outcome(x));
r.statics = [AbortSignal.any.length, AbortSignal.timeout.length, AbortSignal.abort.length, AbortController.prototype.abort.length];
r.tags = [String(c), String(c.signal)];
r.brand = [outcome(() => Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted').get.call(new EventTarget())).split(/[: ]/)[0], outcome(() => AbortController.prototype.abort.call({})).split(/[: ]/)[0]];
class Mine extends AbortController { go() { this.abort('mine'); return this.signal.reason; } }
r.subclass = new Mine().go();
return r;
