// node:assert. What Node reads out of the source of a failed assert(x) is not
// known here: the message is the one Node has where it cannot read the source.
(function (host, require) {
  'use strict';

  require('util');
  const { argType, error, inspect, deepEqual: same, kind } = host;

  const headers = {
    deepStrictEqual: 'Expected values to be strictly deep-equal:',
    strictEqual: 'Expected values to be strictly equal:',
    strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
    deepEqual: 'Expected values to be loosely deep-equal:',
    notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
    notStrictEqual: 'Expected "actual" to be strictly unequal to:',
    notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
    notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
    notIdentical: 'Values have same structure but are not reference-equal:',
  };
  const isObject = (v) => typeof v === 'object' && v !== null;
  const isCallable = (v) => isObject(v) || typeof v === 'function';
  const show = (v) => inspect(v, {
    compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true,
  });

  // alike compares lines of two values: whether a comma follows says nothing.
  const alike = (a, b) => a === b || a === b + ',' || a + ',' === b;

  // changes lists the lines of both, as [sign, line], by the longest common
  // subsequence between what they begin and what they end with alike.
  function changes(a, b) {
    let head = 0, tail = 0;
    const most = Math.min(a.length, b.length);
    while (head < most && alike(a[head], b[head])) head++;
    while (tail < most - head && alike(a[a.length - 1 - tail], b[b.length - 1 - tail])) tail++;
    const x = a.slice(head, a.length - tail), y = b.slice(head, b.length - tail);
    const out = [], keep = (line, other) => out.push([' ', line.length > other.length ? line : other]);
    for (let i = 0; i < head; i++) keep(a[i], b[i]);
    if (x.length * y.length <= 1e6) {
      const width = y.length + 1, common = new Uint16Array((x.length + 1) * width);
      for (let i = x.length - 1; i >= 0; i--) {
        for (let j = y.length - 1; j >= 0; j--) {
          common[i * width + j] = alike(x[i], y[j]) ? common[(i + 1) * width + j + 1] + 1 : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
        }
      }
      let i = 0, j = 0;
      while (i < x.length && j < y.length) {
        if (alike(x[i], y[j])) keep(x[i++], y[j++]);
        else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) out.push(['+', x[i++]]);
        else out.push(['-', y[j++]]);
      }
      while (i < x.length) out.push(['+', x[i++]]);
      while (j < y.length) out.push(['-', y[j++]]);
    } else {
      for (const line of x) out.push(['+', line]);
      for (const line of y) out.push(['-', line]);
    }
    for (let i = tail; i > 0; i--) keep(a[a.length - i], b[b.length - i]);
    return out;
  }

  // difference is the message of the strict comparisons.
  function difference(actual, expected, message, operator) {
    const own = message === undefined ? undefined : String(message);
    if (operator === 'strictEqual' && ((isObject(actual) && isObject(expected)) || (typeof actual === 'function' && typeof expected === 'function'))) operator = 'strictEqualObject';
    const a = show(actual).split('\n'), b = show(expected).split('\n');
    if (a.join('\n') === b.join('\n') && operator === 'strictEqualObject') {
      return `${own ?? headers.notIdentical}\n\n${a.length > 50 ? [...a.slice(0, 46), '...'].join('\n') : a.join('\n')}\n`;
    }
    const header = own ?? headers[operator];
    if (a.length === 1 && b.length === 1 && a[0] !== b[0]) {
      const length = a[0].length + b[0].length;
      if (length <= 12 && !isCallable(actual) && !isCallable(expected) && (actual !== 0 || expected !== 0)) return `${header}\n\n${a[0]} !== ${b[0]}\n`;
      let mark = '';
      if (operator !== 'strictEqualObject' && length < 80) {
        let i = 0;
        while (a[0][i] === b[0][i]) i++;
        if (i > 2) mark = `\n  ${' '.repeat(i)}^`;
      }
      return `${header}\n+ actual - expected\n\n+ ${a[0]}\n- ${b[0]}${mark}`;
    }
    const lines = changes(a, b), out = [];
    let skipped = false;
    for (let i = 0; i < lines.length;) {
      let end = i;
      while (end < lines.length && lines[end][0] === lines[i][0]) end++;
      const run = lines.slice(i, end).map(([sign, line]) => `${sign} ${line}`);
      const most = lines[i][0] === ' ' ? 5 : 50;
      if (run.length > most) {
        skipped = true;
        out.push(...(lines[i][0] === ' ' ? [...run.slice(0, 2), '...', ...run.slice(-2)] : [...run.slice(0, most), '...']));
      } else out.push(...run);
      i = end;
    }
    return `${header}\n+ actual - expected${skipped ? ' ... Lines skipped' : ''}\n\n${out.join('\n')}`;
  }

  const cut = (s, n) => (s.length > n ? `${s.slice(0, n - 3)}...` : s);

  // negation is the message of the comparisons that must not hold.
  function negation(actual, operator) {
    const header = operator === 'notStrictEqual' && isCallable(actual) ? headers.notStrictEqualObject : headers[operator];
    let lines = show(actual).split('\n');
    if (lines.length > 50) lines = [...lines.slice(0, 46), '...'];
    if (lines.length === 1) return `${header}${lines[0].length > 5 ? '\n\n' : ' '}${lines[0]}`;
    return `${header}\n\n${lines.join('\n')}\n`;
  }

  function loose(actual, expected, operator) {
    const a = show(actual), b = show(expected);
    if (operator === 'notDeepEqual' && a === b) return cut(`${headers.notDeepEqual}\n\n${a}`, 1024);
    const left = cut(a, 512), right = cut(b, 512);
    if (operator === 'deepEqual') return `${headers.deepEqual}\n\n${left}\n\nshould loosely deep-equal\n\n${right}`;
    if (operator === 'notDeepEqual') return `Expected values not to be loosely deep-equal:\n\n${left}\n\nshould not loosely deep-equal\n\n${right}`;
    return `${left} ${operator} ${right}`;
  }

  class AssertionError extends Error {
    constructor(options) {
      if (!isObject(options)) throw argType('options', 'of type object', options);
      const { message, operator, actual, expected, stackStartFn, details } = options;
      if (message !== undefined && message !== null) super(operator === 'deepStrictEqual' || operator === 'strictEqual' ? difference(actual, expected, message, operator) : String(message));
      else if (operator === 'deepStrictEqual' || operator === 'strictEqual') super(difference(actual, expected, undefined, operator));
      else if (operator === 'notDeepStrictEqual' || operator === 'notStrictEqual') super(negation(actual, operator));
      else super(loose(actual, expected, operator));
      this.generatedMessage = !message;
      Object.defineProperty(this, 'name', { value: 'AssertionError [ERR_ASSERTION]', enumerable: false, writable: true, configurable: true });
      this.code = 'ERR_ASSERTION';
      if (details) {
        this.actual = this.expected = this.operator = undefined;
        details.forEach((d, i) => {
          this[`message ${i}`] = d.message;
          this[`actual ${i}`] = d.actual;
          this[`expected ${i}`] = d.expected;
          this[`operator ${i}`] = d.operator;
          this[`stack trace ${i}`] = d.stack;
        });
      } else {
        this.actual = actual;
        this.expected = expected;
        this.operator = operator;
      }
      Error.captureStackTrace(this, stackStartFn);
      Object.defineProperty(this, 'stack', { value: this.stack, writable: true, configurable: true, enumerable: false }); // its first line has the code
      this.name = 'AssertionError';
    }

    toString() {
      return `${this.name} [${this.code}]: ${this.message}`;
    }
  }

  const none = Symbol('none');

  // fail throws: the error that was given for a message, or an AssertionError.
  function raise(actual, expected, message, operator) {
    if (message instanceof Error) throw message;
    throw new AssertionError({ actual, expected, message, operator });
  }
  const two = (args) => {
    if (args.length < 2) throw error('TypeError', 'ERR_MISSING_ARGS', 'The "actual" and "expected" arguments must be specified');
  };
  // plain takes a message as it is: only those that show a difference add to it.
  function refuse(message, actual, expected, operator, generated = true) {
    const e = new AssertionError({ actual, expected, message, operator: undefined });
    e.operator = operator;
    e.generatedMessage = generated;
    throw e;
  }

  function ok(...args) {
    const [value, message] = args;
    if (value) return;
    if (message instanceof Error) throw message;
    const e = new AssertionError({
      actual: value, expected: true, operator: '==',
      message: args.length === 0 ? 'No value argument passed to `assert.ok()`' : message,
    });
    if (args.length === 0 || message == null) e.generatedMessage = true;
    throw e;
  }

  function fail(message) {
    if (message instanceof Error) throw message;
    const e = new AssertionError({ message: message === undefined ? 'Failed' : message, operator: 'fail' });
    e.generatedMessage = message === undefined;
    throw e;
  }

  // Under a name for each, as frames and messages have it.
  const comparisons = {
    equal(actual, expected, message) {
      two(arguments);
      if (!(actual == expected || (actual !== actual && expected !== expected))) raise(actual, expected, message, '==');
    },
    notEqual(actual, expected, message) {
      two(arguments);
      if (actual == expected || (actual !== actual && expected !== expected)) raise(actual, expected, message, '!=');
    },
    deepEqual(actual, expected, message) {
      two(arguments);
      if (!same(actual, expected, true)) raise(actual, expected, message, 'deepEqual');
    },
    notDeepEqual(actual, expected, message) {
      two(arguments);
      if (same(actual, expected, true)) raise(actual, expected, message, 'notDeepEqual');
    },
    deepStrictEqual(actual, expected, message) {
      two(arguments);
      if (!same(actual, expected)) raise(actual, expected, message, 'deepStrictEqual');
    },
    notDeepStrictEqual(actual, expected, message) {
      two(arguments);
      if (same(actual, expected)) raise(actual, expected, message, 'notDeepStrictEqual');
    },
    strictEqual(actual, expected, message) {
      two(arguments);
      if (!Object.is(actual, expected)) raise(actual, expected, message, 'strictEqual');
    },
    notStrictEqual(actual, expected, message) {
      two(arguments);
      if (Object.is(actual, expected)) raise(actual, expected, message, 'notStrictEqual');
    },
  };

  const isRegExp = (v) => isObject(v) && kind(v) === 'RegExp';
  const isError = (v) => isObject(v) && (kind(v) === 'Error' || v instanceof Error);

  // expectError holds a thrown value against what is expected of it.
  function expectError(actual, expected, message, operator) {
    let generated = message === undefined, told = message, problem;
    if (typeof expected !== 'function') {
      if (isRegExp(expected)) {
        if (expected.test(String(actual))) return;
        problem = `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(actual))}\n`;
      } else if (!isCallable(actual)) {
        const e = new AssertionError({ actual, expected, message, operator: 'deepStrictEqual' });
        e.operator = operator;
        throw e;
      } else {
        const keys = Object.keys(expected);
        if (expected instanceof Error) keys.push('name', 'message');
        else if (keys.length === 0) throw error('TypeError', 'ERR_INVALID_ARG_VALUE', `The argument 'error' may not be an empty object. Received {}`);
        for (const key of keys) {
          if (typeof actual[key] === 'string' && isRegExp(expected[key]) && expected[key].test(actual[key])) continue;
          if (key in actual && same(actual[key], expected[key])) continue;
          if (message instanceof Error) throw message;
          if (message === undefined) {
            class Comparison {
              constructor(from, other) {
                for (const k of keys) {
                  if (!(k in from)) continue;
                  this[k] = other !== undefined && typeof from[k] === 'string' && isRegExp(other[k]) && other[k].test(from[k]) ? from[k]
                    : isRegExp(from[k]) && other !== undefined && typeof other[k] === 'string' && from[k].test(other[k]) ? other[k] : from[k];
                }
              }
            }
            const e = new AssertionError({ actual: new Comparison(actual, expected), expected: new Comparison(expected, actual), operator: 'deepStrictEqual' });
            Object.assign(e, { actual, expected, operator });
            throw e;
          }
          const e = new AssertionError({ actual, expected, message, operator });
          throw e;
        }
        return;
      }
    } else if (expected.prototype !== undefined && actual instanceof expected) {
      return;
    } else if (Object.prototype.isPrototypeOf.call(Error, expected)) {
      problem = 'The error is expected to be an instance of ' + `"${expected.name}". Received `;
      problem += isError(actual) ? `"${actual.name}"` : `"${inspect(actual, { depth: -1 })}"`;
      if (isError(actual)) problem += `\n\nError message:\n\n${actual.message}`;
    } else {
      const result = Reflect.apply(expected, {}, [actual]);
      if (result === true) return;
      problem = `The ${expected.name ? `"${expected.name}" ` : ''}validation function is expected to return "true". Received ${inspect(result)}`;
      if (isError(actual)) problem += `\n\nCaught error:\n\n${actual}`;
    }
    if (generated) told = problem;
    if (told instanceof Error) throw told;
    refuse(told, actual, expected, operator, generated);
  }

  // what checks the arguments behind the function: an expectation, a message.
  function expectation(args, actual, operator) {
    let [expected, message] = args;
    if (typeof expected === 'string') {
      if (args.length === 2) throw argType('error', 'of type function or an instance of Error, RegExp, or Object', expected);
      if (actual !== none) {
        const text = isCallable(actual) ? actual.message : actual;
        if (text === expected) {
          throw error('TypeError', 'ERR_AMBIGUOUS_ARGUMENT', isCallable(actual)
            ? `The "error/message" argument is ambiguous. The error message "${text}" is identical to the message.`
            : `The "error/message" argument is ambiguous. The error "${text}" is identical to the message.`);
        }
      }
      message = expected;
      expected = undefined;
    } else if (expected !== null && expected !== undefined && !isCallable(expected)) {
      throw argType('error', 'of type function or an instance of Error, RegExp, or Object', expected);
    }
    return [expected, message];
  }

  function mustThrow(operator, actual, args) {
    const [expected, message] = expectation(args, actual, operator);
    if (actual === none) {
      let details = expected?.name ? ` (${expected.name})` : '';
      details += message ? `: ${message}` : '.';
      if (message instanceof Error) throw message;
      refuse(`Missing expected ${operator === 'rejects' ? 'rejection' : 'exception'}${details}`, undefined, expected, operator, false);
    }
    if (expected !== undefined && expected !== null) expectError(actual, expected, message, operator);
  }

  function mustNotThrow(operator, actual, args) {
    if (actual === none) return;
    let [expected, message] = args;
    if (typeof expected === 'string') [expected, message] = [undefined, expected];
    const matches = expected === undefined || (isRegExp(expected) ? expected.test(String(actual))
      : expected.prototype !== undefined && actual instanceof expected ? true
        : Object.prototype.isPrototypeOf.call(Error, expected) ? false : Reflect.apply(expected, {}, [actual]) === true);
    if (!matches) throw actual;
    refuse(`Got unwanted ${operator === 'doesNotReject' ? 'rejection' : 'exception'}${message ? `: ${message}` : '.'}\nActual message: "${actual?.message}"`, actual, expected, operator, false);
  }

  function thrownBy(fn) {
    if (typeof fn !== 'function') throw argType('fn', 'of type function', fn);
    try {
      fn();
    } catch (e) {
      return e;
    }
    return none;
  }
  const isPromise = (v) => isCallable(v) && typeof v.then === 'function' && typeof v.catch === 'function';
  async function rejectedBy(promiseFn) {
    let promise = promiseFn;
    if (typeof promiseFn === 'function') {
      promise = promiseFn();
      if (!isPromise(promise)) {
        throw error('TypeError', 'ERR_INVALID_RETURN_VALUE', `Expected instance of Promise to be returned from the "promiseFn" function but got ${host.received(promise)}.`);
      }
    } else if (!isPromise(promiseFn)) throw argType('promiseFn', 'of type function or an instance of Promise', promiseFn);
    try {
      await promise;
    } catch (e) {
      return e;
    }
    return none;
  }

  function matching(string, regexp, message, operator) {
    if (!isRegExp(regexp)) throw argType('regexp', 'an instance of RegExp', regexp);
    const match = operator === 'match';
    if (typeof string === 'string' && regexp.test(string) === match) return;
    if (message instanceof Error) throw message;
    const generated = !message;
    refuse(message || (typeof string !== 'string' ? `The "string" argument must be of type string. Received ${host.received(string)}`
      : `${match ? 'The input did not match the regular expression ' : 'The input was expected to not match the regular expression '}${inspect(regexp)}. Input:\n\n${inspect(string)}\n`),
      string, regexp, operator, generated);
  }

  const rest = {
    throws(fn, ...args) { mustThrow('throws', thrownBy(fn), args); },
    async rejects(promiseFn, ...args) { mustThrow('rejects', await rejectedBy(promiseFn), args); },
    doesNotThrow(fn, ...args) { mustNotThrow('doesNotThrow', thrownBy(fn), args); },
    async doesNotReject(promiseFn, ...args) { mustNotThrow('doesNotReject', await rejectedBy(promiseFn), args); },
    ifError(value) {
      if (value === null || value === undefined) return;
      let message = 'ifError got unwanted exception: ';
      if (isObject(value) && typeof value.message === 'string') message += value.message.length === 0 && value.constructor ? value.constructor.name : value.message;
      else message += inspect(value);
      refuse(message, value, null, 'ifError', false);
    },
    match(string, regexp, message) { matching(string, regexp, message, 'match'); },
    doesNotMatch(string, regexp, message) { matching(string, regexp, message, 'doesNotMatch'); },
  };

  const { equal, notEqual, deepEqual, notDeepEqual, deepStrictEqual, notDeepStrictEqual, strictEqual, notStrictEqual } = comparisons;
  const all = (assert, loosely) => Object.assign(assert, {
    fail, AssertionError, ok,
    equal: loosely ? equal : strictEqual, notEqual: loosely ? notEqual : notStrictEqual,
    deepEqual: loosely ? deepEqual : deepStrictEqual, notDeepEqual: loosely ? notDeepEqual : notDeepStrictEqual,
    deepStrictEqual, notDeepStrictEqual, strictEqual, notStrictEqual, ...rest,
  });
  const assert = all(ok, true);
  assert.strict = all(function strict(...args) { ok(...args); }, false);
  assert.strict.strict = assert.strict;
  return assert;
})
