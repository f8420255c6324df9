package porticotest_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// TestUseCache: from the directive in a file to what is kept, and what is not.
func TestUseCache(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lib/data.ts": `import { cacheTag } from 'next/cache'
let runs = 0
export async function user(id: string, options: { deep?: boolean } = {}) {
  'use cache'
  cacheTag('users')
  return { id, options, run: ++runs, at: new Date(0) }
}
export function bound(prefix: string) {
  return async (id: string) => {
    'use cache'
    return prefix + id + ++runs
  }
}
export async function throws(text: string) {
  'use cache'
  if (text) {
    throw new TypeError(text)
  }
}
export async function broken(request: Request) {
  const read = async () => { 'use cache'; return request.headers }
  return read()
}
`,
		"app/api/route.ts": `import { user, bound, throws, broken } from '../../lib/data'
import { revalidateTag } from 'next/cache'
export async function GET(request: Request) {
  const url = new URL(request.url)
  const message = async (f: () => Promise<unknown>) => { try { return await f() } catch (e: any) { return e.stack } }
  switch (url.searchParams.get('do')) {
    case 'user': return Response.json(await user(url.searchParams.get('id')!, { deep: true }))
    case 'bound': return Response.json(await bound(url.searchParams.get('p')!)('x'))
    case 'throws': return Response.json(await message(() => throws('no')))
    case 'broken': return Response.json(await message(() => broken(request)))
    case 'purge': revalidateTag('users', { expire: 0 })
  }
  return new Response('ok')
}
`,
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := porticotest.New(t, portico.Config{Dir: dir, Isolates: 1})
	for _, step := range []struct{ query, want string }{
		{"do=user&id=a", `{"id":"a","options":{"deep":true},"run":1,"at":"1970-01-01T00:00:00.000Z"}`},
		{"do=user&id=a", `"run":1,`},
		{"do=user&id=b", `"run":2,`},
		{"do=bound&p=p", `"px3"`},
		{"do=bound&p=q", `"qx4"`},
		{"do=bound&p=p", `"px3"`},
		{"do=purge", "ok"},
		{"do=user&id=a", `"run":5,`},
		{"do=bound&p=q", `"qx4"`},
		{"do=throws", `TypeError: no\n    at throws (lib/data.ts:17:11)`},
		{"do=broken", `lib/data.ts#21:16 has \"use cache\"`},
	} {
		res, err := s.Client().Get(s.URL + "/api?" + step.query)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), step.want) {
			t.Errorf("%s: %d %s, want %s", step.query, res.StatusCode, body, step.want)
		}
	}
}
