// What there is of Node.js. Written by portico; portico dev writes it again.

declare namespace NodeJS {
  interface ProcessEnv {
    readonly NODE_ENV: 'development' | 'production' | 'test'
    [name: string]: string | undefined
  }

  interface Process {
    readonly env: ProcessEnv
    readonly argv: string[]
    readonly pid: number
    readonly platform: string
    readonly arch: string
    readonly version: string
    readonly versions: Record<string, string>
    cwd(): string
    uptime(): number
    nextTick(callback: (...args: any[]) => void, ...args: any[]): void
    memoryUsage(): { rss: number; heapTotal: number; heapUsed: number; external: number; arrayBuffers: number }
    hrtime: { (time?: [number, number]): [number, number]; bigint(): bigint }
    emitWarning(warning: string | Error, type?: string, code?: string): void
    on(event: string, listener: (...args: any[]) => void): this
    once(event: string, listener: (...args: any[]) => void): this
    off(event: string, listener: (...args: any[]) => void): this
  }
}

declare var process: NodeJS.Process
declare var global: typeof globalThis

declare function setImmediate<Args extends any[]>(callback: (...args: Args) => void, ...args: Args): object
declare function clearImmediate(immediate: object | undefined): void

type BufferEncoding =
  | 'ascii' | 'utf8' | 'utf-8' | 'utf16le' | 'utf-16le' | 'ucs2' | 'ucs-2' | 'base64' | 'base64url' | 'latin1' | 'binary' | 'hex'

interface Buffer extends Uint8Array<ArrayBuffer> {
  toString(encoding?: BufferEncoding, start?: number, end?: number): string
  toJSON(): { type: 'Buffer'; data: number[] }
  write(text: string, offset?: number, length?: number, encoding?: BufferEncoding): number
  equals(other: Uint8Array): boolean
  compare(other: Uint8Array): -1 | 0 | 1
  copy(target: Uint8Array, targetStart?: number, start?: number, end?: number): number
  slice(start?: number, end?: number): Buffer
  subarray(start?: number, end?: number): Buffer
  readUInt8(offset?: number): number
  readUInt16BE(offset?: number): number
  readUInt16LE(offset?: number): number
  readUInt32BE(offset?: number): number
  readUInt32LE(offset?: number): number
  readInt32BE(offset?: number): number
  readInt32LE(offset?: number): number
  writeUInt8(value: number, offset?: number): number
  writeUInt16BE(value: number, offset?: number): number
  writeUInt16LE(value: number, offset?: number): number
  writeUInt32BE(value: number, offset?: number): number
  writeUInt32LE(value: number, offset?: number): number
}

interface BufferConstructor {
  from(text: string, encoding?: BufferEncoding): Buffer
  from(data: ArrayLike<number> | ArrayBufferLike): Buffer
  from(data: ArrayBufferLike, offset?: number, length?: number): Buffer
  alloc(size: number, fill?: string | number | Uint8Array, encoding?: BufferEncoding): Buffer
  allocUnsafe(size: number): Buffer
  concat(list: readonly Uint8Array[], length?: number): Buffer
  byteLength(data: string | ArrayBufferLike | ArrayBufferView, encoding?: BufferEncoding): number
  compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1
  isBuffer(value: unknown): value is Buffer
  isEncoding(encoding: string): encoding is BufferEncoding
}

declare var Buffer: BufferConstructor

declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    static bind<F extends (...args: any[]) => any>(fn: F): F
    static snapshot(): <R, Args extends any[]>(fn: (...args: Args) => R, ...args: Args) => R
    run<R, Args extends any[]>(store: T, callback: (...args: Args) => R, ...args: Args): R
    exit<R, Args extends any[]>(callback: (...args: Args) => R, ...args: Args): R
    getStore(): T | undefined
    enterWith(store: T): void
    disable(): void
  }
  export class AsyncResource {
    constructor(type: string, options?: object)
    static bind<F extends (...args: any[]) => any>(fn: F, type?: string): F
    runInAsyncScope<R, Args extends any[]>(fn: (...args: Args) => R, self?: unknown, ...args: Args): R
  }
}

declare module 'node:crypto' {
  type Data = string | ArrayBufferView | ArrayBufferLike
  interface Hash {
    update(data: Data, encoding?: BufferEncoding): this
    digest(): Buffer
    digest(encoding: BufferEncoding): string
  }
  export function createHash(algorithm: string): Hash
  export function createHmac(algorithm: string, key: any): Hash
  export function randomBytes(size: number): Buffer
  export function randomInt(max: number): number
  export function randomInt(min: number, max: number): number
  export function randomUUID(): string
  export function timingSafeEqual(a: ArrayBufferView, b: ArrayBufferView): boolean
  export function scryptSync(password: Data, salt: Data, length: number, options?: object): Buffer
  export function pbkdf2Sync(password: Data, salt: Data, iterations: number, length: number, digest: string): Buffer
  export function createCipheriv(algorithm: string, key: any, iv: any, options?: object): any
  export function createDecipheriv(algorithm: string, key: any, iv: any, options?: object): any
  export function createSign(algorithm: string): any
  export function createVerify(algorithm: string): any
  export function createPrivateKey(key: any): any
  export function createPublicKey(key: any): any
  export function createSecretKey(key: any, encoding?: BufferEncoding): any
  export function sign(algorithm: string | null | undefined, data: any, key: any): Buffer
  export function verify(algorithm: string | null | undefined, data: any, key: any, signature: any): boolean
  export const webcrypto: Crypto
  export const subtle: SubtleCrypto
  const crypto: any
  export default crypto
}

declare module 'node:path' {
  export function join(...parts: string[]): string
  export function resolve(...parts: string[]): string
  export function normalize(path: string): string
  export function relative(from: string, to: string): string
  export function dirname(path: string): string
  export function basename(path: string, suffix?: string): string
  export function extname(path: string): string
  export function isAbsolute(path: string): boolean
  export function parse(path: string): { root: string; dir: string; base: string; ext: string; name: string }
  export function format(path: { root?: string; dir?: string; base?: string; ext?: string; name?: string }): string
  export const sep: string
  export const delimiter: string
  const path: any
  export default path
}

declare module 'node:timers/promises' {
  export function setTimeout<T = void>(delay?: number, value?: T, options?: { signal?: AbortSignal; ref?: boolean }): Promise<T>
  export function setImmediate<T = void>(value?: T, options?: { signal?: AbortSignal; ref?: boolean }): Promise<T>
  export function setInterval<T = void>(delay?: number, value?: T, options?: { signal?: AbortSignal; ref?: boolean }): AsyncIterable<T>
}

declare module 'node:buffer' {
  export const Buffer: BufferConstructor
  export type Buffer = globalThis.Buffer
}

declare module 'node:process' {
  const process: NodeJS.Process
  export default process
}

declare module 'async_hooks' { export * from 'node:async_hooks' }
declare module 'crypto' { export * from 'node:crypto'; export { default } from 'node:crypto' }
declare module 'path' { export * from 'node:path'; export { default } from 'node:path' }
declare module 'timers/promises' { export * from 'node:timers/promises' }
declare module 'buffer' { export * from 'node:buffer' }
declare module 'process' { export { default } from 'node:process' }

// There, and without types of their own: npm i -D @types/node has them.
declare module 'node:assert'
declare module 'node:assert/strict'
declare module 'node:events'
declare module 'node:os'
declare module 'node:path/posix'
declare module 'node:path/win32'
declare module 'node:querystring'
declare module 'node:stream/web'
declare module 'node:string_decoder'
declare module 'node:timers'
declare module 'node:url'
declare module 'node:util'
declare module 'assert'
declare module 'assert/strict'
declare module 'events'
declare module 'os'
declare module 'path/posix'
declare module 'path/win32'
declare module 'querystring'
declare module 'stream/web'
declare module 'string_decoder'
declare module 'timers'
declare module 'url'
declare module 'util'
