package web

import (
	"strings"
	"testing"
)

// patternShow is a script's helper: show(p) are the components that are not *.
const patternShow = `
const names = ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash'];
const show = (...a) => outcome(() => { const p = new URLPattern(...a); return names.filter(n => p[n] !== '*').map(n => n + '=' + p[n]).join(' ') });
const groups = (p, ...a) => { const r = p.exec(...a); return r && names.flatMap(n => Object.entries(r[n].groups).filter(([k, v]) => k !== '0' || r[n].input !== v).map(([k, v]) => n + '.' + k + '=' + v)).join(' ') };
`

// What the components of a pattern are; Node 20 has no URLPattern, so that the
// cases are written from the standard.
func TestURLPatternComponents(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{`{}`, ``},
		{``, ``},
		{`undefined`, ``},
		{`{ pathname: '/foo/bar' }`, `pathname=/foo/bar`},
		{`{ pathname: '/foo/:bar' }`, `pathname=/foo/:bar`},
		{`{ pathname: '/foo/([^\\/]+?)' }`, `pathname=/foo/([^\/]+?)`},
		{`{ pathname: '/foo/:bar(.*)' }`, `pathname=/foo/:bar(.*)`},
		{`{ pathname: '/foo/(.*)' }`, `pathname=/foo/*`},
		{`{ pathname: '/foo/*?' }`, `pathname=/foo/*?`},
		{`{ pathname: '/foo/:a?' }`, `pathname=/foo/:a?`},
		{`{ pathname: '/foo/:a+' }`, `pathname=/foo/:a+`},
		{`{ pathname: '/foo{/bar}?' }`, `pathname=/foo{/bar}?`},
		{`{ pathname: '/foo{/bar}' }`, `pathname=/foo/bar`},
		{`{ pathname: '{/:foo}' }`, `pathname=/:foo`},
		{`{ pathname: '/{:foo}' }`, `pathname=/{:foo}`},
		{`{ pathname: '{:foo}bar' }`, `pathname={:foo}bar`},
		{`{ pathname: ':foo.' }`, `pathname=:foo.`},
		{`{ pathname: '/foo\\:bar' }`, `pathname=/foo\:bar`},
		{`{ pathname: '/caf\u00e9' }`, `pathname=/caf%C3%A9`},
		{`{ pathname: '/foo/../bar' }`, `pathname=/bar`},
		{`{ pathname: '/a b?c' , protocol: 'https' }`, `TypeError`},
		{`{ search: '?q=a b' }`, `search=q=a%20b`},
		{`{ search: 'q=a b' }`, `search=q=a%20b`},
		{`{ search: '?q=1' }`, `search=q=1`},
		{`{ hash: '#a b' }`, `hash=a%20b`},
		{`{ protocol: 'http{s}?:' }`, `protocol=http{s}?`},
		{`{ protocol: 'HTTPS' }`, `protocol=https`},
		{`{ protocol: 'https', port: '443' }`, `protocol=https port=`},
		{`{ protocol: 'http{s}?', port: '80' }`, `protocol=http{s}? port=80`},
		{`{ port: '80x' }`, `port=80`},
		{`{ port: 'x80' }`, `TypeError`},
		{`{ port: '100000' }`, `TypeError`},
		{`{ hostname: 'EXAMPLE.com' }`, `hostname=example.com`},
		{`{ hostname: 'b\u00fccher.de' }`, `hostname=xn--bcher-kva.de`},
		{`{ hostname: '{:sub.}?example.com' }`, `hostname={:sub.}?example.com`},
		{`{ hostname: '[\\:\\:AB\\::num]' }`, `hostname=[\:\:ab\::num]`},
		{`{ hostname: 'bad|host' }`, `TypeError`},
		{`{ hostname: 'bad%host' }`, `TypeError`},
		{`{ username: 'a@b' }`, `username=a%40b`},
		{`{ pathname: '/:a/:a' }`, `TypeError`},
		{`{ pathname: '/(' }`, `TypeError`},
		{`{ pathname: '/((x))' }`, `TypeError`},
		{`{ pathname: '/(?x)' }`, `TypeError`},
		{`{ pathname: '/(\u00e9)' }`, `TypeError`},
		{`{ pathname: '/([z-a])' }`, `TypeError`},
		{`{ pathname: '/:' }`, `TypeError`},
		{`{ pathname: '/{a' }`, `TypeError`},
		{`{ pathname: '/a}' }`, `TypeError`},
		{`{ pathname: '/{a{b}}' }`, `TypeError`},
		{`{ pathname: '/a+' }`, `TypeError`},
		{`{ pathname: 'a\\' }`, `TypeError`},
		{`{ baseURL: 'no' }`, `TypeError`},
		{`{ pathname: 'x', baseURL: 'https://e.com:8080/dir/file?q#h' }`, `protocol=https hostname=e.com port=8080 pathname=/dir/x`},
		{`{ search: 'x', baseURL: 'https://e.com/a+b/(c)?q#h' }`, `protocol=https hostname=e.com port= pathname=/a\+b/\(c\) search=x`},
		{`{ baseURL: 'https://u:p@e.com/a?q#h' }`, `protocol=https hostname=e.com port= pathname=/a search=q hash=h`},
		{`'https://example.com/foo?bar#baz'`, `protocol=https hostname=example.com port= pathname=/foo search=bar hash=baz`},
		{`'https://example.com/'`, `protocol=https hostname=example.com port= pathname=/`},
		{`'https://example.com'`, `protocol=https hostname=example.com port=`},
		{`'https://example.com?q'`, `protocol=https hostname=example.com port= pathname=/ search=q`},
		{`'https://example.com#h'`, `protocol=https hostname=example.com port= pathname=/ search= hash=h`},
		{`'http{s}?://{*.}?example.com/product/:endpoint'`, `protocol=http{s}? hostname={*.}?example.com port= pathname=/product/:endpoint`},
		{`'https://*.example.com:80*/a/*.html\\?x=*'`, `protocol=https hostname=*.example.com port=80* pathname=/a/*.html search=x=*`},
		{`'https://u:p@h.com/'`, `protocol=https username=u:p hostname=h.com port= pathname=/`}, // :p is a group
		{`'https://user\\:pass@example.com/'`, `protocol=https username=user password=pass hostname=example.com port= pathname=/`},
		{`'https://[::1]:8080/'`, `TypeError`},
		{`'https://[\\:\\:1]/'`, `protocol=https hostname=[\:\:1] port= pathname=/`},
		{`'https://{sub.}?example{.com/}foo'`, `protocol=https hostname={sub.}?example.com port=`}, // the host ends at the slash
		{`'data\\:foo*'`, `protocol=data hostname= port= pathname=foo*`},
		{`'data:text/:x'`, `TypeError`},
		{`'/foo'`, `TypeError`},
		{`'/foo/:id', 'https://example.com/base?x'`, `protocol=https hostname=example.com port= pathname=/foo/:id`},
		{`'foo', 'https://example.com/a/b'`, `protocol=https hostname=example.com port= pathname=/a/foo`},
		{`'?q=*', 'https://example.com/a/b'`, `protocol=https hostname=example.com port= pathname=/a/b search=q=*`},
		{`'#:h', 'https://example.com/a/b?s'`, `protocol=https hostname=example.com port= pathname=/a/b search=s hash=:h`},
		{`{ pathname: '/a' }, 'https://example.com'`, `TypeError`},
		{`'/a', 'no base'`, `TypeError`},
		{`5`, `TypeError`},
		{`{ pathname: '/a' }, 5`, `TypeError`},
	} {
		got := run(t, patternShow+`return show(`+c.args+`)`)
		if c.want == "TypeError" && strings.HasPrefix(got, `"TypeError: Invalid URLPattern: `) {
			continue
		}
		if got != jsonString(c.want) {
			t.Errorf("new URLPattern(%s)\n got %s\nwant %s", c.args, got, jsonString(c.want))
		}
	}
}

func TestURLPatternMatches(t *testing.T) {
	for _, c := range []struct{ pattern, input, want string }{
		{`{ pathname: '/foo/bar' }`, `{ pathname: '/foo/bar' }`, `""`},
		{`{ pathname: '/foo/bar' }`, `{ pathname: '/foo/ba' }`, `null`},
		{`{ pathname: '/foo/bar' }`, `'https://example.com/foo/bar/baz'`, `null`},
		{`{ pathname: '/foo/bar' }`, `{ hostname: 'example.com', pathname: '/foo/bar', baseURL: 'https://e.com' }`, `""`},
		{`{ pathname: '/foo/:bar' }`, `{ pathname: '/foo/index.html' }`, `"pathname.bar=index.html"`},
		{`{ pathname: '/foo/:bar' }`, `{ pathname: '/foo/' }`, `null`},
		{`{ pathname: '/foo/:bar' }`, `{ pathname: '/foo/a/b' }`, `null`},
		{`{ pathname: '/foo/:bar?' }`, `{ pathname: '/foo' }`, `"pathname.bar=undefined"`},
		{`{ pathname: '/foo/:bar*' }`, `{ pathname: '/foo/a/b' }`, `"pathname.bar=a/b"`},
		{`{ pathname: '/foo/:bar+' }`, `{ pathname: '/foo' }`, `null`},
		{`{ pathname: '/foo/*' }`, `{ pathname: '/foo/' }`, `"pathname.0="`},
		{`{ pathname: '/foo/(\\d+)/:x([a-z]+)' }`, `{ pathname: '/foo/12/ab' }`, `"pathname.0=12 pathname.x=ab"`},
		{`{ pathname: '/foo{/bar}*' }`, `{ pathname: '/foo/bar/bar' }`, `""`},
		{`{ pathname: '/:a-:b' }`, `{ pathname: '/x-y' }`, `"pathname.a=x pathname.b=y"`},
		{`{ pathname: '/:a.:b?' }`, `{ pathname: '/x.y' }`, `"pathname.a=x pathname.b=y"`},
		{`{ pathname: '/caf\u00e9' }`, `'https://e.com/caf%C3%A9'`, `""`},
		{`{ pathname: '/:caf\u00e9' }`, `'https://e.com/x'`, `"pathname.café=x"`},
		{`{ pathname: '/:__proto__' }`, `'https://e.com/x'`, `"pathname.__proto__=x"`},
		{`{ hostname: '{:sub.}?example.com' }`, `'https://www.example.com/'`, `"hostname.sub=www"`},
		{`{ hostname: '{:sub.}?example.com' }`, `'https://example.com/'`, `"hostname.sub=undefined"`},
		{`{ hostname: ':a.com' }`, `'https://x.y.com/'`, `null`},
		{`{ hostname: '[\\:\\:1]' }`, `'https://[::1]/'`, `""`},
		{`{ protocol: 'http{s}?' }`, `'https://e.com/'`, `""`},
		{`{ protocol: 'http{s}?' }`, `'ftp://e.com/'`, `null`},
		{`{ port: '8080' }`, `'https://e.com:8080/'`, `""`},
		{`{ protocol: 'https', port: '443' }`, `'https://e.com:443/'`, `""`},
		{`{ search: 'q=:q' }`, `'https://e.com/?q=a&b'`, `"search.q=a&b"`},
		{`{ hash: 'h:n(\\d)' }`, `'https://e.com/#h5'`, `"hash.n=5"`},
		{`{ username: ':u' }`, `'https://me:pw@e.com/'`, `"username.u=me"`},
		{`'data\\:*'`, `'data:text/plain,x'`, `""`},
		{`'https://e.com/:a', { ignoreCase: true }`, `'https://e.com/x'`, `"pathname.a=x"`},
		{`{ pathname: '/Foo' }, { ignoreCase: true }`, `'https://e.com/foo'`, `""`},
		{`{ pathname: '/Foo' }`, `'https://e.com/foo'`, `null`},
		{`'/a/:b', 'https://e.com', { ignoreCase: true }`, `'https://e.com/A/1'`, `"pathname.b=1"`},
		{`'https://e.com/:a'`, `'/x', 'https://e.com/y/z'`, `"pathname.a=x"`},
		{`'https://e.com/:a'`, `'/x', 'no base'`, `null`},
		{`'https://e.com/:a'`, `'no url'`, `null`},
		{`'https://e.com/:a'`, `{ pathname: 'x', baseURL: 'https://e.com/y' }`, `"pathname.a=x"`},
		{`{}`, `{ port: 'x' }`, `null`},
		{`{}`, `{ baseURL: 'x' }`, `null`},
	} {
		got := run(t, patternShow+`const p = new URLPattern(`+c.pattern+`); const r = groups(p, `+c.input+`); if ((r !== null) !== p.test(`+c.input+`)) return 'test and exec differ'; return r`)
		if got != c.want {
			t.Errorf("new URLPattern(%s).exec(%s)\n got %s\nwant %s", c.pattern, c.input, got, c.want)
		}
	}
}

func TestURLPatternMembers(t *testing.T) {
	got := run(t, `
		const p = new URLPattern('https://e.com/:a/(\\d+)'), r = p.exec('x/5', 'https://e.com/');
		return [r.inputs, Object.keys(r), r.pathname, r.protocol, p.exec({ pathname: '/x' }), p.hasRegExpGroups, new URLPattern({ pathname: '/:a/*' }).hasRegExpGroups,
			outcome(() => p.test({}, 'https://e.com')), outcome(() => URLPattern.prototype.test.call({})), outcome(() => URLPattern()), outcome(() => new URLPattern('', 'https://e.com', 5)),
			String(p), URLPattern.length, Object.keys(URLPattern.prototype).length,
			new URLPattern({}).exec(), new URLPattern({ hostname: 'a.b' }).test(new URL('https://a.b/c')), new URLPattern('*', 'https://e.com/x/').pathname]`)
	want := `[["x/5","https://e.com/"],["inputs","protocol","username","password","hostname","port","pathname","search","hash"],` +
		`{"input":"/x/5","groups":{"0":"5","a":"x"}},{"input":"https","groups":{}},null,true,false,` +
		`"TypeError: A base URL goes into the dictionary","TypeError: Illegal invocation","TypeError: Class constructor URLPattern cannot be invoked without 'new'","TypeError: The provided value is not of type 'URLPatternOptions'",` +
		`"[object URLPattern]",0,11,` +
		`{"inputs":[{}],"protocol":{"input":"","groups":{"0":""}},"username":{"input":"","groups":{"0":""}},"password":{"input":"","groups":{"0":""}},"hostname":{"input":"","groups":{"0":""}},"port":{"input":"","groups":{"0":""}},"pathname":{"input":"","groups":{"0":""}},"search":{"input":"","groups":{"0":""}},"hash":{"input":"","groups":{"0":""}}},true,"/x/*"]`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// Whatever the pattern, parsing ends, and a pattern's own text parses to itself.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"/foo/:bar", "{/:a}?(x)*", `\{:a}b`, "*", "(a(?:b))+", ":a:b", "/{:x}y", "{a:b(c)d}*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o := patternOptions{delimiter: "/", prefix: "/"}
		same := func(s string) (string, error) { return s, nil }
		parts, err := parsePattern(s, same, o)
		if err != nil {
			return
		}
		text := patternString(parts, o)
		again, err := parsePattern(text, same, o)
		if err != nil {
			t.Fatalf("%q became %q: %v", s, text, err)
		}
		if second := patternString(again, o); second != text {
			t.Errorf("%q became %q and then %q", s, text, second)
		}
		a, _ := patternRegExp(parts, o)
		if b, _ := patternRegExp(again, o); a != b {
			t.Errorf("%q matches %s, its text %q %s", s, a, text, b)
		}
	})
}
