const r = {};
const first = f => String(outcome(f)).split(/[:[ ]/)[0];
const u = new Uint8Array(64);
r.same = crypto.getRandomValues(u) === u; r.filled = u.some(x => x !== 0);
const part = new Uint8Array(32); crypto.getRandomValues(part.subarray(8, 16)); r.onlyPart = [part.subarray(0, 8).every(x => x === 0), part.subarray(16).every(x => x === 0), part.subarray(8, 16).some(x => x !== 0)];
r.types = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array].map(T => crypto.getRandomValues(new T(4)) instanceof T);
r.bad = [() => crypto.getRandomValues(new Float32Array(1)), () => crypto.getRandomValues(new Float64Array(1)), () => crypto.getRandomValues(new DataView(new ArrayBuffer(1))), () => crypto.getRandomValues(new Uint8Array(65537)), () => crypto.getRandomValues(), () => crypto.getRandomValues.call({}, u), () => crypto.randomUUID.call({}), () => new Crypto(), () => new SubtleCrypto(), () => new CryptoKey()].map(first);
r.limit = crypto.getRandomValues(new Uint8Array(65536)).length; r.zero = crypto.getRandomValues(new Uint8Array(0)).length;
try { crypto.getRandomValues(new Uint8Array(65537)); } catch (e) { r.quota = [e.name, e.code, e instanceof DOMException]; }
const id = crypto.randomUUID(); r.uuid = [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), id !== crypto.randomUUID(), typeof id];
r.shape = [String(crypto), String(crypto.subtle), crypto instanceof Crypto, crypto.subtle instanceof SubtleCrypto, crypto.subtle === crypto.subtle, Object.keys(Crypto.prototype), Object.keys(SubtleCrypto.prototype), Object.keys(CryptoKey.prototype)];
return r;
