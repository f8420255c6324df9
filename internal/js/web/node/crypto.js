// node:crypto. What computes is in Go; here are the arguments and the classes.
(function (host, require) {
  'use strict';

  const { argType, error, range, received, inspect } = host;
  const native = host.crypto;
  const { Buffer } = require('buffer');

  const MAX = 0x7fffffff;
  const SOURCES = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
  const isView = ArrayBuffer.isView;
  const isBytes = (v) => isView(v) || v instanceof ArrayBuffer;
  const badValue = (name, value, reason = 'is invalid') => error('TypeError', 'ERR_INVALID_ARG_VALUE',
    `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${inspect(value)}`);

  const string = (v, name) => {
    if (typeof v !== 'string') throw argType(name, 'of type string', v);
    return v;
  };
  const callable = (v, name = 'callback') => {
    if (typeof v !== 'function') throw argType(name, 'of type function', v);
    return v;
  };
  const object = (v, name) => {
    if (v === null || typeof v !== 'object') throw argType(name, 'of type object', v);
    return v;
  };
  function integer(v, name, min = 0, max = MAX) {
    if (typeof v !== 'number') throw argType(name, 'of type number', v);
    if (!Number.isInteger(v)) throw range(name, 'an integer', v);
    if (v < min || v > max) throw range(name, `>= ${min} && <= ${max}`, v);
    return v;
  }
  // source takes a string by its encoding, or bytes as they are.
  function source(v, name, encoding, want = `of type string or ${SOURCES}`) {
    if (typeof v === 'string') return Buffer.from(v, encoding === 'buffer' ? 'utf8' : encoding);
    if (!isBytes(v)) throw argType(name, want, v);
    return v;
  }
  const buffer = (b) => Buffer.from(b);
  // out gives bytes as text where an encoding is asked for.
  const out = (b, encoding) => (encoding && encoding !== 'buffer' ? buffer(b).toString(Buffer.isEncoding(encoding) ? encoding : 'utf8') : buffer(b));
  // later passes what a promise comes to on to a callback, outside of the promise.
  function later(promise, callback) {
    promise.then((v) => process.nextTick(callback, null, v), (e) => process.nextTick(callback, e));
  }

  // The secret of a key, or bytes.
  const keyed = (v, name, encoding) => {
    if (v instanceof KeyObject) {
      if (v.type !== 'secret') throw error('TypeError', 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${v.type}, expected secret.`);
      return v.export();
    }
    if (v instanceof CryptoKey) return keyed(KeyObject.from(v), name);
    return source(v, name, encoding, `of type string or ${SOURCES.replace('or DataView', 'DataView, KeyObject, or CryptoKey')}`);
  };

  // --- digests -------------------------------------------------------------

  const finalized = () => error('Error', 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
  const piece = (data, encoding) => source(data, 'data', encoding, 'of type string or an instance of Buffer, TypedArray, or DataView');

  function Hash(algorithm, options) {
    if (!new.target) return new Hash(algorithm, options);
    if (!(algorithm instanceof Handle)) string(algorithm, 'algorithm');
    const length = options?.outputLength;
    if (length !== undefined) integer(length, 'options.outputLength', 0, 0xffffffff);
    const handle = algorithm instanceof Handle ? algorithm.handle : native.hash(algorithm, length);
    if (handle === null) throw new Error('Digest method not supported');
    states.set(this, { handle, done: false });
  }
  class Handle { constructor(handle) { this.handle = handle; } }
  const states = new WeakMap();
  const stateOf = (v, name) => states.get(v) ?? (() => { throw error('TypeError', 'ERR_INVALID_THIS', `Value of "this" must be of type ${name}`); })();
  Object.assign(Hash.prototype, {
    update(data, encoding) {
      const s = stateOf(this, 'Hash');
      if (s.done) throw finalized();
      native.update(s.handle, piece(data, encoding));
      return this;
    },
    digest(encoding) {
      const s = stateOf(this, 'Hash');
      if (s.done) throw finalized();
      s.done = true;
      return out(native.digest(s.handle), encoding);
    },
    copy(options) {
      const s = stateOf(this, 'Hash');
      if (s.done) throw finalized();
      const handle = native.copy(s.handle);
      if (handle === null) throw new Error('Digest method not supported');
      return new Hash(new Handle(handle), options);
    },
  });

  function Hmac(hmac, key, options) {
    if (!new.target) return new Hmac(hmac, key, options);
    string(hmac, 'hmac');
    const bytes = keyed(key, 'key', options?.encoding);
    const handle = native.hmac(hmac, bytes);
    if (handle === null) throw error('TypeError', 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${hmac}`);
    states.set(this, { handle, done: false });
  }
  Object.assign(Hmac.prototype, {
    update: Hash.prototype.update,
    digest(encoding) {
      const s = stateOf(this, 'Hmac');
      if (s.done) return out(new ArrayBuffer(0), encoding);
      s.done = true;
      return out(native.digest(s.handle), encoding);
    },
  });

  // --- randomness ----------------------------------------------------------

  function randomBytes(size, callback) {
    if (typeof size !== 'number') throw argType('size', 'of type number', size);
    if (!(size >= 0 && size <= MAX)) throw range('size', `>= 0 && <= ${MAX}`, size);
    if (callback !== undefined) callable(callback);
    const b = Buffer.from(native.random(new Uint8Array(size)).buffer);
    if (callback === undefined) return b;
    process.nextTick(callback, null, b);
  }

  function region(buf, offset, size) {
    const elements = buf.BYTES_PER_ELEMENT ?? 1, length = buf.byteLength;
    let from = 0;
    if (offset !== undefined) {
      if (typeof offset !== 'number') throw argType('offset', 'of type number', offset);
      from = offset * elements;
      if (Number.isNaN(from) || from > length || from < 0) throw range('offset', `>= 0 && <= ${length}`, from);
    }
    let n = length - from;
    if (size !== undefined) {
      if (typeof size !== 'number') throw argType('size', 'of type number', size);
      n = size * elements;
      if (Number.isNaN(n) || n > MAX || n < 0) throw range('size', `>= 0 && <= ${MAX}`, n);
      if (n + from > length) throw range('size + offset', `<= ${length}`, n + from);
    }
    return isView(buf) ? new Uint8Array(buf.buffer, buf.byteOffset + from, n) : new Uint8Array(buf, from, n);
  }
  function randomFillSync(buf, offset, size) {
    if (!isBytes(buf)) throw argType('buf', 'an instance of ArrayBuffer or ArrayBufferView', buf);
    native.random(region(buf, offset, size));
    return buf;
  }
  function randomFill(buf, offset, size, callback) {
    if (!isBytes(buf)) throw argType('buf', 'an instance of ArrayBuffer or ArrayBufferView', buf);
    if (typeof offset === 'function') [callback, offset, size] = [offset, undefined, undefined];
    else if (typeof size === 'function') [callback, size] = [size, undefined];
    callable(callback);
    randomFillSync(buf, offset, size);
    process.nextTick(callback, null, buf);
  }

  const RANGE = 2 ** 48 - 1;
  function randomInt(min, max, callback) {
    if (max === undefined || typeof max === 'function') [callback, max, min] = [max, min, 0];
    if (callback !== undefined) callable(callback);
    for (const [v, name] of [[min, 'min'], [max, 'max']]) {
      if (!Number.isSafeInteger(v)) throw argType(name, 'a safe integer', v);
    }
    if (max <= min) throw range('max', `greater than the value of "min" (${min})`, max);
    const span = max - min;
    if (span > RANGE) throw range('max - min', `<= ${RANGE}`, span);
    // What is above the last multiple of the span would favour small numbers.
    const limit = RANGE + 1 - ((RANGE + 1) % span);
    const bytes = new Uint8Array(6), view = new DataView(bytes.buffer);
    let x;
    do {
      native.random(bytes);
      x = view.getUint16(0) * 2 ** 32 + view.getUint32(2);
    } while (x >= limit);
    const n = (x % span) + min;
    if (callback === undefined) return n;
    process.nextTick(callback, undefined, n);
  }

  function randomUUID(options) {
    if (options !== undefined) {
      object(options, 'options');
      const c = options.disableEntropyCache;
      if (c !== undefined && typeof c !== 'boolean') throw argType('options.disableEntropyCache', 'of type boolean', c);
    }
    return globalThis.crypto.randomUUID();
  }

  function timingSafeEqual(a, b) {
    for (const [v, name] of [[a, 'buf1'], [b, 'buf2']]) {
      if (!isBytes(v)) throw error('TypeError', 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be ${SOURCES}.`);
    }
    if (a.byteLength !== b.byteLength) throw error('RangeError', 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
    return native.equal(a, b);
  }

  // --- derivation ----------------------------------------------------------

  function pbkdf2Args(password, salt, iterations, keylen, digest) {
    string(digest, 'digest');
    return [source(password, 'password'), source(salt, 'salt'), integer(iterations, 'iterations', 1), integer(keylen, 'keylen'), digest];
  }
  function pbkdf2(password, salt, iterations, keylen, digest, callback) {
    if (typeof digest === 'function') [callback, digest] = [digest, undefined];
    const args = pbkdf2Args(password, salt, iterations, keylen, digest);
    callable(callback);
    later(native.pbkdf2(...args, true).then(buffer), callback);
  }
  const pbkdf2Sync = (password, salt, iterations, keylen, digest) => buffer(native.pbkdf2(...pbkdf2Args(password, salt, iterations, keylen, digest), false));

  function scryptArgs(password, salt, keylen, options) {
    const args = [source(password, 'password'), source(salt, 'salt'), integer(keylen, 'keylen')];
    const set = { N: 16384, r: 8, p: 1, maxmem: 32 << 20 };
    for (const [short, long] of [['N', 'cost'], ['r', 'blockSize'], ['p', 'parallelization']]) {
      const has = options?.[short] !== undefined;
      if (has) set[short] = integer(options[short], short, 0, 0xffffffff);
      if (options?.[long] !== undefined) {
        if (has) throw error('Error', 'ERR_CRYPTO_SCRYPT_INVALID_PARAMETER', 'Invalid scrypt parameter');
        set[short] = integer(options[long], long, 0, 0xffffffff);
      }
    }
    if (options?.maxmem !== undefined) set.maxmem = integer(options.maxmem, 'maxmem', 0, Number.MAX_SAFE_INTEGER);
    // As in Node, none of them turned off.
    return [...args, set.N || 16384, set.r || 8, set.p || 1, set.maxmem || 32 << 20];
  }
  function scrypt(password, salt, keylen, options, callback) {
    if (callback === undefined) [callback, options] = [options, undefined];
    const args = scryptArgs(password, salt, keylen, options);
    callable(callback);
    later(native.scrypt(...args, true).then(buffer), callback);
  }
  const scryptSync = (password, salt, keylen, options) => buffer(native.scrypt(...scryptArgs(password, salt, keylen, options), false));

  function hkdfArgs(digest, ikm, salt, info, length) {
    string(digest, 'digest');
    const key = ikm instanceof KeyObject || ikm instanceof CryptoKey ? keyed(ikm, 'ikm')
      : source(ikm, 'ikm', undefined, `of type string or an instance of SecretKeyObject, ArrayBuffer, TypedArray, DataView, or Buffer`);
    const args = [key, source(salt, 'salt'), source(info, 'info')];
    integer(length, 'length');
    if (args[2].byteLength > 1024) throw range('info', 'must not contain more than 1024 bytes', args[2].byteLength);
    return [digest, ...args, length];
  }
  function hkdf(digest, ikm, salt, info, length, callback) {
    const args = hkdfArgs(digest, ikm, salt, info, length);
    callable(callback);
    later(native.hkdf(...args, true), callback);
  }
  const hkdfSync = (digest, ikm, salt, info, length) => native.hkdf(...hkdfArgs(digest, ikm, salt, info, length), false);

  // --- ciphers ---------------------------------------------------------------

  function cipherClass(name, encrypt) {
    function Class(cipher, key, iv, options) {
      if (!new.target) return new Class(cipher, key, iv, options);
      string(cipher, 'cipher');
      const bytes = keyed(key, 'key', options?.encoding);
      const vector = iv === null ? null : source(iv, 'iv');
      let tag = options?.authTagLength;
      if (tag === undefined || tag === null) tag = 0;
      else if (!Number.isInteger(tag) || tag < 0 || tag > MAX) throw badValue('options.authTagLength', tag);
      states.set(this, { handle: native.cipher(cipher, encrypt, bytes, vector, tag), decoder: null });
    }
    // pass writes what came out: bytes, or text that may end in half a character.
    const pass = (s, b, encoding, last) => {
      if (!encoding || encoding === 'buffer') return buffer(b);
      const { StringDecoder } = require('string_decoder');
      s.decoder ??= new StringDecoder(encoding);
      if (s.decoder.encoding !== new StringDecoder(encoding).encoding) throw error('Error', 'ERR_INTERNAL_ASSERTION', 'Cannot change encoding');
      return s.decoder.write(buffer(b)) + (last ? s.decoder.end() : '');
    };
    Object.assign(Class.prototype, {
      update(data, inputEncoding, outputEncoding) {
        const s = stateOf(this, name);
        return pass(s, native.cipherUpdate(s.handle, source(data, 'data', inputEncoding, 'of type string or an instance of Buffer, TypedArray, or DataView')), outputEncoding, false);
      },
      final(outputEncoding) {
        const s = stateOf(this, name);
        return pass(s, native.cipherFinal(s.handle), outputEncoding, true);
      },
      setAutoPadding(on = true) {
        native.cipherPadding(stateOf(this, name).handle, on);
        return this;
      },
      setAAD(data, options) {
        native.cipherExtra(stateOf(this, name).handle, source(data, 'buffer', options?.encoding));
        return this;
      },
    });
    if (encrypt) Class.prototype.getAuthTag = function getAuthTag() { return buffer(native.cipherTag(stateOf(this, name).handle)); };
    else Class.prototype.setAuthTag = function setAuthTag(tag, encoding) {
      native.cipherSetTag(stateOf(this, name).handle, source(tag, 'buffer', encoding));
      return this;
    };
    return Object.defineProperty(Class, 'name', { value: name });
  }
  const Cipheriv = cipherClass('Cipheriv', true), Decipheriv = cipherClass('Decipheriv', false);

  function getCipherInfo(nameOrNid, options) {
    if (typeof nameOrNid !== 'string' && typeof nameOrNid !== 'number') throw argType('nameOrNid', 'one of type string or number', nameOrNid);
    const wanted = typeof nameOrNid === 'string' ? nameOrNid : native.ciphers.find((n) => native.cipherInfo(n)[2] === nameOrNid);
    const info = wanted === undefined ? null : native.cipherInfo(wanted);
    if (info === null) return undefined;
    const [name, mode, nid, keyLength, iv, authenticated] = info;
    const { keyLength: key, ivLength = iv } = options ?? {};
    if ((key !== undefined && key !== keyLength) || (ivLength !== iv && !(authenticated && ivLength > 0))) return undefined;
    const blockSize = mode === 'cbc' || mode === 'ecb' ? 16 : mode === 'stream' ? undefined : 1;
    return { mode, name: name.startsWith('aes') && mode === 'gcm' ? `id-aes${keyLength * 8}-gcm` : name, nid, ...(blockSize && { blockSize }), ...(iv && { ivLength }), keyLength };
  }

  // --- keys ------------------------------------------------------------------

  let handleOf, typeOf;
  class KeyObject {
    #handle;
    #type;
    constructor(type, handle) {
      if (type !== 'secret' && type !== 'public' && type !== 'private') throw badValue('type', type);
      if (!(handle instanceof Handle)) throw argType('handle', 'of type object', handle);
      this.#handle = handle.handle;
      this.#type = type;
    }
    static {
      handleOf = (k) => k.#handle;
      typeOf = (k) => k.#type;
    }
    static from(key) {
      if (!(key instanceof CryptoKey)) throw argType('key', 'an instance of CryptoKey', key);
      return wrap(native.keyOf(key));
    }
    get type() { return this.#type; }
    equals(other) {
      if (!(other instanceof KeyObject)) throw argType('otherKeyObject', 'an instance of KeyObject', other);
      return native.keyEquals(this.#handle, other.#handle);
    }
    get [Symbol.toStringTag]() { return 'KeyObject'; }
  }

  class SecretKeyObject extends KeyObject {
    get symmetricKeySize() { return native.keyInfo(handleOf(this))[2] / 8; }
    export(options) {
      if (options !== undefined) {
        object(options, 'options');
        if (options.format !== undefined && options.format !== 'buffer' && options.format !== 'jwk') {
          throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The property 'options.format' must be one of: undefined, 'buffer', 'jwk'. Received ${inspect(options.format)}`);
        }
        if (options.format === 'jwk') return native.keyJWK(handleOf(this));
      }
      return buffer(native.keyExport(handleOf(this)));
    }
  }

  class AsymmetricKeyObject extends KeyObject {
    get asymmetricKeyType() { return native.keyInfo(handleOf(this))[1]; }
    get asymmetricKeyDetails() {
      const [, kind, bits, exponent, curve] = native.keyInfo(handleOf(this));
      return kind === 'rsa' ? { modulusLength: bits, publicExponent: BigInt(exponent) } : kind === 'ec' ? { namedCurve: curve } : {};
    }
    export(options) {
      object(options, 'options');
      return exported(this, options);
    }
  }
  class PublicKeyObject extends AsymmetricKeyObject {}
  class PrivateKeyObject extends AsymmetricKeyObject {}
  Object.defineProperty(AsymmetricKeyObject, 'name', { value: 'AsymmetricKeyObject' });

  function wrap(handle) {
    const [type] = native.keyInfo(handle);
    return new { secret: SecretKeyObject, public: PublicKeyObject, private: PrivateKeyObject }[type](type, new Handle(handle));
  }

  const sizes = { 128: 16, 192: 24, 256: 32 };
  function exported(key, { format, type, cipher, passphrase }, prefix = 'options') {
    const isPublic = typeOf(key) === 'public';
    if (format === 'jwk') {
      if (passphrase !== undefined) throw error('Error', 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', 'The selected key encoding jwk does not support encryption.');
      return native.keyJWK(handleOf(key));
    }
    if (format !== 'pem' && format !== 'der') throw badValue(`${prefix}.format`, format);
    const kinds = isPublic ? ['pkcs1', 'spki'] : ['pkcs1', 'pkcs8', 'sec1'];
    if (!kinds.includes(type)) throw badValue(`${prefix}.type`, type);
    let size = 0;
    if (!isPublic && (cipher !== undefined && cipher !== null || passphrase !== undefined)) {
      if (typeof cipher !== 'string') throw badValue(`${prefix}.cipher`, cipher);
      const bits = /^aes-?(128|192|256)(-cbc)?$/i.exec(cipher);
      if (bits === null) throw error('Error', 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
      if (type !== 'pkcs8') throw error('Error', 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', `The selected key encoding ${type} does not support encryption.`);
      size = sizes[bits[1]];
      passphrase = source(passphrase, `${prefix}.passphrase`);
    }
    const written = native.keyExport(handleOf(key), format, type, size, passphrase ?? undefined);
    return format === 'pem' ? written : buffer(written);
  }

  const KEYS = `of type string or ${SOURCES}`;

  // asymmetric takes a key in any of the forms that the functions take one in.
  function asymmetric(input, wantPrivate) {
    if (input instanceof CryptoKey) input = KeyObject.from(input);
    if (input instanceof KeyObject) return ready(input, wantPrivate);
    if (typeof input === 'string' || isBytes(input)) return read(input, 'pem', undefined, undefined, undefined, wantPrivate);
    if (input === null || typeof input !== 'object') throw argType('key', KEYS, input);
    const { key, format = 'pem', type, passphrase, encoding } = input;
    if (key instanceof CryptoKey) return ready(KeyObject.from(key), wantPrivate);
    if (key instanceof KeyObject) return ready(key, wantPrivate);
    if (format === 'jwk') {
      object(key, 'key.key');
      if (!['RSA', 'EC', 'OKP'].includes(key.kty)) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The property 'key.kty' must be one of: 'RSA', 'EC', 'OKP'. Received ${inspect(key.kty)}`);
      const members = { __proto__: null };
      const names = key.kty === 'RSA' ? ['n', 'e'] : key.kty === 'EC' ? ['crv', 'x', 'y'] : ['crv', 'x'];
      const secrets = key.kty === 'RSA' ? ['d', 'p', 'q', 'dp', 'dq', 'qi'] : ['d'];
      for (const n of ['kty', ...names, ...(wantPrivate ? secrets : [])]) members[n] = string(key[n], `key.${n}`);
      return native.keyReadJWK(wantPrivate, members);
    }
    if (typeof key !== 'string' && !isBytes(key)) throw argType('key.key', KEYS.replace('or DataView', 'DataView'), key);
    if (format !== 'pem' && format !== 'der') throw badValue('options.format', format);
    if (format === 'der' && !['pkcs1', 'pkcs8', 'sec1', 'spki'].includes(type)) throw badValue('options.type', type);
    return read(key, format, type, passphrase, encoding, wantPrivate);
  }
  function ready(key, wantPrivate) {
    if (wantPrivate ? typeOf(key) !== 'private' : typeOf(key) === 'secret') {
      throw error('TypeError', 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${typeOf(key)}, expected ${wantPrivate ? 'private' : 'private or public'}.`);
    }
    return handleOf(key);
  }
  const read = (key, format, type, passphrase, encoding, wantPrivate) => native.keyRead(wantPrivate, format, type ?? '', source(key, 'key', encoding), passphrase === undefined ? undefined : source(passphrase, 'key.passphrase', encoding));

  function createPrivateKey(input) {
    if (input instanceof KeyObject) throw argType('key', KEYS, input);
    return wrap(asymmetric(input, true));
  }
  function createPublicKey(input) {
    const key = input instanceof KeyObject ? input : input?.key;
    if (key instanceof KeyObject && typeOf(key) !== 'private') throw error('TypeError', 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${typeOf(key)}, expected private.`);
    return wrap(native.keyPublic(asymmetric(input, false)));
  }
  const createSecretKey = (key, encoding) => wrap(native.keySecret(source(key, 'key', encoding)));

  function generation(kind, options) {
    string(kind, 'type');
    let bits = 0, curve = '';
    switch (kind) {
      case 'rsa': {
        object(options, 'options');
        bits = integer(options.modulusLength, 'options.modulusLength', 0, 0xffffffff);
        const { publicExponent = 65537 } = options;
        if (publicExponent !== 65537) throw badValue('options.publicExponent', publicExponent, 'must be 65537 here');
        break;
      }
      case 'ec':
        object(options, 'options');
        curve = string(options.namedCurve, 'options.namedCurve');
        break;
      case 'ed25519': case 'x25519':
        break;
      default:
        throw badValue('type', kind, 'must be a supported key type');
    }
    const { publicKeyEncoding: pub, privateKeyEncoding: priv } = options ?? {};
    if (pub !== undefined) object(pub, 'options.publicKeyEncoding');
    if (priv !== undefined) object(priv, 'options.privateKeyEncoding');
    const finish = (handle) => {
      const privateKey = wrap(handle), publicKey = wrap(native.keyPublic(handle));
      return {
        publicKey: pub === undefined ? publicKey : exported(publicKey, pub, 'options.publicKeyEncoding'),
        privateKey: priv === undefined ? privateKey : exported(privateKey, priv, 'options.privateKeyEncoding'),
      };
    };
    return [kind, bits, curve, finish];
  }
  function generateKeyPairSync(type, options) {
    const [kind, bits, curve, finish] = generation(type, options);
    return finish(native.keyGenerate(kind, bits, curve, false));
  }
  function generateKeyPair(type, options, callback) {
    if (typeof options === 'function') [callback, options] = [options, undefined];
    callable(callback);
    const [kind, bits, curve, finish] = generation(type, options);
    native.keyGenerate(kind, bits, curve, true).then(finish).then(
      ({ publicKey, privateKey }) => process.nextTick(callback, null, publicKey, privateKey), (e) => process.nextTick(callback, e));
  }
  Object.defineProperty(generateKeyPair, Symbol.for('nodejs.util.promisify.custom'), {
    value: (type, options) => new Promise((resolve, reject) => generateKeyPair(type, options, (e, publicKey, privateKey) => (e ? reject(e) : resolve({ publicKey, privateKey })))),
  });
  function secretLength(type, options) {
    string(type, 'type');
    object(options, 'options');
    if (type === 'hmac') return integer(options.length, 'options.length', 8, MAX) >> 3;
    if (type !== 'aes') throw badValue('type', type, 'must be a supported key type');
    if (![128, 192, 256].includes(options.length)) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The property 'options.length' must be one of: 128, 192, 256. Received ${inspect(options.length)}`);
    return options.length / 8;
  }
  const generateKeySync = (type, options) => createSecretKey(native.random(new Uint8Array(secretLength(type, options))));
  function generateKey(type, options, callback) {
    const n = secretLength(type, options);
    process.nextTick(callable(callback), null, createSecretKey(native.random(new Uint8Array(n))));
  }

  // --- signatures ------------------------------------------------------------

  // signing is what the options beside a key say: padding, length of the salt, form.
  function signing(key, verifies) {
    const { padding = 1, saltLength = -2, dsaEncoding = 'der' } = key !== null && typeof key === 'object' && !isBytes(key) && !(key instanceof KeyObject) ? key : {};
    if (!Number.isInteger(padding)) throw badValue('options.padding', padding);
    if (!Number.isInteger(saltLength)) throw badValue('options.saltLength', saltLength);
    if (dsaEncoding !== 'der' && dsaEncoding !== 'ieee-p1363') throw badValue('options.dsaEncoding', dsaEncoding);
    return [padding, saltLength, dsaEncoding !== 'der'];
  }
  const digestName = (algorithm) => (algorithm === null || algorithm === undefined ? null : string(algorithm, 'algorithm'));

  function sign(algorithm, data, key, callback) {
    const name = digestName(algorithm);
    if (callback !== undefined) callable(callback);
    const bytes = source(data, 'data');
    if (!key) throw error('Error', 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
    const result = native.sign(asymmetric(key, true), bytes, name, ...signing(key), callback !== undefined);
    if (callback === undefined) return buffer(result);
    later(result.then(buffer), callback);
  }
  function verify(algorithm, data, key, signature, callback) {
    const name = digestName(algorithm);
    if (callback !== undefined) callable(callback);
    const bytes = source(data, 'data');
    if (!isBytes(signature)) throw argType('signature', 'an instance of Buffer, TypedArray, or DataView', signature);
    const result = native.verify(asymmetric(key, false), bytes, name, ...signing(key), callback !== undefined, signature);
    if (callback === undefined) return result;
    later(result, callback);
  }

  function signer(name, last) {
    function Class(algorithm, options) {
      if (!new.target) return new Class(algorithm, options);
      string(algorithm, 'algorithm');
      if (native.hash(algorithm, undefined) === null) throw error('TypeError', 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
      states.set(this, { algorithm, pieces: [] });
    }
    Object.assign(Class.prototype, {
      update(data, encoding) {
        stateOf(this, name).pieces.push(Buffer.from(piece(data, encoding)));
        return this;
      },
    }, last(Class));
    return Object.defineProperty(Class, 'name', { value: name });
  }
  const Sign = signer('Sign', () => ({
    sign(key, encoding) {
      if (!key) throw error('Error', 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
      const { algorithm, pieces } = stateOf(this, 'Sign');
      return out(native.sign(asymmetric(key, true), Buffer.concat(pieces), algorithm, ...signing(key), false), encoding);
    },
  }));
  const Verify = signer('Verify', () => ({
    verify(key, signature, encoding) {
      const { algorithm, pieces } = stateOf(this, 'Verify');
      const handle = asymmetric(key, false);
      return native.verify(handle, Buffer.concat(pieces), algorithm, ...signing(key), false, source(signature, 'signature', encoding));
    },
  }));

  // --- RSA encryption and key agreement ----------------------------------------

  const rsa = (operation, padding, wantPrivate) => (key, data) => {
    const { padding: p = padding, oaepHash = 'sha1', oaepLabel, encoding } = key !== null && typeof key === 'object' && !isBytes(key) && !(key instanceof KeyObject) ? key : {};
    const label = oaepLabel === undefined ? undefined : source(oaepLabel, 'key.oaepLabel', encoding);
    return buffer(native.rsaCrypt(operation, asymmetric(key, wantPrivate), source(data, 'buffer', encoding), p, string(oaepHash, 'key.oaepHash'), label));
  };
  function diffieHellman(options) {
    object(options, 'options');
    const { privateKey, publicKey } = options;
    if (!(privateKey instanceof KeyObject)) throw badValue('options.privateKey', privateKey);
    if (!(publicKey instanceof KeyObject)) throw badValue('options.publicKey', publicKey);
    return buffer(native.agree(ready(privateKey, true), ready(publicKey, false)));
  }

  const crypto = {
    createHash: (algorithm, options) => new Hash(algorithm, options),
    createHmac: (hmac, key, options) => new Hmac(hmac, key, options),
    getHashes: () => native.digests.slice(),
    hkdf, hkdfSync, pbkdf2, pbkdf2Sync, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync, timingSafeEqual,
    createCipheriv: (cipher, key, iv, options) => new Cipheriv(cipher, key, iv, options),
    createDecipheriv: (cipher, key, iv, options) => new Decipheriv(cipher, key, iv, options),
    getCiphers: () => native.ciphers.slice(), getCipherInfo,
    createPrivateKey, createPublicKey, createSecretKey, generateKey, generateKeySync, generateKeyPair, generateKeyPairSync,
    createSign: (algorithm, options) => new Sign(algorithm, options),
    createVerify: (algorithm, options) => new Verify(algorithm, options),
    sign, verify, diffieHellman, getCurves: () => native.curves(),
    publicEncrypt: rsa('publicEncrypt', 4, false), privateDecrypt: rsa('privateDecrypt', 4, true),
    privateEncrypt: rsa('privateEncrypt', 1, true), publicDecrypt: rsa('publicDecrypt', 1, false),
    getFips: () => 0,
    Hash, Hmac, Cipheriv, Decipheriv, KeyObject, Sign, Verify,
    constants: Object.assign(Object.create(null), {
      RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_X931_PADDING: 5, RSA_PKCS1_PSS_PADDING: 6,
      RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2,
      POINT_CONVERSION_COMPRESSED: 2, POINT_CONVERSION_UNCOMPRESSED: 4, POINT_CONVERSION_HYBRID: 6,
      TLS1_VERSION: 769, TLS1_1_VERSION: 770, TLS1_2_VERSION: 771, TLS1_3_VERSION: 772,
    }),
  };
  Object.defineProperties(crypto, {
    webcrypto: { enumerable: true, configurable: true, get: () => globalThis.crypto },
    subtle: { enumerable: true, configurable: true, get: () => globalThis.crypto.subtle },
    getRandomValues: { enumerable: true, configurable: true, writable: true, value: (array) => globalThis.crypto.getRandomValues(array) },
  });
  return crypto;
})
