// node:buffer. What touches every byte is in Go (host.buffer, see
// node_buffer.go); here are the arguments, as Node checks them.
(function (host) {
  'use strict';

  const { argType, error, range, received } = host;
  const native = host.buffer;
  const kMaxLength = 2 ** 32, kStringMaxLength = 2 ** 29 - 24;
  const isBytes = (v) => v instanceof Uint8Array;
  const isAnyBuffer = (v) => host.kind(v) === 'ArrayBuffer';

  class FastBuffer extends Uint8Array {}
  const proto = FastBuffer.prototype;
  proto.constructor = Buffer;
  Buffer.prototype = proto;
  Object.setPrototypeOf(Buffer, Uint8Array);
  Object.defineProperty(Buffer, Symbol.species, { configurable: true, get: () => FastBuffer });

  function Buffer(arg, encodingOrOffset, length) {
    if (typeof arg === 'number') {
      if (typeof encodingOrOffset === 'string') throw argType('string', 'of type string', arg);
      return Buffer.alloc(arg);
    }
    return Buffer.from(arg, encodingOrOffset, length);
  }

  const unknown = (enc) => error('TypeError', 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${enc}`);
  // encodingOf is the name of an encoding; undefined and '' mean UTF-8.
  const encodingOf = (enc) => {
    if (enc === undefined || enc === null || enc === '' || enc === 'utf8') return 'utf8';
    const name = native.encodingName(enc);
    if (name === '') throw unknown(enc);
    return name;
  };
  const size = (n) => {
    if (typeof n !== 'number') throw argType('size', 'of type number', n);
    if (!(n >= 0 && n <= kMaxLength)) throw range('size', `>= 0 && <= ${kMaxLength}`, n);
    return n;
  };
  const fromString = (text, enc) => new FastBuffer(native.encode(text, encodingOf(enc)));
  const fromList = (list) => {
    const n = list.length;
    if (!(n > 0)) return new FastBuffer(0);
    const b = new FastBuffer(Math.trunc(n));
    for (let i = 0; i < b.length; i++) b[i] = list[i];
    return b;
  };
  const fromBuffer = (buffer, offset, length) => {
    offset = offset === undefined ? 0 : +offset || 0;
    const rest = buffer.byteLength - offset;
    if (rest < 0) throw error('RangeError', 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
    if (length === undefined) return new FastBuffer(buffer, offset);
    length = +length;
    if (!(length > 0)) length = 0;
    else if (length > rest) throw error('RangeError', 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
    return new FastBuffer(buffer, offset, length);
  };
  const wanted = 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.';
  const notData = (v) => error('TypeError', 'ERR_INVALID_ARG_TYPE', `The first argument must be ${wanted} Received ${received(v)}`);

  const statics = {
    from(value, encodingOrOffset, length) {
      if (typeof value === 'string') return fromString(value, encodingOrOffset);
      if (typeof value === 'object' && value !== null) {
        if (isAnyBuffer(value)) return fromBuffer(value, encodingOrOffset, length);
        const plain = value.valueOf && value.valueOf();
        if (plain != null && plain !== value && (typeof plain === 'string' || typeof plain === 'object')) {
          return Buffer.from(plain, encodingOrOffset, length);
        }
        if (value.length !== undefined) return typeof value.length === 'number' ? fromList(value) : new FastBuffer(0);
        if (isAnyBuffer(value.buffer)) return new FastBuffer(0);
        if (value.type === 'Buffer' && Array.isArray(value.data)) return fromList(value.data);
        if (typeof value[Symbol.toPrimitive] === 'function') {
          const primitive = value[Symbol.toPrimitive]('string');
          if (typeof primitive === 'string') return fromString(primitive, encodingOrOffset);
        }
      }
      throw notData(value);
    },
    copyBytesFrom(view, offset, length) {
      const whole = host.kind(view);
      if (!whole.startsWith('TypedArray')) throw argType('view', 'an instance of TypedArray', view);
      if (view.length === 0) return Buffer.alloc(0);
      if (offset !== undefined) {
        integer(offset, 'offset', 0);
        if (offset >= view.length) return Buffer.alloc(0);
      } else offset = 0;
      let end = view.length;
      if (length !== undefined) {
        integer(length, 'length', 0);
        end = offset + length;
      }
      const part = view.slice(offset, end);
      return new FastBuffer(part.buffer, part.byteOffset, part.byteLength);
    },
    of(...items) {
      return fromList(items);
    },
    alloc(n, fill, encoding) {
      const b = new FastBuffer(size(n));
      if (fill !== undefined && fill !== 0 && n > 0) {
        if (encoding !== undefined && typeof encoding !== 'string') throw argType('encoding', 'of type string', encoding);
        fillWith(b, fill, 0, b.length, encoding);
      }
      return b;
    },
    allocUnsafe(n) {
      return new FastBuffer(size(n));
    },
    allocUnsafeSlow(n) {
      return new FastBuffer(size(n));
    },
    isBuffer(b) {
      return b instanceof Buffer;
    },
    isEncoding(encoding) {
      return typeof encoding === 'string' && encoding.length !== 0 && native.encodingName(encoding) !== '';
    },
    byteLength(string, encoding) {
      if (typeof string === 'string') return native.textLength(string, native.encodingName(encoding ?? '') || 'utf8');
      if (ArrayBuffer.isView(string) || isAnyBuffer(string)) return string.byteLength;
      throw argType('string', 'of type string or an instance of Buffer or ArrayBuffer', string);
    },
    compare(buf1, buf2) {
      if (!isBytes(buf1)) throw argType('buf1', 'an instance of Buffer or Uint8Array', buf1);
      if (!isBytes(buf2)) throw argType('buf2', 'an instance of Buffer or Uint8Array', buf2);
      return native.compare(buf1, buf2);
    },
    concat(list, length) {
      if (!Array.isArray(list)) throw argType('list', 'an instance of Array', list);
      if (list.length === 0) return new FastBuffer(0);
      if (length === undefined) {
        length = 0;
        for (const b of list) if (b?.length) length += b.length;
      } else {
        integer(length, 'length', 0);
      }
      const out = Buffer.alloc(length);
      let at = 0;
      list.forEach((b, i) => {
        if (!isBytes(b)) throw argType(`list[${i}]`, 'an instance of Buffer or Uint8Array', b);
        if (at < length) at += native.copy(out, at, b, 0, b.length);
      });
      return out;
    },
    poolSize: 8192,
  };
  Object.assign(Buffer, statics);

  function integer(v, name, min, max = Number.MAX_SAFE_INTEGER) {
    if (typeof v !== 'number') throw argType(name, 'of type number', v);
    if (!Number.isInteger(v)) throw range(name, 'an integer', v);
    if (v < min || v > max) throw range(name, `>= ${min} && <= ${max}`, v);
  }
  // clamp is an index as TypedArray.prototype.slice has it.
  const clamp = (v, n, absent) => {
    if (v === undefined) return absent;
    v = Math.trunc(+v) || 0;
    return v < 0 ? Math.max(v + n, 0) : Math.min(v, n);
  };
  const within = (v, n, absent) => (v === undefined ? absent : Math.min(Math.max(Math.trunc(+v) || 0, 0), n));

  function fillWith(b, value, offset, end, encoding) {
    let pattern;
    if (typeof value === 'string') {
      if (typeof encoding !== 'undefined' && typeof encoding !== 'string') throw argType('encoding', 'of type string', encoding);
      const enc = encodingOf(encoding);
      if (value === '') pattern = new Uint8Array(1);
      else {
        pattern = new Uint8Array(native.encode(value, enc));
        if (pattern.length === 0) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received '${value}'`);
      }
    } else if (ArrayBuffer.isView(value)) {
      pattern = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      if (pattern.length === 0) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received ${host.inspect(value)}`);
    } else {
      pattern = new Uint8Array([typeof value === 'boolean' ? +value : +value & 255]);
    }
    if (end > offset) native.fill(b, pattern, offset, end);
    return b;
  }

  function search(b, value, from, encoding, forward) {
    if (typeof from === 'string') {
      encoding = from;
      from = undefined;
    } else if (from > 0x7fffffff) from = 0x7fffffff;
    else if (from < -0x80000000) from = -0x80000000;
    from = +from;
    if (from !== from) from = forward ? 0 : b.length || b.byteLength;
    from = Math.trunc(from);
    if (typeof value === 'number') value = new Uint8Array([value & 255]);
    let step = 1;
    if (typeof value === 'string') {
      const enc = encodingOf(encoding);
      if (enc === 'utf16le') step = 2;
      value = new Uint8Array(native.encode(value, enc));
    } else if (isBytes(value)) {
      if (encoding !== undefined && native.encodingName(encoding) === 'utf16le') step = 2;
    } else {
      throw argType('value', 'one of type number or string or an instance of Buffer or Uint8Array', value);
    }
    const n = b.length;
    if (from < 0) from += n;
    if (from < 0) {
      if (!forward) return -1;
      from = 0;
    }
    if (from > n) {
      if (forward) return value.length === 0 ? n : -1;
      from = n;
    }
    if (value.length === 0) return from;
    if (n === 0 || value.length > n) return -1;
    return native.find(b, value, from, forward, step);
  }

  const swapper = (bytes) =>
    function () {
      if (this.length % bytes !== 0) throw error('RangeError', 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${bytes * 8}-bits`);
      native.swap(this, bytes);
      return this;
    };

  const methods = {
    toString(encoding, start, end) {
      const n = this.length;
      if (arguments.length === 0) return native.decode(this, 'utf8', 0, n);
      start = within(start, n, 0);
      end = within(end, n, n);
      const enc = encodingOf(encoding);
      return end <= start ? '' : native.decode(this, enc, start, end);
    },
    toLocaleString(...args) {
      return this.toString(...args);
    },
    equals(otherBuffer) {
      if (!isBytes(otherBuffer)) throw argType('otherBuffer', 'an instance of Buffer or Uint8Array', otherBuffer);
      return this === otherBuffer || (this.byteLength === otherBuffer.byteLength && native.compare(this, otherBuffer) === 0);
    },
    compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
      if (!isBytes(target)) throw argType('target', 'an instance of Buffer or Uint8Array', target);
      const bound = (v, name, absent, max) => {
        if (v === undefined) return absent;
        integer(v, name, 0, max);
        return v;
      };
      targetStart = bound(targetStart, 'targetStart', 0);
      targetEnd = bound(targetEnd, 'targetEnd', target.length, target.length);
      sourceStart = bound(sourceStart, 'sourceStart', 0);
      sourceEnd = bound(sourceEnd, 'sourceEnd', this.length, this.length);
      if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
      if (targetStart >= targetEnd) return 1;
      return native.compare(this.subarray(sourceStart, sourceEnd), Buffer.prototype.subarray.call(target, targetStart, targetEnd));
    },
    copy(target, targetStart, sourceStart, sourceEnd) {
      if (!isBytes(target)) throw argType('target', 'an instance of Buffer or Uint8Array', target);
      const start = (v, name, max) => {
        v = Math.trunc(+v) || 0;
        if (v < 0 || v > max) throw range(name, `>= 0${max === Infinity ? '' : ` && <= ${max}`}`, v);
        return v;
      };
      targetStart = targetStart === undefined ? 0 : start(targetStart, 'targetStart', Infinity);
      sourceStart = sourceStart === undefined ? 0 : start(sourceStart, 'sourceStart', this.length);
      sourceEnd = sourceEnd === undefined ? this.length : start(sourceEnd, 'sourceEnd', Infinity);
      if (targetStart >= target.length || sourceStart >= sourceEnd) return 0;
      return native.copy(target, targetStart, this, sourceStart, Math.min(sourceEnd, this.length));
    },
    indexOf(value, byteOffset, encoding) {
      return search(this, value, byteOffset, encoding, true);
    },
    lastIndexOf(value, byteOffset, encoding) {
      return search(this, value, byteOffset, encoding, false);
    },
    includes(value, byteOffset, encoding) {
      return this.indexOf(value, byteOffset, encoding) !== -1;
    },
    fill(value, offset, end, encoding) {
      if (typeof value === 'string') {
        if (offset === undefined || typeof offset === 'string') {
          encoding = offset;
          offset = end = undefined;
        } else if (typeof end === 'string') {
          encoding = end;
          end = undefined;
        }
      }
      if (offset === undefined) {
        offset = 0;
        end = this.length;
      } else {
        integer(offset, 'offset', 0, kMaxLength);
        if (end === undefined) end = this.length;
        else integer(end, 'end', 0, this.length);
        if (offset >= end) return this;
      }
      return fillWith(this, value, offset, end, encoding);
    },
    write(string, offset, length, encoding) {
      if (typeof string !== 'string') throw error('TypeError', 'ERR_INVALID_ARG_TYPE', 'argument must be a string');
      if (offset === undefined) return native.write(this, string, 'utf8', 0, this.length);
      if (length === undefined && typeof offset === 'string') {
        encoding = offset;
        length = this.length;
        offset = 0;
      } else {
        integer(offset, 'offset', 0, this.length);
        const rest = this.length - offset;
        if (length === undefined) length = rest;
        else if (typeof length === 'string') {
          encoding = length;
          length = rest;
        } else {
          integer(length, 'length', 0, this.length);
          length = Math.min(length, rest);
        }
      }
      return native.write(this, string, encodingOf(encoding), offset, length);
    },
    slice(start, end) {
      return this.subarray(start, end);
    },
    subarray(start, end) {
      const n = this.length, from = clamp(start, n, 0), to = clamp(end, n, n);
      return new FastBuffer(this.buffer, this.byteOffset + from, Math.max(to - from, 0));
    },
    toJSON() {
      return { type: 'Buffer', data: Array.from(this) };
    },
    swap16: swapper(2),
    swap32: swapper(4),
    swap64: swapper(8),
    [host.inspect.custom](depth, ctx) {
      const max = module.INSPECT_MAX_BYTES, n = Math.min(max, this.length);
      let text = native.decode(this, 'hex', 0, n).replace(/(..)(?!$)/g, '$1 ');
      if (this.length > max) text += ` ... ${this.length - max} more byte${this.length - max > 1 ? 's' : ''}`;
      if (ctx) {
        const extras = Object.keys(this).filter((k) => !/^\d+$/.test(k)).map((k) => `${k}: ${host.inspect(this[k], { ...ctx, compact: 3 })}`);
        if (extras.length > 0) text += `${text === '' ? '' : ', '}${extras.join(', ')}`;
      }
      return `<${this.constructor?.name ?? 'Buffer'} ${text}>`.replace('<FastBuffer', '<Buffer');
    },
  };
  methods.inspect = methods[host.inspect.custom];
  for (const enc of ['ascii', 'base64', 'base64url', 'latin1', 'hex', 'ucs2', 'utf8']) {
    const name = encodingOf(enc);
    methods[`${enc}Slice`] = function (start, end) {
      return this.toString(name, start, end);
    };
    methods[`${enc}Write`] = function (string, offset = 0, length = this.length - offset) {
      return native.write(this, string, name, offset, Math.min(length, this.length - offset));
    };
  }

  // Numbers are read and written through a DataView.
  const viewOf = (b) => new DataView(b.buffer, b.byteOffset, b.byteLength);
  const place = (b, offset, bytes) => {
    if (typeof offset !== 'number') throw argType('offset', 'of type number', offset);
    const last = b.length - bytes;
    if (offset >= 0 && offset <= last && Number.isInteger(offset)) return;
    if (Number.isFinite(offset) && !Number.isInteger(offset)) throw range('offset', 'an integer', offset);
    if (last < 0) throw error('RangeError', 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
    throw range('offset', `>= 0 and <= ${last}`, offset);
  };
  const valueRange = (v, min, max, bytes, signed) => {
    if (v <= max && v >= min || v !== v) return;
    const n = typeof min === 'bigint' ? 'n' : '';
    let want;
    if (bytes > 4 || n) {
      want = signed ? `>= -(2${n} ** ${bytes * 8 - 1}${n}) and < 2${n} ** ${bytes * 8 - 1}${n}` : `>= 0${n} and < 2${n} ** ${bytes * 8}${n}`;
    } else want = `>= ${min} and <= ${max}`;
    throw range('value', want, v);
  };
  const alias = (name) => name.replace('UInt', 'Uint');
  const define = (name, f) => {
    Object.defineProperty(f, 'name', { value: name });
    methods[name] = f;
    if (alias(name) !== name) methods[alias(name)] = f;
  };
  for (const order of ['LE', 'BE']) {
    const little = order === 'LE';
    for (const [kind, dv, bytes, signed] of [['UInt16', 'Uint16', 2, false], ['UInt32', 'Uint32', 4, false], ['Int16', 'Int16', 2, true], ['Int32', 'Int32', 4, true], ['UInt8', 'Uint8', 1, false], ['Int8', 'Int8', 1, true]]) {
      if (bytes === 1 && !little) continue;
      const min = signed ? -(2 ** (bytes * 8 - 1)) : 0, max = 2 ** (bytes * 8 - (signed ? 1 : 0)) - 1;
      const suffix = bytes === 1 ? '' : order;
      const get = DataView.prototype[`get${dv}`], set = DataView.prototype[`set${dv}`];
      define(`read${kind}${suffix}`, function (offset = 0) {
        place(this, offset, bytes);
        return get.call(viewOf(this), offset, little);
      });
      define(`write${kind}${suffix}`, function (value, offset = 0) {
        value = +value;
        valueRange(value, min, max, bytes, signed);
        place(this, offset, bytes);
        set.call(viewOf(this), offset, value, little);
        return offset + bytes;
      });
    }
    for (const [kind, dv, bytes] of [['Float', 'Float32', 4], ['Double', 'Float64', 8]]) {
      const get = DataView.prototype[`get${dv}`], set = DataView.prototype[`set${dv}`];
      define(`read${kind}${order}`, function (offset = 0) {
        place(this, offset, bytes);
        return get.call(viewOf(this), offset, little);
      });
      define(`write${kind}${order}`, function (value, offset = 0) {
        place(this, offset, bytes);
        value = +value;
        // Which NaN the engine writes is its own choice; Node's has no other bits set.
        if (value !== value && bytes === 8) {
          const v = viewOf(this);
          v.setUint32(offset, little ? 0 : 0x7ff80000, little);
          v.setUint32(offset + 4, little ? 0x7ff80000 : 0, little);
        } else set.call(viewOf(this), offset, value, little);
        return offset + bytes;
      });
    }
    for (const signed of [false, true]) {
      const min = signed ? -(2n ** 63n) : 0n, max = 2n ** (signed ? 63n : 64n) - 1n;
      const name = signed ? 'BigInt64' : 'BigUInt64';
      define(`read${name}${order}`, function (offset = 0) {
        place(this, offset, 8);
        const v = viewOf(this), a = BigInt(v.getUint32(offset, little)), b = BigInt(v.getUint32(offset + 4, little));
        const n = little ? (b << 32n) | a : (a << 32n) | b;
        return signed ? BigInt.asIntN(64, n) : n;
      });
      define(`write${name}${order}`, function (value, offset = 0) {
        if (typeof value !== 'bigint') throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
        valueRange(value, min, max, 8, signed);
        place(this, offset, 8);
        const n = BigInt.asUintN(64, value), low = Number(n & 0xffffffffn), high = Number(n >> 32n), v = viewOf(this);
        v.setUint32(offset, little ? low : high, little);
        v.setUint32(offset + 4, little ? high : low, little);
        return offset + 8;
      });
      const kind = signed ? 'Int' : 'UInt';
      const width = (n) => {
        if (n === undefined) throw argType('byteLength', 'of type number', n);
        if (Number.isInteger(n) && (n < 1 || n > 6)) throw range('byteLength', '>= 1 and <= 6', n);
        integer(n, 'byteLength', 1, 6);
      };
      define(`read${kind}${order}`, function (offset, byteLength) {
        if (offset === undefined) throw argType('offset', 'of type number', offset);
        width(byteLength);
        place(this, offset, byteLength);
        let n = 0;
        for (let i = 0; i < byteLength; i++) n = n * 256 + this[offset + (little ? byteLength - 1 - i : i)];
        return signed && n >= 2 ** (byteLength * 8 - 1) ? n - 2 ** (byteLength * 8) : n;
      });
      define(`write${kind}${order}`, function (value, offset, byteLength) {
        width(byteLength);
        value = +value;
        valueRange(value, signed ? -(2 ** (byteLength * 8 - 1)) : 0, 2 ** (byteLength * 8 - (signed ? 1 : 0)) - 1, byteLength, signed);
        place(this, offset, byteLength);
        let n = Math.trunc(value) || 0;
        if (n < 0) n += 2 ** (byteLength * 8);
        for (let i = 0; i < byteLength; i++) {
          this[offset + (little ? i : byteLength - 1 - i)] = n % 256;
          n = Math.floor(n / 256);
        }
        return offset + byteLength;
      });
    }
  }
  Object.assign(proto, methods);
  Object.defineProperties(proto, {
    parent: { enumerable: true, get() { return this instanceof Buffer ? this.buffer : undefined } },
    offset: { enumerable: true, get() { return this instanceof Buffer ? this.byteOffset : undefined } },
  });

  function transcode(source, fromEnc, toEnc) {
    if (!isBytes(source)) throw argType('source', 'an instance of Buffer or Uint8Array', source);
    const usable = (enc) => {
      const name = native.encodingName(enc ?? 'utf8');
      if (!['utf8', 'utf16le', 'latin1', 'ascii'].includes(name)) throw Object.assign(new Error('Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]'), { code: 'U_ILLEGAL_ARGUMENT_ERROR', errno: 1 });
      return name;
    };
    const text = native.decode(source, usable(fromEnc), 0, source.length), to = usable(toEnc);
    if (to === 'utf8' || to === 'utf16le') return Buffer.from(text, to);
    // A character that the encoding has not becomes a question mark.
    return Buffer.from(Array.from(text, (c) => (c.codePointAt(0) > (to === 'ascii' ? 0x7f : 0xff) ? '?' : c)).join(''), 'latin1');
  }

  const viewArg = (input) => {
    if (isAnyBuffer(input)) return new Uint8Array(input);
    if (ArrayBuffer.isView(input)) return input;
    throw argType('input', 'an instance of ArrayBuffer, Buffer, or TypedArray', input);
  };
  function SlowBuffer(n) {
    return Buffer.allocUnsafeSlow(n);
  }
  const module = {
    Buffer,
    SlowBuffer,
    transcode,
    isUtf8: (input) => native.isUtf8(viewArg(input)),
    isAscii: (input) => native.isAscii(viewArg(input)),
    kMaxLength,
    kStringMaxLength,
    btoa,
    atob,
    constants: Object.freeze({ __proto__: null, MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength }),
    INSPECT_MAX_BYTES: 50,
    Blob,
    File,
    resolveObjectURL(id) {
      throw error('Error', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'buffer.resolveObjectURL() is not available here\nhint: fetch() reads a blob: URL');
    },
  };
  return module;
})
