import crypto, { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'

export const GET = () =>
  Response.json({
    hash: ['md5', 'sha1', 'sha256', 'sha512'].map((n) => createHash(n).update('abc').digest('hex')),
    parts: createHash('sha256').update('a').update(Buffer.from('bc')).digest('base64'),
    hmac: createHmac('sha256', 'key').update('abc').digest('hex'),
    random: [randomBytes(8).length, /^[0-9a-f-]{36}$/.test(randomUUID())],
    equal: [timingSafeEqual(Buffer.from('a'), Buffer.from('a')), timingSafeEqual(Buffer.from('a'), Buffer.from('b'))],
    web: typeof crypto.webcrypto.subtle.digest,
  })
