// What URL makes of texts, alone and against a base.
const parts = u => [u.href, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.origin];
const show = (s, b) => outcome(() => parts(b === undefined ? new URL(s) : new URL(s, b)).join(' | '));
const alone = [
	// plain
	'http://example.com', 'http://example.com/', 'https://example.com:8443/a/b?c=d#e', 'http://localhost:3000', 'http://localhost:3000?x', 'http://localhost:3000#x',
	'http://127.0.0.1:8080/x', 'http://0.0.0.0', 'http://a_b.c-d.example/~x', 'http://h/.well-known/x', 'http://h/a/...', 'http://h/a/..b', 'http://h/a.b/.c',
	'https://example.com:443/', 'http://example.com:80', 'http://h:0', 'http://h:00', 'http://h:65535', 'http://h:65536', 'http://h:080', 'http://h:', 'http://h:a', 'http://h:1a', 'http://h:123456',
	// case, white space, tabs
	'HTTP://EXAMPLE.COM/A', '  http://h/x  ', '\u0000http://h\u001f', 'ht\ntp://h\t/a\r\nb', 'http://h/a b', 'http://h/\u00a0',
	// dots
	'http://h/a/./b', 'http://h/a/../b', 'http://h/../..', 'http://h/a/..', 'http://h/a/.', 'http://h/%2e/a', 'http://h/a/%2E%2e/b', 'http://h/.%2e/x', 'http://h/%2e.', 'http://h/%2ex', 'http://h//..//x',
	// escapes
	'http://h/%', 'http://h/%zz', 'http://h/%41', 'http://h/ä/日本/\u{1F600}', 'http://h/\ud800', 'http://h/"<>`{}|~\'', 'http://h/?"<>`{}|^~\'', 'http://h/#"<>`{}|^~\'', 'foo://h/?"<>`{}|^~\'', 'http://h/\\a\\b', 'foo://h/\\a', 'http:\\\\h\\a',
	'http://h?', 'http://h#', 'http://h?#', 'http://h/??', 'http://h/##', 'http://h/?a#b?c', 'http://h/\u0000?\u0000#\u0000',
	// credentials
	'http://u@h', 'http://u:p@h/', 'http://:p@h/', 'http://u:@h/', 'http://@h/', 'http://:@h/', 'http://a@b@h/', 'http://a:b:c@h/', 'http://ü:"p@h/', 'http://u:p@', 'http://@', 'http://u@/x',
	// hosts
	'http://', 'http:///x', 'http:h', 'http:/h', 'http:////h', 'http://h..', 'http://.', 'http://a..b', 'http://.a', 'http://a.', 'http://münchen.de', 'http://MÜNCHEN.de', 'http://xn--mnchen-3ya.de', 'http://faß.de', 'http://☃.net/', 'http://日本語.jp', 'http://ａ.com', 'http://a\u00adb', 'http://\u00ad/', 'http://%41', 'http://%', 'http://a%20b', 'http://a b', 'http://a<b', 'http://a^b', 'http://a|b', 'http://a%00b', 'http://-a-', 'http://a--b', 'http://a*b', 'http://a\'b', 'http://a!b', 'http://a,b;c=d&e$f', 'http://xn--', 'http://xn--a', 'http://xn--zn7c.com', 'http://\u200d', 'http://１２7.0.0.1', 'http://ا1', 'http://a。b', 'http://' + 'a'.repeat(70) + '.com',
	// IPv4
	'http://1', 'http://256', 'http://4294967295', 'http://4294967296', 'http://0x7f.1', 'http://0x', 'http://1.2.3', 'http://1.2.3.4.', 'http://1.2.3.4.5', 'http://256.1.1.1', 'http://1.1.1.256', 'http://017.1', 'http://09.1', 'http://0x7f000001', 'http://1..2', 'http://a.1', 'http://a.0x1', 'http://1.a', 'http://01.2.3.4',
	// IPv6
	'http://[::1]', 'http://[::1]:80/', 'http://[::1]:81/', 'http://[1:2:3:4:5:6:7:8]', 'http://[1::8]', 'http://[1:0:0:4:0:0:0:8]', 'http://[::ffff:1.2.3.4]', 'http://[::1.2.3]', 'http://[1:2]', 'http://[1::2::3]', 'http://[::1%25eth0]', 'http://[::1', 'http://::1', 'http://[]', 'http://[G::]', 'http://[::00001]', 'foo://[::1]/',
	// other schemes
	'ws://h:80/', 'wss://h:443/x#y', 'ftp://h:21/x', 'mailto:a@b', 'mailto:a b?c d#e f', 'data:text/plain,a b#c', 'javascript:alert(1)', 'foo:', 'foo:/', 'foo://', 'foo:///', 'foo:////', 'foo:/a/../b', 'foo:a/../b', 'foo://h', 'foo://H:80/p', 'foo://h?q', 'foo:/.//p', 'foo:/..//p', 'foo://a b', 'foo://%zz', 'foo://ä', 'foo://a^b', 'blob:https://a.b:81/x', 'blob:foo', 'blob:http://h', 'blob:ftp://h/', 'about:blank', 'a+b-c.1:x', '1a:x', ':x', 'http', '', '/x', '//h', '?q', '#f', 'foo:bar  ', 'urn:isbn:1',
	// file
	'file:', 'file:x', 'file:/x', 'file://x', 'file:///x', 'file:////x', 'file://localhost/x', 'file:///C:/x', 'file:///C|/x', 'file:C:/x', 'file://C:/x', 'file:///C:/..', 'file:///c:/../../x', 'file://h/C:/..', 'file:\\\\h\\x', 'file:///%43:/x', 'file://[::1]/x', 'file://h:80/x',
];
const bases = ['http://example.com/a/b?q#h', 'https://u:p@h:8080/x/y/', 'http://h', 'file:///C:/x/y', 'file://host/share/x', 'foo://h/p/q', 'foo:/a/b', 'mailto:x@y', 'data:text/plain,x'];
const references = ['', '/', '/x', '//k', '//k:81/y', '///z', 'x', './x', '../x', '../../../x', '.', '..', '?', '?y', '#', '#z', '?y#z', 'x?y#z', 'x/y/../z', '/x/../y', '/.', '/..', '/.x', '/a b', '/ä', 'a:b', 'http:', 'http:x', 'http:/x', 'https:x', 'http://k', 'https://k:443/a?b', 'foo:x', 'file:x', 'file:', 'C|/x', '/C:/x', '\\x', '\\\\k', '/\\k', '?ä', '?\'', '#ä', '\t/x\n', '/%2e%2e/x', ':a', ';a', '/.//x', 'http://[::1', 'mailto:q'];
const opaque = b => /^(mailto|data):/.test(b);
return {
	alone: alone.map(s => [s, show(s)]),
	against: bases.map(b => [b, references.filter(r => !(opaque(b) && r.includes('#') && r !== '#' && r !== '#z' && r !== '#ä') && !(b.startsWith('foo') && r === '/..')).map(r => [r, show(r, b)])]),
};
