import { rejection, tell, thrownBy } from '@/lib/tell'

const hex = (b: ArrayBuffer | Uint8Array) => [...new Uint8Array(b as ArrayBuffer)].map((v) => v.toString(16).padStart(2, '0')).join('')
const bytes = (text: string) => new TextEncoder().encode(text)

const cases: Record<string, () => unknown> = {
  encoder: () => [[...bytes('h\u00e9\u4f60\ud83d\ude00')], [...bytes('\ud800x')], new TextEncoder().encoding, new TextEncoder().encodeInto('\u00e9\u00e9', new Uint8Array(3)), [...(new TextEncoder() as any).encode()]],
  decoder: () => [
    new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length, new TextDecoder().decode(new Uint8Array([0xff, 0x61, 0xe4, 0xbd])),
    thrownBy(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff]))), new TextDecoder('latin1').encoding, new TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0x60, 0x4f])), thrownBy(() => new TextDecoder('nope')), new TextDecoder().decode(),
  ],
  'decoder-latin1': () => new TextDecoder('iso-8859-1').decode(new Uint8Array([0xe9, 0x41])),
  'decoder-stream': () => {
    const d = new TextDecoder()
    return [d.decode(new Uint8Array([0xe4, 0xbd]), { stream: true }), d.decode(new Uint8Array([0xa0]), { stream: true }), d.decode(new Uint8Array([0xc3]), { stream: true }), d.decode()]
  },
  base64: () => [btoa('h\u00e9'), atob('aGk='), atob(' aG k '), atob('aGk'), thrownBy(() => btoa('\u4f60')), thrownBy(() => atob('a')), thrownBy(() => atob('*'))],
  abort: () => {
    const c = new AbortController()
    const log: any[] = []
    c.signal.addEventListener('abort', (e) => log.push(e.type, e.target === c.signal))
    c.signal.onabort = () => log.push('onabort')
    const before = [c.signal.aborted, c.signal.reason ?? 'undefined']
    c.abort()
    c.abort('again')
    return [before, c.signal.aborted, c.signal.reason.name, c.signal.reason.message, c.signal.reason.code, c.signal.reason instanceof DOMException, log, thrownBy(() => c.signal.throwIfAborted())]
  },
  'abort-static': async () => {
    const t = AbortSignal.timeout(5)
    const any = AbortSignal.any([t, new AbortController().signal])
    await new Promise((r) => any.addEventListener('abort', r))
    return [AbortSignal.abort().aborted, AbortSignal.abort('x').reason, t.reason.name, any.aborted, any.reason === t.reason, thrownBy(() => new (AbortSignal as any)()).split(':')[0]]
  },
  events: () => {
    const t = new EventTarget()
    const log: any[] = []
    const f = (e: Event) => log.push(e.type)
    t.addEventListener('x', f)
    t.addEventListener('x', f)
    t.addEventListener('x', { handleEvent: (e) => log.push('object') } as any, { once: true })
    const e = new Event('x', { cancelable: true })
    t.addEventListener('x', (e) => e.preventDefault())
    const first = t.dispatchEvent(e)
    t.removeEventListener('x', f)
    t.dispatchEvent(new Event('x'))
    return [log, first, e.defaultPrevented, new CustomEvent('c', { detail: 5 }).detail]
  },
  'dom-exception': () => {
    const e = new DOMException('m', 'NotFoundError')
    return [e.name, e.message, e.code, e instanceof Error, String(e), Object.prototype.toString.call(e), typeof e.stack, DOMException.ABORT_ERR]
  },
  clone: () => {
    const shared = { n: 1 }
    const c = structuredClone({ d: new Date(5), m: new Map([[1, { a: 2 }]]), s: new Set([1]), r: /x/gi, b: new Uint8Array([1, 2]), u: undefined, n: NaN, big: 5n, e: new RangeError('r'), a: shared, b2: shared, z: -0 })
    return [c.d instanceof Date, c.d.getTime(), c.m.get(1), [...c.s], String(c.r), [...c.b], 'u' in c, String(c.n), String(c.big), c.e.name, c.e.message, c.a === c.b2, Object.is(c.z, -0)]
  },
  'clone-cycle': () => {
    const a: any = { x: 1 }
    a.self = a
    const c = structuredClone(a)
    return [c.self === c, c !== a]
  },
  'clone-bad': () => [thrownBy(() => structuredClone(() => 1)).split(':')[0], thrownBy(() => structuredClone(Symbol('s'))), structuredClone(new (class A { x = 1 })()).constructor === Object],
  'clone-transfer': () => {
    const b = new ArrayBuffer(4)
    const c = structuredClone(b, { transfer: [b] })
    return [b.byteLength, c.byteLength]
  },
  timers: async () => {
    const log: any[] = []
    setTimeout((...a: any[]) => log.push(a), 1, 'x', 'y')
    const cleared = setTimeout(() => log.push('never'), 1)
    clearTimeout(cleared)
    let n = 0
    await new Promise<void>((resolve) => {
      const i = setInterval(() => {
        if (++n === 3) {
          clearInterval(i)
          resolve()
        }
      }, 1)
    })
    return [log, n, typeof setTimeout(() => {}, 0), clearTimeout(undefined) === undefined]
  },
  'task-order': async () => {
    const log: string[] = []
    setTimeout(() => log.push('timeout'), 0)
    queueMicrotask(() => log.push('micro'))
    Promise.resolve().then(() => log.push('promise')).then(() => log.push('promise 2'))
    log.push('sync')
    await null
    log.push('after await')
    await new Promise((r) => setTimeout(r, 5))
    return log
  },
  'timer-order': async () => {
    const log: number[] = []
    await new Promise<void>((resolve) => {
      setTimeout(() => log.push(3), 30)
      setTimeout(() => log.push(1), 1)
      setTimeout(() => log.push(2), 15)
      setTimeout(resolve, 60)
    })
    return log
  },
  'random-uuid': () => [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomUUID() !== crypto.randomUUID()],
  'random-values': () => {
    const a = new Uint8Array(16)
    return [crypto.getRandomValues(a) === a, a.some((v) => v !== 0), thrownBy(() => crypto.getRandomValues(new Float32Array(1) as any)).split(':')[0], thrownBy(() => crypto.getRandomValues(new Uint8Array(65537))).split(':')[0]]
  },
  digest: async () => Promise.all(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'].map(async (n) => hex(await crypto.subtle.digest(n, bytes('abc'))))),
  'digest-bad': async () => [await rejection(() => crypto.subtle.digest('MD5', bytes('a'))), hex(await crypto.subtle.digest({ name: 'sha-256' }, new ArrayBuffer(0)))],
  hmac: async () => {
    const key = await crypto.subtle.importKey('raw', bytes('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
    const signature = await crypto.subtle.sign('HMAC', key, bytes('message'))
    return [hex(signature), await crypto.subtle.verify('HMAC', key, signature, bytes('message')), await crypto.subtle.verify('HMAC', key, signature, bytes('other')), key.type, key.extractable, key.algorithm, key.usages]
  },
  'hmac-generate': async () => {
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-512' }, true, ['sign'])
    const raw = await crypto.subtle.exportKey('raw', key as CryptoKey)
    return [raw.byteLength, (await crypto.subtle.exportKey('jwk', key as CryptoKey)).alg]
  },
  'aes-gcm': async () => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(16).fill(1), 'AES-GCM', true, ['encrypt', 'decrypt'])
    const iv = new Uint8Array(12).fill(2)
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytes('extra') }, key, bytes('secret'))
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: bytes('extra') }, key, sealed)
    return [hex(sealed), new TextDecoder().decode(opened), await rejection(() => crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed)).then((t) => t.split(':')[0])]
  },
  'crypto-refused': async () => {
    const key = await crypto.subtle.importKey('raw', bytes('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    const refused = await rejection(() => crypto.subtle.exportKey('raw', key))
    return [(await rejection(() => crypto.subtle.sign('HMAC', key, bytes('x')))).split(':')[0], refused !== 'nothing']
  },
  performance: () => [typeof performance.now(), performance.now() <= performance.now(), typeof performance.timeOrigin],
  globals: () => [
    'fetch', 'Request', 'Response', 'Headers', 'URL', 'URLSearchParams', 'FormData', 'File', 'Blob', 'ReadableStream', 'WritableStream', 'TransformStream', 'TextEncoder', 'TextDecoder', 'TextEncoderStream', 'TextDecoderStream',
    'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'CustomEvent', 'DOMException', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'console', 'performance', 'crypto',
    'Buffer', 'process', 'global', 'globalThis', 'WeakRef', 'window', 'document',
  ].map((n) => `${n} ${typeof (globalThis as any)[n]}`),
  'globals-more': () =>
    ['CompressionStream', 'MessageChannel', 'BroadcastChannel', 'WebAssembly', 'Intl', 'Atomics', 'SharedArrayBuffer', 'FinalizationRegistry', 'CryptoKey', 'SubtleCrypto', 'PerformanceEntry'].map((n) => `${n} ${typeof (globalThis as any)[n]}`),
  console: () => ['log', 'info', 'warn', 'error', 'debug', 'trace', 'table', 'dir', 'time', 'timeEnd', 'group', 'groupEnd', 'assert', 'count'].every((n) => typeof (console as any)[n] === 'function'),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
