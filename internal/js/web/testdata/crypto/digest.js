const r = {};
const s = crypto.subtle;
const hex = b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, '0')).join('');
const text = t => new Uint8Array([...t].map(c => c.charCodeAt(0)));
const fail = async f => { try { await f(); return 'ok'; } catch (e) { return e.name + ' ' + (typeof e.code === 'number' ? e.code : ''); } };
for (const alg of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'sha-256', { name: 'Sha-512', extra: 1 }]) r[JSON.stringify(alg)] = [hex(await s.digest(alg, text(''))), hex(await s.digest(alg, text('abc')))];
const big = new Uint8Array(200000).fill(97);
r.big = hex(await s.digest('SHA-256', big));
r.sources = [hex(await s.digest('SHA-1', big.buffer)), hex(await s.digest('SHA-1', new DataView(big.buffer, 5, 10))), hex(await s.digest('SHA-1', new Uint16Array(big.buffer, 4, 3)))];
// The data is copied when the call is made.
const changing = text('abc'); const p = s.digest('SHA-256', changing); changing.fill(0); r.copied = hex(await p);
const many = new Uint8Array(100000); const p2 = s.digest('SHA-256', many); many.fill(9); r.copiedLarge = hex(await p2) === hex(await s.digest('SHA-256', new Uint8Array(100000)));
r.type = (await s.digest('SHA-1', big)) instanceof ArrayBuffer;
r.promise = s.digest('SHA-1', big) instanceof Promise;
r.errors = await Promise.all([() => s.digest('MD5', big), () => s.digest({}, big), () => s.digest(undefined, big), () => s.digest('SHA-1'), () => s.digest('SHA-1', 'text'), () => s.digest('SHA-1', [1]), () => s.digest.call({}, 'SHA-1', big), () => s.digest('', big), () => s.digest(null, big), () => s.digest('HMAC', big)].map(fail));
return r;
