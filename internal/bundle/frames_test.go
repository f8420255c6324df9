package bundle

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// Frames must name the sources: the function, the file from the project's
// root, the line and the column. goja's columns of mapped frames count from 0,
// and the parentheses hold its program counter.
func TestFrames(t *testing.T) {
	f := &fixture{dir: t.TempDir(), entries: []string{"app/api/[id]/route.ts", "app/b/route.ts"}}
	write(t, f.dir, "app/api/[id]/route.ts", `import { outer } from "lib/deep";
import { later } from "../../../lib/later";
export function GET() {
  return outer("é", () => { throw new Error("sync"); });
}
export async function POST() {
  const é = 1; await later(é);
}
`)
	// The name GET is taken twice, so that one is renamed.
	write(t, f.dir, "app/b/route.ts", `export function GET() { return null!.x; }
`)
	write(t, f.dir, "lib/later.ts", `interface Gone {
  erased: string
}

export async function later(n: number): Promise<void> {
  await null;
    throw new TypeError(String(n));
}
`)
	write(t, f.dir, "node_modules/lib/package.json", `{ "exports": { "./deep": "./dist/deep.js" } }`)
	write(t, f.dir, "node_modules/lib/dist/deep.js", `"use strict";
exports.outer = function outer(text, callback) {
  return [1].map(function each() { return callback(); });
};
//# sourceMappingURL=deep.js.map
`)
	write(t, f.dir, "node_modules/lib/dist/deep.js.map", `{"version":3,"sources":["../src/deep.ts"],"mappings":"AAAA","names":[]}`)

	b, err := Build(context.Background(), f.options(), gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, b, func(rt *goja.Runtime, name string) (goja.Value, error) { return goja.Undefined(), nil })
	tests := []struct {
		call string
		want []string
	}{
		{`(await load("app/api/[id]/route.ts")).GET()`, []string{
			"app/api/[id]/route.ts:4:34",
			"each (node_modules/lib/dist/deep.js:3:51)",
			"outer (node_modules/lib/dist/deep.js:3:17)",
			"GET (app/api/[id]/route.ts:4:15)",
		}},
		{`await (await load("app/api/[id]/route.ts")).POST()`, []string{
			"later (lib/later.ts:7:10)",
			"POST (app/api/[id]/route.ts:7:27)",
		}},
		{`(await load("app/b/route.ts")).GET()`, []string{"GET (app/b/route.ts:1:37"}},
	}
	names, err := b.Renamed()
	if err != nil {
		t.Fatal(err)
	}
	identifier := regexp.MustCompile(`[\w$]+`)
	pc := regexp.MustCompile(`\(\d+\)`)
	for _, test := range tests {
		m.log.Reset()
		stack := pc.ReplaceAllString(m.run(t, "try { "+test.call+"; log('nothing was thrown') } catch (e) { log(e.stack) }"), "")
		stack = identifier.ReplaceAllStringFunc(stack, func(name string) string { return cmp.Or(names[name], name) })
		at := 0
		for _, want := range test.want {
			i := strings.Index(stack[at:], want)
			if i < 0 {
				t.Errorf("%s: no frame %q in order in\n%s", test.call, want, stack)
				break
			}
			at += i
		}
	}
}
