let inspect; console.error({ [Symbol.for('nodejs.util.inspect.custom')](d, o, i) { inspect = i; return ''; } });
// Frames differ between the engines: only the first lines and what is not a frame are compared.
const frames = s => s.split('\n').map(l => l.replace(/^(\s+at ).*?( \{| \])?$/, '$1…$2')).filter(l => !/matching cause/.test(l)).filter((l, i, a) => l !== a[i - 1]);
const show = (v, o) => frames(inspect(v, o));
class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; } }
class Unnamed extends TypeError {}
class Renamed extends Error { get name() { return 'Other'; } }
const bare = new Error('no stack'); bare.stack = undefined;
const short = new Error('short'); short.stack = 'Error: short';
const custom = Object.assign(new Error('with props'), { code: 'E_X', info: { a: [1] } });
const cause = new Error('outer', { cause: new TypeError('inner') });
const causeObject = new Error('outer', { cause: { why: 1 } });
const dom = new DOMException('gone', 'AbortError');
const values = {
	plain: new Error('message'), empty: new Error(), multi: new Error('two\nlines'), type: new TypeError('t'),
	mine: new MyError('m'), unnamed: new Unnamed('u'), renamed: new Renamed('r'),
	bare, short, custom, cause, causeObject, dom,
	nested: { e: new RangeError('in object') }, list: [new Error('in array')],
	deep: { a: { b: { c: new Error('deep') } } },
	aggregate: new AggregateError([new Error('one'), 2], 'many'),
	nameChanged: Object.assign(new Error('x'), { name: 'Changed' }),
	messageChanged: Object.assign(new Error('old'), { message: 'new' }),
	notAnError: { name: 'Error', message: 'x', stack: 'Error: x\n    at y' },
	emptyMessage: Object.assign(new Error(''), { code: 1 }),
	stringy: Object.assign(new Error('s'), { stack: 'just text' }),
};
const out = {};
for (const [k, v] of Object.entries(values)) out[k] = show(v);
return out;
