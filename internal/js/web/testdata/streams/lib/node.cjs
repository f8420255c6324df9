// node node.cjs ours|node <scripts> -- <cases> runs the cases in Node, on the
// streams scripts or on Node's own streams, and prints the results as JSON.
'use strict';

const fs = require('fs');
const path = require('path');
const vm = require('vm');

const [which, ...args] = process.argv.slice(2);
const split = args.indexOf('--');
const scripts = args.slice(0, split);
const cases = args.slice(split + 1);

const load = (file) => vm.runInThisContext(fs.readFileSync(file, 'utf8'), { filename: file });

function ours() {
  const host = {
    asyncIterator: Symbol.asyncIterator,
    asyncIteratorPrototype: Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype),
    queueMicrotask,
    structuredClone,
    AbortController,
    AbortSignal,
    transferArrayBuffer(buffer) {
      const moved = structuredClone(buffer, { transfer: [buffer] });
      // Node copies what it cannot transfer: the memory of WebAssembly.
      if (moved.byteLength > 0 && buffer.byteLength > 0) throw new TypeError('The buffer cannot be transferred');
      return moved;
    },
    isDetached(buffer) {
      if (buffer.byteLength !== 0) return false;
      try {
        return new Uint8Array(buffer) === undefined;
      } catch {
        return true;
      }
    },
  };
  const s = {};
  for (const file of scripts) load(file)(host, s);
  return s.exports;
}

const streams = which === 'ours' ? ours() : require('stream/web');
const extra = {
  asyncIterator: Symbol.asyncIterator,
  AbortController,
  AbortSignal,
  detach: (buffer) => { structuredClone(buffer, { transfer: [buffer] }); },
};

const unhandled = new Map();
process.on('unhandledRejection', (reason, promise) => { unhandled.set(promise, reason); });
process.on('rejectionHandled', (promise) => { unhandled.delete(promise); });

const { t, run } = load(path.join(__dirname, 'harness.js'))({
  macrotask: () => new Promise((resolve) => setImmediate(resolve)),
  unhandled() {
    const reasons = [...unhandled.values()];
    unhandled.clear();
    return reasons;
  },
});
for (const file of cases) {
  const base = path.basename(file, '.js');
  load(file)({ ...streams, ...extra }, { ...t, test: (name, f) => t.test(`${base}: ${name}`, f) });
}

let finished = false;
const done = (results) => {
  finished = true;
  process.stdout.write(results);
};
process.on('beforeExit', () => { if (!finished) run(done); });
run(done);
