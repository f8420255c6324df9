// Some answers hold the working directory: it is the same everywhere.
process.cwd = () => '/base/portico';
const path = require('path');
const out = [];
const parts = ['', '.', '..', '/', '//', 'a', 'a/', '/a', 'b.txt', '.env', 'a.', '...', '..a', 'a/../b', './x', '../../y', 'a//b/', '/a//b', '///a', '//a/b', '//a/b/', '//a/b/c',
	'\\', '\\\\', 'a\\b', '\\\\srv\\share', '\\\\srv\\share\\', '\\\\srv\\share\\x\\..\\y', '\\\\.\\pipe\\x', '\\\\?\\C:\\x', 'C:', 'C:\\', 'C:/x', 'c:x', 'C:..\\a', 'C:\\a\\..\\..\\b', 'x:y:z', 'CON:', 'a/../C:x', 'nul:/x', 'é/ü.x', 'a.tar.gz', '/a/b.c/', 'a b'];
for (const kind of ['posix', 'win32']) {
	const p = path[kind], rows = {};
	for (const s of parts) rows[s] = [p.normalize(s), p.dirname(s), p.basename(s), p.basename(s, '.txt'), p.basename(s, 'a'), p.extname(s), p.isAbsolute(s), p.parse(s), p.format(p.parse(s))];
	out.push(rows);
	for (const a of parts) {
		for (const b of parts) {
			if ((a.length * 7 + parts.indexOf(b)) % 5) continue; // a part of the pairs, so that the record stays small
			out.push([kind, a, b, p.join(a, b), p.join(b, 'q', a), p.resolve(kind === 'posix' ? '/base' : 'C:\\base', a, b), p.relative(kind === 'posix' ? '/r/' + a : 'C:\\r\\' + a, kind === 'posix' ? '/r/' + b : 'C:\\r\\' + b), p.basename(a, b)].join('|'));
		}
	}
}
out.push(path === path.posix, path.posix.win32 === path.win32, path === require('node:path'), require('path/posix') === path.posix, require('node:path/win32') === path.win32, path.sep, path.delimiter, path.win32.sep, path.win32.delimiter, Object.keys(path).filter(k => k !== 'matchesGlob')); // experimental in Node 20
out.push(path.format({ root: '/', name: 'f', ext: 'txt' }), path.format({ root: '/', dir: '/home/x', base: 'f.t', name: 'n' }), path.format({}));
out.push(path.win32.toNamespacedPath('C:\\x\\..\\y'), path.win32.toNamespacedPath('\\\\s\\h\\f'), path.win32.toNamespacedPath(''), path.toNamespacedPath(3), path.join(), path.resolve('/x', '..'), path.resolve('q') === path.join(process.cwd(), 'q'));
for (const m of ['normalize', 'dirname', 'basename', 'extname', 'parse', 'isAbsolute', 'join', 'resolve', 'format', 'relative']) {
	for (const v of [undefined, null, 1, {}, [], () => 1, Symbol('s'), true]) out.push([m, outcome(() => JSON.stringify(path[m](v))), outcome(() => JSON.stringify(path.win32[m](v)))]);
}
out.push(outcome(() => path.basename('a', 1)), outcome(() => path.join('a', 1)));
return out;
