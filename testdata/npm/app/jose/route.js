import * as jose from 'jose'

const secret = new TextEncoder().encode('a secret of thirty-two bytes.....')
const fixed = { iat: 1700000000, exp: 4102444800, sub: 'me' }
const outcome = (p) => p.then((r) => r.payload ?? r, (e) => [e.name, e.code, e.message])

export async function GET() {
  const hs = await new jose.SignJWT(fixed).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(secret)
  const out = { hs, verified: await outcome(jose.jwtVerify(hs, secret)), wrong: await outcome(jose.jwtVerify(hs, new Uint8Array(32))), audience: await outcome(jose.jwtVerify(hs, secret, { audience: 'x' })) }
  for (const alg of ['RS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true })
    const token = await new jose.SignJWT(fixed).setProtectedHeader({ alg }).sign(privateKey)
    const jwks = jose.createLocalJWKSet({ keys: [{ ...(await jose.exportJWK(publicKey)), alg, kid: alg }] })
    const again = await jose.importPKCS8(await jose.exportPKCS8(privateKey), alg)
    out[alg] = [await outcome(jose.jwtVerify(token, publicKey)), await outcome(jose.jwtVerify(token, jwks)), again.type, (await jose.exportSPKI(publicKey)).split('\n')[0], Object.keys(await jose.exportJWK(privateKey)).sort().join()]
  }
  for (const [alg, enc] of [['dir', 'A256GCM'], ['dir', 'A128CBC-HS256'], ['A256KW', 'A256GCM'], ['PBES2-HS256+A128KW', 'A128GCM']]) {
    const key = alg === 'dir' ? secret.slice(0, 32) : alg === 'A256KW' ? secret.slice(0, 32) : secret
    const jwe = await new jose.EncryptJWT(fixed).setProtectedHeader({ alg, enc }).encrypt(key)
    out[alg + enc] = await outcome(jose.jwtDecrypt(jwe, key, { keyManagementAlgorithms: [alg] }))
  }
  out.thumbprint = await jose.calculateJwkThumbprint({ kty: 'oct', k: 'AQID' })
  return Response.json(out)
}
