// An error of the parameters rejects in the turn of the call, one of the
// operation does not: that is made in parallel.
const turn = async (algorithm, usages) => {
	let later = false;
	const p = crypto.subtle.generateKey(algorithm, true, usages).then(() => 'made', e => (later ? 'later ' : 'at once ') + e.name);
	Promise.resolve().then(() => { later = true });
	return p;
};
return Promise.all([
	turn('AES', []), turn({}, []), turn({ name: 'HMAC', hash: 'MD5' }, ['sign']),
	turn({ name: 'AES-GCM', length: 128 }, ['sign']), turn({ name: 'AES-GCM', length: 128 }, ['encrypt', 'sign']), turn({ name: 'AES-GCM', length: 128 }, []),
	turn({ name: 'HMAC', hash: 'SHA-256' }, ['encrypt']), turn({ name: 'HMAC', hash: 'SHA-256' }, []),
	turn('Ed25519', ['encrypt']), turn('Ed25519', []), turn({ name: 'ECDSA', namedCurve: 'P-256' }, ['encrypt']), turn({ name: 'ECDH', namedCurve: 'P-256' }, []),
	turn({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, ['encrypt']),
]);
