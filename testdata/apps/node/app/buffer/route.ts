import { Buffer as NodeBuffer } from 'node:buffer'

export const GET = () =>
  Response.json({
    same: NodeBuffer === Buffer,
    from: [Buffer.from('h\u00e9').toString('hex'), Buffer.from('aGk=', 'base64').toString(), Buffer.from('68c3a9', 'hex').toString('utf8'), [...Buffer.from([1, 256, -1])], Buffer.from('\u00e9', 'latin1').length],
    to: [Buffer.from('a?>b').toString('base64'), Buffer.from('a?>b').toString('base64url'), Buffer.from([0xe9]).toString('latin1'), Buffer.from([0xff]).toString()],
    concat: Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(),
    length: [Buffer.byteLength('\u00e9'), Buffer.alloc(3).length, Buffer.alloc(2, 'x').toString()],
    is: [Buffer.isBuffer(Buffer.alloc(2)), Buffer.isBuffer(new Uint8Array(1)), Buffer.from('x') instanceof Uint8Array],
    compare: [Buffer.from('a').equals(Buffer.from('a')), Buffer.compare(Buffer.from('a'), Buffer.from('b'))],
    slice: [Buffer.from('hello').subarray(1, 3).toString(), Buffer.from('hello').slice(-2).toString()],
    search: [Buffer.from('hello').indexOf('l'), Buffer.from('hello').includes('ell')],
    json: JSON.stringify(Buffer.from('a')),
    numbers: (() => {
      const b = Buffer.alloc(8)
      b.writeUInt32BE(0x01020304, 0)
      b.writeInt16LE(-2, 4)
      return [b.toString('hex'), b.readUInt32BE(0), b.readInt16LE(4)]
    })(),
  })
