// DisposableStack, AsyncDisposableStack and SuppressedError (ECMAScript 2026,
// explicit resource management). Run when a script first reads one of them.
(function () {
  'use strict';
  const { defineProperty } = Object;
  const { apply } = Reflect;
  const tag = (o, name) => defineProperty(o, Symbol.toStringTag, { value: name, configurable: true });
  const isObject = v => typeof v === 'object' ? v !== null : typeof v === 'function';

  // The class of an error that hides another one. It may be called without new,
  // so it is a function.
  const SuppressedError = function SuppressedError(error, suppressed, message) {
    const e = Reflect.construct(Error, message === undefined ? [] : [message], new.target === undefined ? SuppressedError : new.target);
    defineProperty(e, 'error', { value: error, writable: true, configurable: true });
    defineProperty(e, 'suppressed', { value: suppressed, writable: true, configurable: true });
    return e;
  };
  Object.setPrototypeOf(SuppressedError, Error);
  const proto = Object.create(Error.prototype, {
    constructor: { value: SuppressedError, writable: true, configurable: true },
    name: { value: 'SuppressedError', writable: true, configurable: true },
    message: { value: '', writable: true, configurable: true },
  });
  defineProperty(SuppressedError, 'prototype', { value: proto, writable: false });

  // failure keeps the first error in the next.
  const failure = () => {
    let failed = false, reason;
    return {
      add(e) {
        reason = failed ? new SuppressedError(e, reason) : e;
        failed = true;
      },
      end() {
        if (failed) throw reason;
      },
    };
  };
  const method = (v, isAsync) => {
    let f = isAsync ? v[Symbol.asyncDispose] : undefined;
    if (f === undefined || f === null) {
      const sync = f = v[Symbol.dispose];
      if (isAsync && typeof sync === 'function') return function () { apply(sync, this, []); };
    }
    if (typeof f !== 'function') throw new TypeError((isAsync ? 'Symbol(Symbol.asyncDispose)' : 'Symbol(Symbol.dispose)') + ' is not a function');
    return f;
  };

  class DisposableStack {
    #list = [];
    #disposed = false;
    get disposed() { return this.#disposed; }
    #open() {
      if (this.#disposed) throw new ReferenceError('Cannot add values to a disposed stack!');
      return this.#list;
    }
    dispose() {
      if (this.#disposed) return;
      this.#disposed = true;
      const list = this.#list, f = failure();
      for (let i = list.length - 1; i >= 0; i--) {
        try {
          list[i]();
        } catch (e) {
          f.add(e);
        }
      }
      f.end();
    }
    use(value) {
      const list = this.#open();
      if (value !== undefined && value !== null) {
        if (!isObject(value)) throw new TypeError('Value is not an object');
        const f = method(value, false);
        list.push(() => apply(f, value, []));
      }
      return value;
    }
    adopt(value, onDispose) {
      const list = this.#open();
      if (typeof onDispose !== 'function') throw new TypeError('onDispose is not a function');
      list.push(() => onDispose(value));
      return value;
    }
    defer(onDispose) {
      const list = this.#open();
      if (typeof onDispose !== 'function') throw new TypeError('onDispose is not a function');
      list.push(() => onDispose());
    }
    move() {
      const list = this.#open(), out = new DisposableStack();
      out.#list = list;
      this.#list = [];
      this.#disposed = true;
      return out;
    }
  }
  defineProperty(DisposableStack.prototype, Symbol.dispose, { value: DisposableStack.prototype.dispose, writable: true, configurable: true });
  tag(DisposableStack.prototype, 'DisposableStack');

  class AsyncDisposableStack {
    #list = [];
    #disposed = false;
    get disposed() { return this.#disposed; }
    #open() {
      if (this.#disposed) throw new ReferenceError('Cannot add values to a disposed stack!');
      return this.#list;
    }
    async disposeAsync() {
      if (this.#disposed) return;
      this.#disposed = true;
      const list = this.#list, f = failure();
      for (let i = list.length - 1; i >= 0; i--) {
        try {
          await list[i]();
        } catch (e) {
          f.add(e);
        }
      }
      f.end();
    }
    use(value) {
      const list = this.#open();
      if (value === undefined || value === null) list.push(() => undefined); // still waits once
      else {
        if (!isObject(value)) throw new TypeError('Value is not an object');
        const f = method(value, true);
        list.push(() => apply(f, value, []));
      }
      return value;
    }
    adopt(value, onDispose) {
      const list = this.#open();
      if (typeof onDispose !== 'function') throw new TypeError('onDispose is not a function');
      list.push(() => onDispose(value));
      return value;
    }
    defer(onDispose) {
      const list = this.#open();
      if (typeof onDispose !== 'function') throw new TypeError('onDispose is not a function');
      list.push(() => onDispose());
    }
    move() {
      const list = this.#open(), out = new AsyncDisposableStack();
      out.#list = list;
      this.#list = [];
      this.#disposed = true;
      return out;
    }
  }
  defineProperty(AsyncDisposableStack.prototype, Symbol.asyncDispose, { value: AsyncDisposableStack.prototype.disposeAsync, writable: true, configurable: true });
  tag(AsyncDisposableStack.prototype, 'AsyncDisposableStack');
  for (const C of [DisposableStack, AsyncDisposableStack]) defineProperty(C, 'prototype', { writable: false });
  return { DisposableStack, AsyncDisposableStack, SuppressedError };
})
