// Loaded into `next start` ahead of everything (node --require): a clock that the
// recorder moves by messages { advance: milliseconds }. It goes on by itself in
// between, as Next.js compares times of the same run with one another. Timers
// keep the real time; what Next.js keeps for a while is dated, not timed.
'use strict';

let offset = Number(process.env.RECORD_CLOCK_OFFSET ?? 0);

const Real = Date;
const realDate = Date.now.bind(Date);
const realPerformance = performance.now.bind(performance);
const now = () => realDate() + offset;

Real.now = now;
globalThis.Date = new Proxy(Real, {
  construct: (target, args, as) => Reflect.construct(target, args.length ? args : [now()], as),
  apply: () => new Real(now()).toString(),
});
Real.prototype.constructor = globalThis.Date;
Object.defineProperty(performance, 'now', { value: () => realPerformance() + offset, configurable: true, writable: true });

process.on('message', ({ advance }) => {
  offset += advance;
  process.send({ advanced: advance });
});
process.channel?.unref();
