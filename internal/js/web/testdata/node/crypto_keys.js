// node:crypto: keys, signatures, RSA encryption, key agreement. The keys are made for this file.
const crypto = require('crypto'), c = crypto;
const log = [];
const t = f => log.push(outcome(f));
const k = {
	"rsa": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArwOUpCdTMynUeL2vikxo\n+M2uO7f6EZ1kYeHWcD7TWI6Vi98i/s1hFhJunMxGc8axszLUaccLPU7LkjhQ0bM7\nqD/iikxC9M0BvyQxtLCgNrAQuZLJ3Sq2NbjzUuc/HnZ3//ylDDf4UJyenb1Z+pzU\n3hC65cdhbDyrDr78iwtm69Hvmjh8q1WYrLk1hy0nKsh/0OaRQMjIuZ3y7Zd5ghQZ\nzs7lwlsp3XZJvsYiWh8a0gsKVru11qoPgqTY18oa/SXa5va5zX1PVW3yFuWKnZWa\nN++uKo47ac4cl8aJMYmBNu0slk4LGyVGOdRC/AW1Rn/UaXjJeREhgIYw5OjE64+g\n7wIDAQAB\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCvA5SkJ1MzKdR4\nva+KTGj4za47t/oRnWRh4dZwPtNYjpWL3yL+zWEWEm6czEZzxrGzMtRpxws9TsuS\nOFDRszuoP+KKTEL0zQG/JDG0sKA2sBC5ksndKrY1uPNS5z8ednf//KUMN/hQnJ6d\nvVn6nNTeELrlx2FsPKsOvvyLC2br0e+aOHyrVZisuTWHLScqyH/Q5pFAyMi5nfLt\nl3mCFBnOzuXCWynddkm+xiJaHxrSCwpWu7XWqg+CpNjXyhr9Jdrm9rnNfU9VbfIW\n5YqdlZo3764qjjtpzhyXxokxiYE27SyWTgsbJUY51EL8BbVGf9RpeMl5ESGAhjDk\n6MTrj6DvAgMBAAECggEAVE3EPyKWSFIBADxXH6ZY9miVYjzoH64SWbggxKbuxXzB\nesP8poKmHqy4TZ103nY6yRhWC7IOrvSSyReJjsnolc5YQMglhKhwC/PSYbinJFDB\nbbLQvFHDvbMeurObyv/EJDI+Ctm3KpWXLmK0wizjuSiT7vWQ70N2Hr9PBWdzp2oI\nNUfSuu3fZOvMiqz5LZxy1BCsnBv7o2STmzpr8ojprl7PDCrlrOd/DpV21UPqEkfP\n1b9NbW61PQj0sCeiiDldY08bv3922lIMHx+WyG4CDEaVa1yA7ePT1abK2L+JAHrq\n4iT6jZIv5CJO/GvkWd0L0pF05tUxJ3ZkBuPhlI5EKQKBgQDUO04JPu+NS2yZW1js\nhaSj0z23wEPhjE/XtyKQYsg9b90H+2KsBSF7833+jYNF3HDMQy2kexK3N9Lao4l9\nHrXog5xhrDD7oH+0qqWBo8hM4JAlfMrejh2KoHdpj4CZIyuLQY0FcdD2/Qk7vAOr\nlSXOuEAKBwqgJqOUur3U8xBBEwKBgQDTG2HJPLpL8HMkLNrOjXKtaln7YlTyeFaG\nD7f9Go22zG54Hscbki1P8khtqxhpPjai0A18kFcv+a2HLyYqvD3VwdAty4ZzdtbR\nIYSVQ+Gi291Xw67YExgJuBnJAYBl4BntthkjrWTnxPH9/dJM/C4peSkNfHgl49fL\n5LBMPfI4NQKBgEDvdEz36Ku+rBewD2Eu8tT9SSDzvtE/8R37dqPe1Y2WsHZEwEgJ\nudkHA0HjYor5i7mzxD9TOMK+XdFvwB18TAQ8YJix6rrSvMA2hjVIO3zqKLCPojK+\nIOPNfTvbIGm6jRQqlk9YJ6uqeCzCtgzFsa+ySEXJKcMej2ZuTK7fP9XpAoGAWIZQ\n+SwoCxQnlHHix171SdchKJNRf+QKlGkfBFoQNyl+4Yw2fk9MBQxaZvKqZ+eYzall\nHmkAxrNymw+gd6c8XtjJTYrdNKoO5t+hU16Fzd9Y8Ca0uRM4r0quNWYVy6Kv/Mix\nvg5GFBK4T4QSngnZ6bZPCsK5N1pV8cBSVYZcfkkCgYBA63rVFBGvAFdcGDPufdqG\ny5r81MkJhAve72u+HgdiWUAlWIhG5VV599NwpmiTySf2FH9C9dImjPRshK3umzgx\nHK3EjZCM8v77yYIMji+/RDH7kvVpg7z/pJbI5hfqDyR0aLglCq5eBo7DqqoDDPpe\nd5Mka0ehz8bk5Dd4WQJV9Q==\n-----END PRIVATE KEY-----\n"
	},
	"ec": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJ9JIwIQxnB5nO2nlguxDs5OnJzZG\nLBq07zajto0QmoLLq0IaYLeBOlPuNz8DSQbr+1/V0sdL6b+V0NaALRacRw==\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgONMcRBLradA4OyNO\nvuCyP7KJYePx5amVZg28e6P0av2hRANCAAQn0kjAhDGcHmc7aeWC7EOzk6cnNkYs\nGrTvNqO2jRCagsurQhpgt4E6U+43PwNJBuv7X9XSx0vpv5XQ1oAtFpxH\n-----END PRIVATE KEY-----\n"
	},
	"ec384": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEbNTluf/VdiQgi16E9hFuOBxwYUXAJPqD\nV7TQ5gEykipaOs/5nQ3eY9SVUyaXqkNALpaf/cM+QZDYOrTt4ifccapHYk6LPj3D\n4yXZ8pfZ1Lm+qtuMIEE72DAcvECw4ceP\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDA7zUnjqJG1zVqb6aCX\nDXlOcBT1wKsPhzf8npvKW88R754DlCBOIOZZOSlTU4mtMUWhZANiAARs1OW5/9V2\nJCCLXoT2EW44HHBhRcAk+oNXtNDmATKSKlo6z/mdDd5j1JVTJpeqQ0Aulp/9wz5B\nkNg6tO3iJ9xxqkdiTos+PcPjJdnyl9nUub6q24wgQTvYMBy8QLDhx48=\n-----END PRIVATE KEY-----\n"
	},
	"ed": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAdPXKMq8Lm9vYmeVdmQ90zIx7T1w5VXr+hFlVh7N8lM8=\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAtjJOkbv4N/c4tIS59CQ2bqxgEDae7vX4UYllgnyYnE\n-----END PRIVATE KEY-----\n"
	},
	"x": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAKUQtRI2rWcfhw2yKMlO+3KorlEpcEJlBMJmyxIx86Eg=\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIGAtCT8tCykf8fB9k+KZTJvglIcGjvTNt8f7iennKQlm\n-----END PRIVATE KEY-----\n"
	},
	"x2": {
		"publicKey": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAKKPzzfIHEsfhRhW6nhoXI8BBVWXhC/Pf82eNFUkN7Hw=\n-----END PUBLIC KEY-----\n",
		"privateKey": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIIjqUiIq3KBGGl9HZFs7KHpCJWD2DH+vxyXoXvitO/FN\n-----END PRIVATE KEY-----\n"
	},
	"encrypted": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIX5X4esliYZMCAggA\nMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBB1JCagCeTnuI81c2Q8PefSBIIE\n0FlRqprfN6eR8jay9kgm/2ZvvF14iLgx6pSep+c3QfJzg8SZgFchkPDZkJeoJm6h\nvZnU23PkXw3WfE45JuzjwYo5+RJyijl3XT4L8dqgO6a1QKPFwfoCTlabyGdWiON2\n0I6+B06mHrePbexax0tjzOiiJRCJOMKh9/T5z4y/wt0Yfx2lWr20cZ8TxhG+Wt28\n3VVJb2WqZk1L0FDs/sFQSu+LRFxlIojcnG1dFPdPNHZsnFaoNmTYhAISpYNpL/hR\nuJ9bGRQChsGymmZctFqVC774JCY23UXkocPpv0IKDudMjTprjVvIxu6vCXVMJvTY\nQqQTAxOqu+e/VBO/j4XLHNtAfi2zAzGaRjm9qVRC2G4zCrQwRiBhIPU/mXnj8IKm\no36oHJSC9skAMQYbS2+nieCxUdXFOSxrE3QajfNgpkeusqxc3vTEmOfdBEnEgZCl\nqQlRwUszg5dyrOlIVSdkY7vKVl0TE94qsxSPV+pgNDW9fF5VO8h0lWe9sTgcGvXL\nwkXX/kE5UxSYe4GXfqrpH+L7ClM6NTzZFFjqwUu7515OAoFRjub9+oHwsVKc6E13\n/Rc7p6XXv3D0b+5QC+1Uz8HlzJPeoWWpW8M63e7DbZZYr9f3SXtKwLgNu5XFqq6R\nvSnuaq/pgbTVndRw2NPD7luzvCCGGorbbblDoRW0A8TFddkwfQIkwgGx+bTzQJeq\nRRmMuGKdMajJd1rmqgmHq3vxLM5dKR+2HOS4Br+xgT56K6B386cJ/4brYK5SYTv9\naY1qo8a1otfs/U8NbXJK1XTIqy7nUi1p39B7OA6pAlk2jMR/yFLYog8asz5SijGe\n4KQEc3o/jNLxzUTE9NNRfvrpQxYIv31TxJPW9vxcX7CZp0z6+6P2T30QId47rzHE\nbBCicw7lHX2t5HMakhY5EyH+Gvohm+L9387MYe44Mi+83hOp6NOHXztlkwFdHuF4\nLns1qsVZwhe7VSmSb9Ylh/v7Ed3uf7/+bhgcIr3uHd45I/WG5wDWoiYLldqWhsna\ndjd0Wwvo2icbRaVsgVhGQIsj+4AjVlJwtnrinLpLKWy+f7gXtGsmnRJm/injNrgw\nTlkAz0VGA0DCwJ8vvtT8I1oqxSn8QpbhCENzMK0wLsCtomA9uKJv+tC2vOdHLBE2\n1Qiyo+dD6hw3W/FIrGFudtkZnLqmqLf1I3e2RH7OabHqdsQn/yiCVZsapR6RXkcm\nn3tukDRlRaaw7ffwH+NxOS1ofXTZM1e7D+2VdnSgCIRdsVTOkQq3N038f48fmBxe\nVQnz8c6FXSZLUrJO3zT5f7/DlMmN7UOqdy6n13jHGy94Wu4B7WQWql5iK3r+Vtuy\nUX6DFo7O+QdiRe+SD0FjKiMBWmC86k816KHzg8zaw1ELkeUABaoP3vuZ+xNX6W+i\nLl474hp3ymllSXN3hLRNjSMY439f6Uj4p+KCDWcJjfuYCdN8AUO0YGttKrW4uZfa\nrjzOeRKL0pXNhcoOHiBl+Xn4XJoOTRDREyul2taA7Odoz1SqQh+ZjmIV68zmrAHa\nfPaE2TM02Pdgpnoox5UUut+g2xE9/4nkbG/GiTX+EUtQwXQ1BzabQzIV525EXObM\nGilUWYNx1kfbXLKeTA5MxunwjcYueimn9BEccxAmaoO4\n-----END ENCRYPTED PRIVATE KEY-----\n",
	"sig": {
		"ec": "MEUCIQDYbY4v2H7VRZL3uavTfKRhaEq1tF1ApJUr+qwL1qORhQIgS78EOeGB1wcb+1vOx0AeU5EkFr0H0OnW3OItsGGvAlc=",
		"p1363": "WScaZLct+7AY5vOe0gYT7ZCAA0V5gV3PPOsIe0U2BwX9wT46ghLDVU3jJEocuCd8xwGbDQJTa8Dwam96YihrS0qYCFMs+2owctCI+NZqByTta6LDgp3EiRZqpo8S9UBB",
		"pss": "rjsf4OYKXKzHqlxzxtv0pxoD0cevO3BX7IexP2qurPnHjjYzJcQTe6xjBP5PvOu83TkSfbaayHXmSvHuc5uMIyqJscXlACl4rkW1DkdlK5w7DWmFyC2vprjtfmW4rP1HyM6L8gfa3k9gM/PHgEwwznUrqYMK85BYYQ15O96ay2HXvoSU9DaGvWmVZmo/4sJjzgTasdYQC/7ZOae66QMs1kTYUTwNT6lp3ESTdj7UHZnS5NZMUZBrIvXooySapGcq4094ZXsemz997OEdYL7nVtx04j4ahbf7722++6rquzWB7cixVxQWQo9Ng472am6fDIgF9XqL6VpE1n92qd/DJg==",
		"pss0": "TNjTSz8JlNyxZJNrkrfMpmpTa/P7mEhmppXESyDOA/3HPHiLo6gGST3ehrMd+Ph9u1D7JdCs+lALEY10ADddaAQR4nNnGRcadyYPaCLYibM2X08j1WwaWHx0iD0I3vh4yHAJqvgU9Uc5L8epV+H9Rvtv4HwFtw/7p0BtnakY1AA2P2i0MB9ks/Zz6VpJxskS8gpXyeTSljN7TX0ECBgCU3VxCrbJxB4Z0WA0lcKLMUY0CQMsG3aAJRE6pY8bxt5/L1w4IvDN1jeQHo1UcZF4IT4w00jt90ys8JGZ/SRQvGMZSPu31wPzNamvNMutm+UU5bK6u28vbnr9q784/HLsqg==",
		"pss32": "LxzF521HxOgPa3SjMwAbEuOjcZ8Z5vUDvie+MKZIJF7m0BKTQw4FpOVApXD1XEc2c+d91Yd0LFeEMoo/tIe587gU2c0loFWnlgE2xMRa5m1cqPzd69QfiprSotNVkGBE9zRmuzChf6111mll1/AEsvw19awmE+n/4qOyX0gmSvZY2bsL3fTE+4NP5VFJbihwN0t7bvHYePGtHk7/EzICymee1Tk5m68w5lP6JoTlcPt5StzONsvAs2n8gZPK1dEMHffOuzFfyNt0/Y93Cf3fSoIkZKLgc2yLc+cXJSo0ef2KdOcOSqFRN4pK6egO2vNlNe+X0D6OHYg+HalccWyOsQ=="
	},
	"enc": {
		"oaep": "WoTDj4YNgYuvB5RukBpk+RhuxrxaO/VBIYrfMJA1ckyD9sLJTtxFooXVs+V1F07JPPB4oAJvL6qXRoYBsrl250kZCdcEM75ZtzYBzNIoaUaXQoMMQ+ayEkOSUun+OwR0GiDrA+nn/0XqJwY8X/B7KhQfVLarJgwB7hCC+UFeNDhfMsIVnvyg5xmHKhIEb4IVv5zWcPMNf0wiiL/9+97HmabY6KI2NYwGFl0+KUKvTpgZIJQHbgArafj/oJjohaf2EdCAJLbQzs8qNUcBiuUpxE9vGVr0cgIU+X1CEoW+rTHrOtoaYSF0VwercT9bLFyyB5qm8+5sJd4Q3geBhLWPFw==",
		"oaep256": "UxZ+dDsOQNlqfCUlVUAW/AaS4jxk/e4efMqGLzEHGTZ9lM4tQUF3lTexm9myz5X8Bn+jOrIbVPb9ccALH/81BjygMjwTYYhuSZQ76tiwKouU8MsyvfUSBPjmgs5bBHRvemqheQKZHwXHip/alDmpTPIl55UfDZ4q0FJUvm5s12HfP5sj7c0yJB0WamRlE3r4FPDR+yBdPNYBlK7hkcH1vUjCdguPv0yGVkzstANWEsH2wmShHHJ/uxp2QDFQqxzcfnAPry6jWT5EzBbeLu3cviF2FDomWbNVVY9FrtA0nIqxJDhBbtUmwFrECF3pm19+w1D9ZkY5vJcPasS7i8f2ZA=="
	}
};
const data = Buffer.from('data'), keys = {};
for (const n of ['rsa', 'ec', 'ec384', 'ed', 'x', 'x2']) {
	const priv = crypto.createPrivateKey(k[n].privateKey), pub = crypto.createPublicKey(k[n].publicKey), derived = crypto.createPublicKey(priv);
	keys[n] = { priv, pub };
	const d = x => Object.entries(x).map(([a, b]) => [a, String(b)]);
	log.push([n, priv.type, pub.type, priv.asymmetricKeyType, d(priv.asymmetricKeyDetails), d(pub.asymmetricKeyDetails), pub.equals(derived), priv.equals(priv), priv.equals(pub), derived.export({ format: 'pem', type: 'spki' }) === k[n].publicKey]);
	log.push(priv.export({ format: 'pem', type: 'pkcs8' }) === k[n].privateKey, priv.export({ format: 'jwk' }), pub.export({ format: 'jwk' }), pub.export({ format: 'der', type: 'spki' }).toString('base64'));
	log.push(crypto.createPrivateKey({ key: priv.export({ format: 'jwk' }), format: 'jwk' }).equals(priv), crypto.createPublicKey({ key: pub.export({ format: 'jwk' }), format: 'jwk' }).equals(pub));
	log.push(crypto.createPrivateKey({ key: priv.export({ format: 'der', type: 'pkcs8' }), format: 'der', type: 'pkcs8' }).equals(priv), crypto.createPublicKey(k[n].privateKey).equals(pub));
	log.push(Object.prototype.toString.call(priv), priv instanceof crypto.KeyObject, priv.constructor.name, pub.constructor.name);
}
log.push(keys.rsa.priv.export({ format: 'pem', type: 'pkcs1' }), keys.rsa.pub.export({ format: 'pem', type: 'pkcs1' }), keys.ec.priv.export({ format: 'pem', type: 'sec1' }));
for (const [key, type] of [['rsa', 'pkcs1'], ['ec', 'sec1']]) log.push(crypto.createPrivateKey(keys[key].priv.export({ format: 'pem', type })).equals(keys[key].priv));
{
	const again = crypto.createPrivateKey({ key: k.encrypted, passphrase: 'secret' });
	log.push(again.equals(keys.rsa.priv));
	t(() => crypto.createPrivateKey({ key: k.encrypted, passphrase: 'wrong' }) && 'read');
	const own = keys.ec.priv.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'p' });
	log.push(own.split('\n')[0], crypto.createPrivateKey({ key: own, passphrase: Buffer.from('p') }).equals(keys.ec.priv));
}
log.push(crypto.sign('sha256', data, k.rsa.privateKey).toString('hex'), crypto.sign('RSA-SHA512', data, keys.rsa.priv).toString('hex'), crypto.createSign('SHA1').update('da').update('ta').sign(k.rsa.privateKey, 'base64'), crypto.sign(null, data, keys.ed.priv).toString('hex'), crypto.sign(undefined, data, keys.rsa.priv).toString('hex'));
log.push(crypto.sign('sha256', data, { key: k.rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 0 }).toString('hex'));
log.push(crypto.verify('sha256', data, k.ec.publicKey, Buffer.from(k.sig.ec, 'base64')), crypto.verify('sha256', data, keys.ec.priv, Buffer.from(k.sig.ec, 'base64')), crypto.verify('sha256', Buffer.from('other'), k.ec.publicKey, Buffer.from(k.sig.ec, 'base64')));
log.push(crypto.verify('sha384', data, { key: k.ec384.publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(k.sig.p1363, 'base64')), crypto.verify('sha384', data, k.ec384.publicKey, Buffer.from(k.sig.p1363, 'base64')));
for (const [sig, salts] of [['pss', [undefined, -2, -1]], ['pss0', [undefined, -2, -1, 0]], ['pss32', [undefined, -1, 32, 20]]]) for (const saltLength of salts)
	log.push([sig, saltLength, crypto.verify('sha256', data, { key: k.rsa.publicKey, padding: 6, ...(saltLength !== undefined && { saltLength }) }, Buffer.from(k.sig[sig], 'base64'))]);
for (const [n, alg, extra] of [['rsa', 'sha256', {}], ['rsa', 'sha384', { padding: 6 }], ['rsa', 'sha256', { padding: 6, saltLength: 11 }], ['rsa', 'md5', {}], ['rsa', 'sha3-256', {}], ['ec', 'sha512', {}], ['ec', 'sha256', { dsaEncoding: 'ieee-p1363' }], ['ec', null, {}], ['ed', null, {}]]) {
	const s = crypto.sign(alg, data, { key: k[n].privateKey, ...extra });
	log.push([n, alg, extra, s.length === 64 || s.length > 68, crypto.verify(alg, data, { key: keys[n].pub, ...extra }, s), crypto.verify(alg, Buffer.from('dato'), { key: keys[n].pub, ...extra }, s)]);
}
log.push(crypto.createVerify('sha256').update(data).verify(k.ec.publicKey, k.sig.ec, 'base64'), crypto.createVerify('sha256').update('x').verify(k.ec.publicKey, k.sig.ec, 'base64'));
log.push(await new Promise(r => crypto.sign('sha256', data, k.rsa.privateKey, (e, s) => crypto.verify('sha256', data, k.rsa.publicKey, s, (e2, ok) => r([e, e2, ok])))));
log.push(crypto.privateDecrypt(k.rsa.privateKey, Buffer.from(k.enc.oaep, 'base64')).toString(), crypto.privateDecrypt({ key: k.rsa.privateKey, oaepHash: 'sha256', oaepLabel: Buffer.from('l') }, Buffer.from(k.enc.oaep256, 'base64')).toString());
log.push(crypto.privateDecrypt(k.rsa.privateKey, crypto.publicEncrypt(k.rsa.publicKey, data)).toString(), crypto.publicDecrypt(k.rsa.publicKey, crypto.privateEncrypt(k.rsa.privateKey, data)).toString(), crypto.privateEncrypt(k.rsa.privateKey, data).toString('hex'));
log.push(crypto.diffieHellman({ privateKey: keys.x.priv, publicKey: keys.x2.pub }).toString('hex'), crypto.diffieHellman({ privateKey: keys.ec.priv, publicKey: keys.ec.pub }).toString('hex'));
{
	const s = crypto.createSecretKey('a secret', 'utf8');
	log.push(s.type, s.symmetricKeySize, s.export(), s.export({ format: 'jwk' }), s.equals(crypto.createSecretKey(Buffer.from('a secret'))), s.equals(crypto.createSecretKey(Buffer.from('b'))), s.constructor.name);
	log.push(crypto.createHmac('sha256', s).update('x').digest('hex'), crypto.generateKeySync('aes', { length: 256 }).symmetricKeySize, crypto.generateKeySync('hmac', { length: 100 }).symmetricKeySize);
	const web = await crypto.subtle.importKey('raw', Buffer.from('0123456789abcdef'), 'AES-CBC', true, ['encrypt']);
	log.push(crypto.KeyObject.from(web).export(), crypto.createHmac('sha1', web).update('').digest('hex'));
}
for (const [type, options] of [['rsa', { modulusLength: 1024 }], ['ec', { namedCurve: 'secp521r1' }], ['ed25519'], ['x25519']]) {
	const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
	log.push([publicKey.type, privateKey.type, privateKey.asymmetricKeyType, crypto.createPublicKey(privateKey).equals(publicKey)]);
	log.push(await new Promise(r => crypto.generateKeyPair(type, { ...options, publicKeyEncoding: { format: 'pem', type: 'spki' }, privateKeyEncoding: { format: 'der', type: 'pkcs8' } }, (e, pub, priv) => r([e, pub.split('\n')[0], Buffer.isBuffer(priv)]))));
}
log.push(Object.keys(await require('util').promisify(crypto.generateKeyPair)('ed25519')).sort());
const { publicKey, privateKey } = keys.ec ? { publicKey: keys.ec.pub, privateKey: keys.ec.priv } : {};
t(()=>c.createPrivateKey('x'));t(()=>c.createPublicKey('x'));log.push(c.createSecretKey('').symmetricKeySize);t(()=>c.createPrivateKey(5));t(()=>c.createPrivateKey({key:Buffer.from('aa'),format:'der'}));t(()=>c.createPublicKey({key:{kty:'x'},format:'jwk'}));
t(()=>privateKey.export());t(()=>privateKey.export({format:'pem'}));t(()=>privateKey.export({format:'pem',type:'spki'}));t(()=>publicKey.export({format:'pem',type:'pkcs1'}));t(()=>c.createPublicKey(publicKey));t(()=>c.createPrivateKey(publicKey));t(()=>c.createSign('nope'));t(()=>c.createSign('sha256').update('a').sign(publicKey));t(()=>c.sign('sha256',Buffer.from('a'),publicKey));t(()=>c.sign('nope',Buffer.from('a'),privateKey));t(()=>c.verify('sha256',Buffer.from('a'),privateKey,Buffer.alloc(3)));t(()=>c.generateKeyPairSync('nope'));t(()=>c.generateKeyPairSync('rsa'));t(()=>c.generateKeyPairSync('ec',{namedCurve:'nope'}));t(()=>new c.KeyObject('secret',1));
t(()=>c.createSign('sha256').sign());
t(() => crypto.sign('sha256', data, keys.ed.priv) && 'signed'); t(() => crypto.verify('sha256', data, k.rsa.publicKey)); t(() => crypto.sign('sha256', 5, k.rsa.privateKey)); t(() => crypto.diffieHellman({ privateKey: keys.x.priv, publicKey: keys.ec.pub }) && 'agreed');
return log;
