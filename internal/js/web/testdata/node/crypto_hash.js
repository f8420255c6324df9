// node:crypto: digests, MACs, randomness and derivations.
const crypto = require('crypto');
const log = [];
const t = f => log.push(outcome(f));
for (const name of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'sha3-512', 'ripemd160', 'rmd160', 'blake2b512', 'blake2s256', 'shake128', 'shake256', 'SHA256', 'RSA-SHA256', 'sha256WithRSAEncryption', 'SHA-1'])
	log.push([name, crypto.createHash(name).update('a').update(Buffer.from('bc')).digest('hex')]);
for (const enc of ['hex', 'base64', 'base64url', 'latin1', undefined, 'buffer']) log.push(crypto.createHash('md5').update('é', 'latin1').digest(enc));
log.push(crypto.createHash('shake256', { outputLength: 70 }).update('x').digest('hex'), crypto.createHash('shake128', { outputLength: 0 }).digest('hex'), crypto.createHash('sha256', { outputLength: 32 }).digest('hex'));
{
	const h = crypto.createHash('sha256').update('one'), k = h.copy();
	log.push(h.update('two').digest('hex'), k.update('three').digest('hex'));
	for (const name of ['md5', 'sha1', 'sha512', 'sha3-256', 'shake128', 'blake2b512']) log.push(crypto.createHash(name).update('ab').copy().update('c').digest('base64'));
}
for (const name of ['md5', 'sha1', 'sha256', 'sha512', 'sha3-384']) log.push(crypto.createHmac(name, 'key').update('data').digest('hex'), crypto.createHmac(name, Buffer.alloc(200, 'k')).update(new Uint8Array([1, 2, 3])).digest('base64'));
{
	const h = crypto.createHmac('sha256', new Uint8Array([1]).buffer).update('abcd', 'hex');
	log.push(h.digest('hex'), h.digest('hex'), h.digest());
}
t(() => crypto.createHash('nope')); t(() => crypto.createHash()); t(() => crypto.createHmac('nope', 'k')); t(() => crypto.createHmac('sha1')); t(() => crypto.createHmac('sha1', 5));
t(() => { const h = crypto.createHash('md5'); h.digest(); h.digest() }); t(() => { const h = crypto.createHash('md5'); h.digest(); h.update('a') }); t(() => crypto.createHash('md5').update(5)); t(() => crypto.createHash('md5').update());
t(() => { const h = crypto.createHmac('md5', 'a'); h.digest(); h.update('a') }); t(() => crypto.createHash('sha256', { outputLength: 5 })); t(() => { const h = crypto.createHash('md5'); h.digest(); h.copy() });
log.push(crypto.createHash('md5') instanceof crypto.Hash, crypto.createHmac('md5', '') instanceof crypto.Hmac, crypto.Hash('md5').update('').digest('hex'));

log.push(crypto.randomBytes(0).length, crypto.randomBytes(20).length, Buffer.isBuffer(crypto.randomBytes(1)), await new Promise(r => crypto.randomBytes(5, (e, b) => r([e, b.length]))));
t(() => crypto.randomBytes(-1)); t(() => crypto.randomBytes('a')); t(() => crypto.randomBytes(1.5).length); t(() => crypto.randomBytes(1, 5));
for (let i = 0, seen = new Set(); i < 200; i++) { seen.add(crypto.randomInt(3, 6)); if (i === 199) log.push([...seen].sort()) }
log.push(await new Promise(r => crypto.randomInt(1, (e, n) => r([e === null || e === undefined, n]))), crypto.randomInt(-2, -1));
t(() => crypto.randomInt(5, 1)); t(() => crypto.randomInt(0)); t(() => crypto.randomInt(1.5)); t(() => crypto.randomInt(0, 2 ** 49)); t(() => crypto.randomInt('a'));
log.push(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomUUID({ disableEntropyCache: true }).length);
t(() => crypto.randomUUID(5)); t(() => crypto.randomUUID({ disableEntropyCache: 5 }));
{
	const b = Buffer.alloc(64), same = crypto.randomFillSync(b, 8, 8) === b;
	log.push(same, b.subarray(0, 8).every(x => x === 0), b.subarray(8, 16).some(x => x !== 0), b.subarray(16).every(x => x === 0));
	const w = new Uint16Array(8); crypto.randomFillSync(w, 4); log.push(w.subarray(0, 4).every(x => x === 0), w.subarray(4).some(x => x !== 0));
	log.push(await new Promise(r => crypto.randomFill(Buffer.alloc(32), (e, x) => r([e, x.some(y => y !== 0)]))), crypto.randomFillSync(new ArrayBuffer(4)).byteLength);
}
t(() => crypto.randomFillSync(5)); t(() => crypto.randomFillSync(Buffer.alloc(5), 9)); t(() => crypto.randomFillSync(Buffer.alloc(5), 2, 9)); t(() => crypto.randomFillSync(Buffer.alloc(5), 'a')); t(() => crypto.randomFill(Buffer.alloc(5)));
log.push(crypto.timingSafeEqual(Buffer.from('ab'), new Uint8Array([97, 98])), crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ac')), crypto.timingSafeEqual(new ArrayBuffer(2), new Uint16Array(1)));
t(() => crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab'))); t(() => crypto.timingSafeEqual('a', 'b')); t(() => crypto.timingSafeEqual(Buffer.from('a'), 'b'));

log.push(crypto.pbkdf2Sync('password', 'salt', 1000, 40, 'sha512').toString('hex'), crypto.pbkdf2Sync(Buffer.from('p'), new Uint8Array(8), 1, 7, 'SHA1'), crypto.pbkdf2Sync('a', 'b', 1, 0, 'sha1').length);
log.push(await new Promise(r => crypto.pbkdf2('password', 'salt', 10, 20, 'sha256', (e, b) => r([e, b.toString('hex')]))));
t(() => crypto.pbkdf2Sync('a', 'b', 1, 10, 'nope')); t(() => crypto.pbkdf2Sync('a', 'b', 0, 10, 'sha1')); t(() => crypto.pbkdf2Sync('a', 'b', 1, -1, 'sha1')); t(() => crypto.pbkdf2Sync('a', 'b', 1, 10)); t(() => crypto.pbkdf2('a', 'b', 1, 10, 'sha1'));
t(() => crypto.pbkdf2Sync(5, 'b', 1, 10, 'sha1')); t(() => crypto.pbkdf2Sync('a', null, 1, 10, 'sha1')); t(() => crypto.pbkdf2Sync('a', 'b', '1', 10, 'sha1')); t(() => crypto.pbkdf2Sync('a', 'b', 1.5, 10, 'sha1'));
log.push(crypto.scryptSync('password', 'salt', 32).toString('hex'), crypto.scryptSync('password', 'salt', 16, { N: 32, r: 4, p: 2 }).toString('hex'), crypto.scryptSync('password', 'salt', 16, { cost: 64, blockSize: 1, parallelization: 3 }).toString('hex'));
log.push(await new Promise(r => crypto.scrypt('password', 'salt', 10, (e, b) => r([e, b.toString('hex')]))), await new Promise(r => crypto.scrypt('password', 'salt', 10, { N: 16 }, (e, b) => r([e, b.toString('hex')]))));
t(() => crypto.scryptSync('a', 'b', 10, { N: 3 })); t(() => crypto.scryptSync('a', 'b', 10, { N: 2 ** 20 })); t(() => crypto.scryptSync('a', 'b')); t(() => crypto.scryptSync('a', 'b', 10, { N: 16, cost: 16 })); t(() => crypto.scrypt('a', 'b', 10));
log.push(Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 50)).toString('hex'), crypto.hkdfSync('sha512', Buffer.alloc(64), '', '', 64) instanceof ArrayBuffer, await new Promise(r => crypto.hkdf('sha1', 'key', 'salt', 'info', 12, (e, b) => r([e, b instanceof ArrayBuffer, Buffer.from(b).toString('hex')]))));
t(() => crypto.hkdfSync('nope', 'a', 'b', 'c', 10)); t(() => crypto.hkdfSync('sha1', 'a', 'b', 'c', 10000)); t(() => crypto.hkdfSync('sha1', 'a', 'b', 'c', 'x')); t(() => crypto.hkdf('sha1', 'a', 'b', 'c', 1));
log.push(await require('util').promisify(crypto.randomBytes)(3).then(b => b.length), (await require('util').promisify(crypto.scrypt)('a', 'b', 8)).toString('hex'));
log.push(crypto.webcrypto === globalThis.crypto, crypto.subtle === globalThis.crypto.subtle, crypto.getRandomValues(new Uint8Array(4)).length, crypto.constants.RSA_PKCS1_PSS_PADDING, crypto.getHashes().includes('sha256'), require('node:crypto') === crypto);
return log;
