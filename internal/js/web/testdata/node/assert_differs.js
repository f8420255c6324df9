// Differences are shown by the longest common subsequence of lines.
const assert = require('assert');
const log = [];
const t = f => { try { f(); log.push('passes') } catch (e) { log.push(e.message) } };
t(() => assert.deepStrictEqual({ a: { b: { c: [1, 2, { d: 3 }] } } }, { a: { b: { c: [1, 2, { d: 4 }] } } }));
t(() => assert.deepStrictEqual({ a: 1, b: 2, c: 3, d: 4 }, { b: 2, c: 3, d: 5, e: 6 }));
return log;
