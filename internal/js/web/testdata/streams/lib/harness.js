// The harness of the streams cases. Its value is a function of an environment
//
//   macrotask()   optional: a promise of a later turn of the event loop
//   unhandled()   the reasons of the rejections that nobody handled since last
//
// which returns {t, run}. A case file's value is a function (streams, t) that
// calls t.test(name, f) for each test; f may return a promise, and a string, its
// trace. run(done) runs them one after the other and calls done with JSON of
// [name, ok, detail or trace] for each. A test that never ends leaves run
// waiting: the embedder sees the event loop run dry, and calls run again to fail
// that test and go on.
(function (env) {
  'use strict';

  const tests = [];
  const results = [];
  let running;
  let failure; // of the running test, thrown wherever: a stream may swallow it
  let allowed = 0;

  function show(v) {
    if (v === undefined) return 'undefined';
    if (v === null) return 'null';
    if (typeof v === 'string') return JSON.stringify(v);
    if (typeof v === 'symbol' || typeof v === 'function') return String(v);
    if (v instanceof Error) return `${v.name}: ${v.message}`;
    if (ArrayBuffer.isView(v)) {
      return `${v.constructor.name}[${Array.from(new Uint8Array(v.buffer, v.byteOffset, v.byteLength)).join()}]`;
    }
    if (Array.isArray(v)) return `[${v.map(show).join()}]`;
    if (typeof v === 'object') return `{${Object.keys(v).sort().map((k) => `${k}:${show(v[k])}`).join()}}`;
    return Object.is(v, -0) ? '-0' : String(v);
  }

  class Failure extends Error {}

  function fail(message, what) {
    const e = new Failure(what === undefined ? message : `${what}: ${message}`);
    if (failure === undefined) failure = e;
    throw e;
  }

  function same(a, b) {
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (a instanceof Error || b instanceof Error) return false; // errors are compared by identity
    return show(a) === show(b);
  }

  const t = {
    test(name, f) {
      tests.push([name, f]);
    },
    ok(value, what) {
      if (!value) fail('not true', what);
    },
    equal(actual, expected, what) {
      if (!same(actual, expected)) fail(`got ${show(actual)}, want ${show(expected)}`, what);
    },
    // throws wants an error of the class C, or that very value.
    throws(C, f, what) {
      let value;
      try {
        value = f();
      } catch (e) {
        t.isError(e, C, what);
        return e;
      }
      return fail(`returned ${show(value)}, want a throw`, what);
    },
    async rejects(C, promise, what) {
      let value;
      try {
        t.equal(Object.getPrototypeOf(promise), Promise.prototype, 'a promise');
        value = await promise;
      } catch (e) {
        if (e instanceof Failure) throw e;
        t.isError(e, C, what);
        return e;
      }
      return fail(`fulfilled with ${show(value)}, want a rejection`, what);
    },
    isError(e, C, what) {
      const isClass = typeof C === 'function' && (C === Error || C.prototype instanceof Error);
      if (isClass ? !(e instanceof C) : !Object.is(e, C)) fail(`got ${show(e)}, want ${isClass ? C.name : show(C)}`, what);
    },
    // flush lets all promise jobs run, and in Node whatever else is due.
    async flush() {
      for (let i = 0; i < 40; i++) await undefined;
      if (env.macrotask !== undefined) await env.macrotask();
    },
    // settled is 'pending', or [true, value] or [false, reason].
    async settled(promise) {
      let state = 'pending';
      promise.then((v) => { state = [true, v]; }, (e) => { state = [false, e]; });
      await t.flush();
      return state;
    },
    deferred() {
      const d = {};
      d.promise = new Promise((resolve, reject) => {
        d.resolve = resolve;
        d.reject = reject;
      });
      return d;
    },
    // The test wants this many unhandled rejections, or does not care where n is
    // undefined.
    allowUnhandled(n) {
      allowed = n;
    },
    // ticks calls each of fs in its turn and numbers the turns of the job queue:
    // log(what) appends what with the number of the turn.
    async ticks(n, f) {
      const out = [];
      let tick = 0;
      f((what) => out.push(`${tick} ${what}`));
      for (; tick < n; tick++) await undefined;
      return out;
    },
    u8: (...bytes) => new Uint8Array(bytes),
    show,
  };

  function end(ok, detail) {
    results.push([running[0], ok, detail]);
    running = undefined;
  }

  async function loop(done) {
    while (tests.length > 0) {
      const mine = (running = tests.shift());
      allowed = 0;
      failure = undefined;
      let ok = true;
      let detail = '';
      try {
        const trace = await mine[1]();
        if (typeof trace === 'string') detail = trace;
        await t.flush();
        const unhandled = env.unhandled();
        if (failure !== undefined) throw failure;
        if (allowed !== undefined && unhandled.length !== allowed) fail(`${unhandled.length} unhandled rejections, want ${allowed}: ${show(unhandled)}`);
      } catch (e) {
        ok = false;
        detail = e instanceof Failure ? e.message : `${show(e)} ${e && e.stack}`;
        await t.flush();
        env.unhandled();
      }
      if (running !== mine) return; // it ended after it had been given up
      end(ok, detail);
    }
    done(JSON.stringify(results));
  }

  return {
    t,
    run(done) {
      if (running !== undefined) end(false, 'never ended');
      loop(done);
    },
  };
})
