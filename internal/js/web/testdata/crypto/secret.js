const r = {};
const s = crypto.subtle;
const hex = b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, '0')).join('');
const bytes = h => new Uint8Array(h.match(/../g)?.map(x => parseInt(x, 16)) ?? []);
const seq = (n, k = 1) => new Uint8Array(Array.from({ length: n }, (_, i) => (i * k) & 255));
const fail = async f => { try { const v = await f(); return v instanceof ArrayBuffer ? 'ok ' + hex(v) : 'ok'; } catch (e) { return e.name + ' ' + (typeof e.code === 'number' ? e.code : ''); } };
const key = (alg, n, usages = ['encrypt', 'decrypt'], x = true) => s.importKey('raw', seq(n, 7), alg, x, usages);
const data = seq(100, 3);
const flat = a => Object.entries(a).sort((x, y) => x[0] < y[0] ? -1 : 1);

for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
	const k = await key({ name: 'HMAC', hash }, 20, ['sign', 'verify']);
	const sig = await s.sign('HMAC', k, data);
	r['HMAC ' + hash] = [hex(sig), await s.verify('HMAC', k, sig, data), await s.verify('HMAC', k, sig, seq(3)), await s.verify('HMAC', k, sig.slice(1), data), await s.exportKey('jwk', k), hex(await s.exportKey('raw', k)), flat(k.algorithm), k.usages, k.type, k.extractable];
}
const hk = await s.importKey('jwk', { kty: 'oct', k: 'AAECAw', alg: 'HS256', key_ops: ['sign', 'verify'], ext: true }, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
r.hmacJwk = [hk.usages, hk.extractable, hex(await s.sign({ name: 'hmac' }, hk, data)), hk.algorithm.length];
r.hmacLarge = hex(await s.sign('HMAC', await key({ name: 'HMAC', hash: 'SHA-256' }, 32, ['sign']), new Uint8Array(200000).fill(5)));
const gen = await s.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
r.hmacGenerate = [flat(gen.algorithm), flat((await s.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 160 }, false, ['sign'])).algorithm), (await s.exportKey('raw', gen)).byteLength, (await s.exportKey('jwk', gen)).alg];

for (const bits of [128, 192, 256]) {
	const k = await key('AES-GCM', bits / 8), iv = seq(12, 5);
	const c = await s.encrypt({ name: 'AES-GCM', iv }, k, data), a = await s.encrypt({ name: 'AES-GCM', iv, additionalData: seq(20), tagLength: 96 }, k, data);
	r['GCM ' + bits] = [hex(c), hex(a), hex(await s.decrypt({ name: 'AES-GCM', iv, tagLength: 128 }, k, c)) === hex(data), hex(await s.decrypt({ name: 'AES-GCM', iv, additionalData: seq(20), tagLength: 96 }, k, a)) === hex(data), await s.exportKey('jwk', k)];
	const b = await key('AES-CBC', bits / 8); const cb = await s.encrypt({ name: 'AES-CBC', iv: seq(16) }, b, data);
	r['CBC ' + bits] = [hex(cb), hex(await s.decrypt({ name: 'AES-CBC', iv: seq(16) }, b, cb)) === hex(data), await s.exportKey('jwk', b), hex(await s.encrypt({ name: 'AES-CBC', iv: seq(16) }, b, seq(16))), hex(await s.encrypt({ name: 'AES-CBC', iv: seq(16) }, b, seq(0)))];
	const t = await key('AES-CTR', bits / 8);
	r['CTR ' + bits] = [hex(await s.encrypt({ name: 'AES-CTR', counter: seq(16), length: 64 }, t, data)), hex(await s.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16).fill(255), length: 128 }, t, data)), hex(await s.decrypt({ name: 'AES-CTR', counter: new Uint8Array(16).fill(255), length: 8 }, t, data)), hex(await s.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16).fill(253), length: 5 }, t, data)), await s.exportKey('jwk', t)];
}
const g = await key('AES-GCM', 16);
for (const tagLength of [32, 64, 96, 104, 112, 120, 128]) for (const n of [12, 16, 33]) {
	const alg = { name: 'AES-GCM', iv: seq(n, 9), tagLength, additionalData: seq(5) };
	const c = await s.encrypt(alg, g, data); const bad = new Uint8Array(c.slice(0)); bad[bad.length - 1] ^= 1;
	r['tag ' + tagLength + ' iv ' + n] = [hex(c).slice(-40), hex(await s.decrypt(alg, g, c)) === hex(data), await fail(() => s.decrypt(alg, g, bad))];
}
const kw = await s.importKey('raw', bytes('000102030405060708090a0b0c0d0e0f'), 'AES-KW', false, ['wrapKey', 'unwrapKey']);
const wrappedKey = await s.importKey('raw', bytes('00112233445566778899aabbccddeeff'), 'AES-GCM', true, ['encrypt']);
const w = await s.wrapKey('raw', wrappedKey, kw, 'AES-KW');
r.keyWrap = [hex(w), hex(await s.exportKey('raw', await s.unwrapKey('raw', w, kw, 'AES-KW', 'AES-GCM', true, ['encrypt']))), await fail(() => s.unwrapKey('raw', seq(24), kw, 'AES-KW', 'AES-GCM', true, ['encrypt'])), await fail(() => s.unwrapKey('raw', seq(23), kw, 'AES-KW', 'AES-GCM', true, ['encrypt']))];
const wg = await key('AES-GCM', 32, ['wrapKey', 'unwrapKey']);
for (const format of ['raw', 'jwk']) {
	const b = await s.wrapKey(format, wrappedKey, wg, { name: 'AES-GCM', iv: seq(12) });
	const back = await s.unwrapKey(format, b, wg, { name: 'AES-GCM', iv: seq(12) }, { name: 'AES-GCM' }, true, ['encrypt']);
	r['wrap ' + format] = [hex(await s.exportKey('raw', back)), back.usages, format === 'raw' ? hex(b) : b.byteLength > 50];
}
r.unwrapErrors = await Promise.all([() => s.unwrapKey('jwk', seq(40), wg, { name: 'AES-GCM', iv: seq(12) }, 'AES-GCM', true, ['encrypt']), () => s.wrapKey('raw', wg, kw, 'AES-KW').then(() => 'ok'), () => s.wrapKey('raw', wrappedKey, g, { name: 'AES-GCM', iv: seq(12) })].map(fail));

const hkdf = await s.importKey('raw', seq(22), 'HKDF', false, ['deriveBits', 'deriveKey']);
const hp = { name: 'HKDF', hash: 'SHA-256', salt: seq(13), info: seq(10) };
r.hkdf = [hex(await s.deriveBits(hp, hkdf, 336)), hex(await s.deriveBits({ ...hp, hash: 'SHA-1', salt: new Uint8Array(0), info: new Uint8Array(0) }, hkdf, 128)), flat(hkdf.algorithm), hkdf.extractable, [...hkdf.usages].sort()];
const pb = await s.importKey('raw', seq(8), { name: 'PBKDF2' }, false, ['deriveKey', 'deriveBits']);
const pp = { name: 'PBKDF2', hash: 'SHA-256', salt: seq(8), iterations: 1000 };
r.pbkdf2 = [hex(await s.deriveBits(pp, pb, 256)), hex(await s.deriveBits({ ...pp, hash: 'SHA-512', iterations: 1 }, pb, 64)), flat(pb.algorithm)];
for (const [name, base, alg] of [['HKDF', hkdf, hp], ['PBKDF2', pb, pp]]) r['deriveKey ' + name] = await Promise.all([[{ name: 'AES-GCM', length: 256 }, ['encrypt']], [{ name: 'HMAC', hash: 'SHA-256' }, ['sign']], [{ name: 'HMAC', hash: 'SHA-256', length: 128 }, ['sign']], [{ name: 'AES-CBC', length: 128 }, ['decrypt']]].map(async ([a, u]) => { const k = await s.deriveKey(alg, base, a, true, u); return [hex(await s.exportKey('raw', k)), flat(k.algorithm), k.usages]; }));
r.deriveErrors = await Promise.all([() => s.deriveBits(hp, hkdf, 7), () => s.deriveBits(hp, hkdf, null), () => s.deriveBits(hp, hkdf, 255 * 256 + 8), () => s.deriveBits({ ...pp, iterations: 0 }, pb, 128), () => s.deriveBits(pp, hkdf, 128), () => s.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: seq(1) }, hkdf, 128), () => s.deriveKey(hp, hkdf, { name: 'AES-GCM', length: 100 }, true, ['encrypt']), () => s.deriveKey(hp, hkdf, { name: 'AES-GCM', length: 128 }, true, ['sign']), () => s.deriveKey(hp, hkdf, { name: 'AES-GCM', length: 128 }, true, []), () => s.importKey('raw', seq(3), 'HKDF', true, ['deriveBits']), () => s.importKey('raw', seq(3), 'PBKDF2', false, ['sign']), () => s.importKey('raw', seq(3), 'PBKDF2', false, []), () => s.generateKey('HKDF', false, ['deriveBits'])].map(fail));

r.importErrors = await Promise.all([
	() => key('AES-GCM', 5), () => key('AES-GCM', 16, ['sign']), () => key('AES-GCM', 16, []), () => key('AES-GCM', 16, ['nothing']), () => key('AES-KW', 16, ['encrypt']),
	() => s.importKey('spki', seq(16), 'AES-GCM', true, ['encrypt']), () => s.importKey('other', seq(16), 'AES-GCM', true, ['encrypt']), () => s.importKey('raw', {}, 'AES-GCM', true, ['encrypt']),
	() => s.importKey('jwk', { kty: 'RSA' }, 'AES-GCM', true, ['encrypt']), () => s.importKey('jwk', { kty: 'oct' }, 'AES-GCM', true, ['encrypt']), () => s.importKey('jwk', { kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw', alg: 'A256GCM' }, 'AES-GCM', true, ['encrypt']),
	() => s.importKey('jwk', { kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw', ext: false }, 'AES-GCM', true, ['encrypt']), () => s.importKey('jwk', { kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw', key_ops: ['decrypt'] }, 'AES-GCM', true, ['encrypt']), () => s.importKey('jwk', { kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw', key_ops: ['encrypt', 'encrypt'] }, 'AES-GCM', true, ['encrypt']), () => s.importKey('jwk', { kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw', use: 'sig' }, 'AES-GCM', true, ['encrypt']),
	() => s.importKey('raw', seq(16), 'HMAC', true, ['sign']), () => s.importKey('raw', seq(0), { name: 'HMAC', hash: 'SHA-1' }, true, ['sign']), () => s.importKey('raw', seq(16), { name: 'HMAC', hash: 'SHA-9' }, true, ['sign']), () => s.importKey('raw', seq(16), { name: 'HMAC', hash: 'SHA-1', length: 64 }, true, ['sign']), () => s.importKey('raw', seq(16)),
	() => s.generateKey({ name: 'AES-GCM', length: 100 }, true, ['encrypt']), () => s.generateKey({ name: 'AES-GCM' }, true, ['encrypt']), () => s.generateKey({ name: 'AES-GCM', length: 128 }, true, []), () => s.generateKey({ name: 'AES-GCM', length: 128 }, true, ['sign']), () => s.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 0 }, true, ['sign']), () => s.generateKey({ name: 'AES-GCM', length: -1 }, true, ['encrypt']),
].map(fail));
const closed = await key('AES-GCM', 16, ['encrypt'], false);
r.useErrors = await Promise.all([
	() => s.decrypt({ name: 'AES-GCM', iv: seq(12) }, closed, data), () => s.encrypt({ name: 'AES-CBC', iv: seq(16) }, closed, data), () => s.exportKey('raw', closed).then(() => 'ok', e => { throw { name: 'not extractable' }; }), () => s.encrypt({ name: 'AES-GCM' }, closed, data), () => s.encrypt({ name: 'AES-GCM', iv: 5 }, closed, data), () => s.encrypt({ name: 'AES-GCM', iv: seq(12), tagLength: 5 }, closed, data), () => s.encrypt({ name: 'AES-GCM', iv: seq(12) }, {}, data), () => s.encrypt({ name: 'AES-GCM', iv: seq(12) }, closed), () => s.encrypt('SHA-1', closed, data), () => s.sign('AES-GCM', closed, data),
	() => s.decrypt({ name: 'AES-GCM', iv: seq(12) }, g, seq(40)), () => s.decrypt({ name: 'AES-GCM', iv: seq(12) }, g, seq(4)), async () => s.decrypt({ name: 'AES-CBC', iv: seq(16) }, await key('AES-CBC', 16), seq(17)), async () => s.decrypt({ name: 'AES-CBC', iv: seq(16) }, await key('AES-CBC', 16), seq(0)), async () => s.encrypt({ name: 'AES-CBC', iv: seq(12) }, await key('AES-CBC', 16), data), async () => s.encrypt({ name: 'AES-CTR', counter: seq(16), length: 0 }, await key('AES-CTR', 16), data), async () => s.encrypt({ name: 'AES-CTR', counter: seq(16), length: 129 }, await key('AES-CTR', 16), data), async () => s.encrypt({ name: 'AES-CTR', counter: seq(16), length: 2 }, await key('AES-CTR', 16), data), async () => s.encrypt({ name: 'AES-CTR', counter: seq(12), length: 2 }, await key('AES-CTR', 16), data),
].map(fail));
return r;
