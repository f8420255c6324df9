// node:crypto: ciphers.
const crypto = require('crypto'), c = crypto;
const log = [];
const t = f => log.push(outcome(f));
const text = Buffer.from('a text of more than two blocks, which is forty-nine bytes long');
for (const name of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'aes-128-ctr', 'aes-256-ctr', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm', 'aes-128-ecb', 'chacha20-poly1305', 'AES256', 'id-aes256-GCM']) {
	const info = crypto.getCipherInfo(name), key = Buffer.alloc(info.keyLength, 'k'), iv = info.ivLength ? Buffer.alloc(info.ivLength, 'iv') : null;
	for (const size of [0, 1, 15, 16, 17, 32, 49]) {
		const enc = crypto.createCipheriv(name, key, iv, { authTagLength: 16 });
		const auth = /gcm|poly/i.test(name);
		if (auth && size > 15) enc.setAAD(Buffer.from('extra'));
		const parts = [enc.update(text.subarray(0, 7 < size ? 7 : size)), enc.update(text.subarray(7 < size ? 7 : size, size)), enc.final()];
		const tag = auth ? enc.getAuthTag() : null;
		log.push([name, size, parts.map(x => x.toString('hex')), tag && tag.toString('hex')]);
		const dec = crypto.createDecipheriv(name, key, iv, { authTagLength: 16 });
		if (auth) { dec.setAuthTag(tag); if (size > 15) dec.setAAD(Buffer.from('extra')) }
		log.push([parts.map(x => dec.update(x, undefined, 'latin1')), dec.final('latin1')]);
	}
	log.push(info);
}
for (const n of [1, 8, 13, 16, 20, 40]) for (const fill of ['i', '\xff']) {
	const enc = crypto.createCipheriv('aes-128-gcm', Buffer.alloc(16, 'k'), Buffer.alloc(n, fill, 'latin1'));
	log.push([n, enc.update(text, null, 'base64') + enc.final('base64'), enc.getAuthTag()]);
}
for (const n of [4, 8, 12, 13, 15]) {
	const enc = crypto.createCipheriv('aes-128-gcm', Buffer.alloc(16, 'k'), Buffer.alloc(12), { authTagLength: n });
	const b = Buffer.concat([enc.update('text'), enc.final()]), dec = crypto.createDecipheriv('aes-128-gcm', Buffer.alloc(16, 'k'), Buffer.alloc(12), { authTagLength: n });
	dec.setAuthTag(enc.getAuthTag());
	log.push([enc.getAuthTag().length, dec.update(b, null, 'utf8') + dec.final('utf8')]);
}
{
	const enc = crypto.createCipheriv('aes-256-cbc', 'k'.repeat(32), 'i'.repeat(16));
	log.push(enc.update('é€', 'utf8', 'hex') + enc.update('more', 'latin1', 'hex') + enc.final('hex'), enc instanceof crypto.Cipheriv);
	const raw = crypto.createCipheriv('aes-128-cbc', 'k'.repeat(16), 'i'.repeat(16)); raw.setAutoPadding(false);
	const b = Buffer.concat([raw.update(Buffer.alloc(32, 'x')), raw.final()]), back = crypto.createDecipheriv('aes-128-cbc', 'k'.repeat(16), 'i'.repeat(16)).setAutoPadding(false);
	log.push(b.length, back.update(b).toString(), back.final().length);
}
t(()=>c.createCipheriv('nope',Buffer.alloc(16),Buffer.alloc(16)));t(()=>c.createCipheriv('aes-128-cbc',Buffer.alloc(15),Buffer.alloc(16)));t(()=>c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(15)));t(()=>c.createCipheriv('aes-128-cbc',Buffer.alloc(16),null));t(()=>c.createCipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(0)));t(()=>c.createCipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12),{authTagLength:3}));
t(()=>{const d=c.createDecipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12));d.update('00','hex');d.final()});
t(()=>{const d=c.createDecipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12));d.setAuthTag(Buffer.alloc(16));d.update('00','hex');d.final()});
t(()=>{const d=c.createDecipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12));d.setAuthTag(Buffer.alloc(3))});
t(()=>{const d=c.createDecipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12));d.setAuthTag(Buffer.alloc(16));d.setAuthTag(Buffer.alloc(16))});
t(()=>{const d=c.createCipheriv('aes-128-gcm',Buffer.alloc(16),Buffer.alloc(12));d.getAuthTag()});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.getAuthTag()});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.setAAD(Buffer.alloc(1))});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.final();d.final()});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.final();d.update('a')});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.setAutoPadding(false);d.update('a');d.final()});
t(()=>{const d=c.createDecipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.update(Buffer.alloc(16));d.final()});
t(()=>{const d=c.createDecipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.update(Buffer.alloc(15));d.final()});
t(()=>{const d=c.createDecipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));d.final()});
t(()=>{const d=c.createCipheriv('aes-128-cbc',Buffer.alloc(16),Buffer.alloc(16));try{d.update('a','utf8','hex');d.final('base64')}catch(e){return e.code}});
t(()=>{const d=c.createCipheriv('aes-128-cbc','abc',Buffer.alloc(16))});
t(()=>{const d=c.createCipheriv('aes-128-cbc',5,Buffer.alloc(16))});
t(() => crypto.getCipherInfo('nope')); t(() => crypto.getCipherInfo({})); log.push(crypto.getCipherInfo('aes-128-cbc', { keyLength: 5 }), crypto.getCipherInfo(419), crypto.getCipherInfo('aes-128-gcm', { ivLength: 5 }));
t(() => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)).update(5)); t(() => crypto.createCipheriv(5)); t(() => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16)));
log.push(crypto.getCiphers().includes('aes-256-gcm'));
return log;
