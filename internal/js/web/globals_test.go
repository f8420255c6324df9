package web

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/js"
)

func TestGlobals(t *testing.T) {
	o := testOptions()
	o.Vars = map[string]string{"B": "2", "A": "1", "__proto__": "p"}
	cases := []struct{ name, script, want string }{
		{"aliases", `return [self === globalThis, global === globalThis, typeof window, Object.keys(globalThis).includes('self')]`, `[true,true,"undefined",false]`},
		{"navigator", `return [navigator.userAgent, navigator instanceof Navigator, navigator.languages, String(navigator), navigator.hardwareConcurrency > 0, Object.keys(Navigator.prototype).includes('userAgent')]`, `["Portico",true,["en-US"],"[object Navigator]",true,true]`},
		{"env", `process.env.C = 'c'; delete process.env.B; return [process.env, Object.keys(process.env), process.env.NONE === undefined, 'A' in process.env]`, `[{"A":"1","__proto__":"p","C":"c"},["A","__proto__","C"],true,true]`},
		{"identity", `return [String(process), process === process, typeof process.cwd(), process.version.startsWith('v20.'), process.versions.node === process.version.slice(1), process.release.name, Array.isArray(process.argv), typeof process.pid]`, `["[object process]",true,"string",true,true,"node",true,"number"]`},
		{"refusals", `return ['exit', 'abort', 'kill', 'chdir', 'binding'].map(n => outcome(() => process[n](0)).split('\n')[0])`,
			`["Error [ERR_FEATURE_UNAVAILABLE_ON_PLATFORM]: process.exit() is not available here","Error [ERR_FEATURE_UNAVAILABLE_ON_PLATFORM]: process.abort() is not available here","Error [ERR_FEATURE_UNAVAILABLE_ON_PLATFORM]: process.kill() is not available here","Error [ERR_FEATURE_UNAVAILABLE_ON_PLATFORM]: process.chdir() is not available here","Error [ERR_FEATURE_UNAVAILABLE_ON_PLATFORM]: process.binding() is not available here"]`},
		{"listeners", `return [process.on('exit', () => {}) === process, process.once('x', () => {}).off('x') === process, process.emit('x'), process.listeners('x')]`, `[true,true,false,[]]`},
		{"clocks", `
			const a = process.hrtime(), b = process.hrtime(a), c = process.hrtime.bigint(), d = process.hrtime.bigint();
			return [a.length, a[0] >= 1, b[0] === 0 && b[1] >= 0, typeof c, d >= c, process.uptime() >= 0, outcome(() => process.hrtime(5)), outcome(() => process.hrtime([1]))]`,
			`[2,true,true,"bigint",true,true,"TypeError [ERR_INVALID_ARG_TYPE]: The \"time\" argument must be an instance of Array. Received type number (5)","RangeError [ERR_OUT_OF_RANGE]: The value of \"time\" is out of range. It must be 2. Received 1"]`},
		{"memory", `const m = process.memoryUsage(); return [Object.keys(m), m.rss > 0, m.heapUsed > 0 && m.heapUsed <= m.heapTotal, process.memoryUsage.rss() > 0]`, `[["rss","heapTotal","heapUsed","external","arrayBuffers"],true,true,true]`},
		{"built-in modules", `return [process.getBuiltinModule('node:nothing') === undefined]`, `[true]`},
		{"globals can be replaced", `globalThis.process = { env: {} }; globalThis.navigator = 5; return [Object.keys(process), navigator]`, `[["env"],5]`},
		{"nextTick keeps the context and its arguments", `const out = []; process.nextTick((a, b) => out.push(a + b), 1, 2); out.push('sync'); await new Promise(r => setTimeout(r)); return out`, `["sync",3]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := runWith(t, o, c.script); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if len(o.Vars) != 3 || o.Vars["B"] != "2" {
		t.Errorf("a script changed the site's variables: %v", o.Vars)
	}
}

func TestProcessOutput(t *testing.T) {
	var rec recorder
	o := testOptions()
	o.Logger = slog.New(&rec)
	o.Dev = true
	runWith(t, o, `
		process.stdout.write('out\n'); process.stderr.write('err');
		process.emitWarning('careful'); process.emitWarning('old', 'DeprecationWarning', 'DEP1'); process.emitWarning(new TypeError('t')); process.emitWarning('o', { type: 'Custom', code: 'C', detail: 'more' });
		process.on('SIGTERM', () => {}); process.on('SIGTERM', () => {});`)
	want := `INFO out|ERROR err|WARN Warning: careful|WARN DeprecationWarning [DEP1]: old|WARN TypeError: t|WARN Custom [C]: o
more|DEBUG process.on('SIGTERM') is ignored: the process's events belong to the server`
	if got := strings.Join(rec.lines(), "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReportError(t *testing.T) {
	errs := reported(t, func(e *Env) {
		e.eval(t, `reportError(new RangeError('reported')); reportError('text')`)
	})
	if len(errs) != 2 || errs[0].Error() != "RangeError: reported" || !strings.Contains(errs[1].Error(), "text") {
		t.Errorf("reported %v", errs)
	}
	if e, ok := errs[0].(*js.ScriptError); !ok || e.Name != "RangeError" {
		t.Errorf("reported a %T", errs[0])
	}
}
