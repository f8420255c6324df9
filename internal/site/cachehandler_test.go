package site

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/next"
)

// scripted is a project with a cache handler and a static route.
type scripted struct {
	*Loader
	dir  string
	log  lines
	mu   sync.Mutex
	said []string // to go:spy
}

const spying = `
import { say } from 'go:spy'

const entries = new Map()

export default class {
  constructor(options) {
    say('new ' + options.maxMemoryCacheSize)
  }
  async get(key, ctx) {
    await say('get ' + ctx.kind)
    return entries.get(key) ?? null
  }
  async set(key, value, ctx) {
    await say('set ' + value.kind + ' ' + value.portico.name)
    entries.set(key, { value, lastModified: Date.now() })
  }
  async revalidateTag(tags) {
    await say('revalidateTag ' + tags)
  }
}
`

const staticRoute = `
import { unstable_cache } from 'next/cache'

let n = 0
export const revalidate = 60
export const GET = async () => new Response('made ' + ++n + ' ' + await unstable_cache(async () => 'value', ['v'], { tags: ['v'] })())
`

func newScripted(t *testing.T, nameAndText ...string) *scripted {
	t.Helper()
	p := &scripted{}
	p.dir = project(t, append([]string{
		"app/a/route.ts", staticRoute,
		"next.config.js", "module.exports = {\n  cacheHandler: require.resolve('./cache-handler.js'),\n}\n",
		"cache-handler.js", spying,
	}, nameAndText...)...)
	p.Loader = NewLoader(Options{Dir: p.dir, Logger: p.log.logger(),
		Settings: func(s *config.Settings) { s.Server.Isolates = 1 },
		Expose: map[string]map[string]Function{"spy": {"say": func(_ context.Context, in []byte) ([]byte, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.said = append(p.said, strings.Trim(string(in), `[]"`))
			return []byte("null"), nil
		}}}})
	t.Cleanup(p.Close)
	return p
}

// heard is what was said since.
func (p *scripted) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.said = nil }()
	return strings.Join(p.said, "\n")
}

func (p *scripted) load(t *testing.T) (*Site, *Inputs) {
	t.Helper()
	s, in, err := p.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSite(t, s) })
	return s, in
}

func (p *scripted) want(t *testing.T, s *Site, body, outcome string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/a", nil))
	if w.Code != 200 || w.Body.String() != body || w.Header().Get("X-Nextjs-Cache") != outcome {
		t.Errorf("got %d %q %v, want %q %s", w.Code, w.Body, w.Header(), body, outcome)
	}
}

func TestCacheHandler(t *testing.T) {
	p := newScripted(t)
	s, in := p.load(t)
	if !slices.Contains(in.Files, filepath.Join(in.Root, "cache-handler.js")) {
		t.Errorf("the script is not watched: %v", in.Files)
	}
	p.want(t, s, "made 1 value", "HIT") // rendered ahead
	if got, want := p.heard(), "new 52428800"; !strings.HasPrefix(got, want) || !strings.Contains(got, "get APP_ROUTE") || !strings.Contains(got, "set APP_ROUTE GET /a") || !strings.Contains(got, "get FETCH") || !strings.Contains(got, "set FETCH ") {
		t.Errorf("the script heard\n%s", got)
	}
	if err := s.Cache().Revalidate(t.Context(), []string{"v"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	if got := p.heard(); got != "get APP_ROUTE\nrevalidateTag v" && got != "revalidateTag v" {
		t.Errorf("the script heard\n%s", got)
	}
	p.want(t, s, "made 2 value", "MISS")
	p.heard()

	// A change elsewhere leaves it and its entries as they are.
	if err := os.WriteFile(filepath.Join(p.dir, "app", "a", "extra.ts"), []byte("export {}"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, _ := p.load(t)
	if again.shared != s.shared {
		t.Error("the script was started anew")
	}
	p.want(t, again, "made 2 value", "HIT")
	if got := p.heard(); strings.Contains(got, "new") || strings.Contains(got, "set") {
		t.Errorf("the script heard\n%s", got)
	}

	if err := os.WriteFile(filepath.Join(p.dir, "cache-handler.js"), []byte(strings.Replace(spying, "'new '", "'anew '", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, _ := p.load(t)
	if changed.shared == s.shared {
		t.Error("a changed script was not started")
	}
	if got := p.heard(); !strings.HasPrefix(got, "anew ") {
		t.Errorf("the script heard\n%s", got)
	}
	p.want(t, changed, "made 1 value", "HIT")
	if health := changed.shared.Health(); health != "" {
		t.Errorf("its health is %q", health)
	}
	if text := p.log.String(); text != "" {
		t.Errorf("logged:\n%s", text)
	}
}

// What is wrong is told with its place and what to do.
func TestCacheHandlerProblems(t *testing.T) {
	config := func(line string) string { return "module.exports = {\n  " + line + ",\n}\n" }
	for _, c := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"missing", []string{"next.config.js", config("cacheHandler: require.resolve('./cache.js')")},
			[]string{"next.config.js:2:3: cacheHandler names \"./cache.js\", and there is no such file", "hint: there is cache-handler.js: write cacheHandler: require.resolve('./cache-handler.js')"}},
		{"missing package", []string{"next.config.js", config("cacheHandler: require.resolve('some-handler')"), "cache-handler.js", ""},
			[]string{"cacheHandler names \"some-handler\""}},
		{"syntax", []string{"cache-handler.js", "module.exports = class {\n  get(key { }\n}\n"},
			[]string{"cache-handler.js:2:11: ", "hint: this is the cacheHandler of next.config.js"}},
		{"import", []string{"cache-handler.js", "const redis = require('redis')\nmodule.exports = class { get() {} set() {} }\n"},
			[]string{`cache-handler.js:1:23: cannot resolve "redis"`, "hint: "}},
		{"no class", []string{"cache-handler.js", "export default {}\n"},
			[]string{"cache-handler.js:1:8: the default export is an object, want the cache handler's class", "hint: write module.exports = class CacheHandler {"}},
		{"throws", []string{"cache-handler.js", "module.exports = class {\n  constructor() {\n    throw new Error('no')\n  }\n  get() {}\n  set() {}\n}\n"},
			[]string{"cache-handler.js:3:11: the cache handler threw when it was made: Error: no", "hint: it is made once"}},
		{"throws at the top", []string{"cache-handler.js", "null.x\nmodule.exports = class { get() {} set() {} }\n"},
			[]string{"cache-handler.js:1:6: the cache handler threw when it was made: TypeError: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newScripted(t, c.files...)
			_, in, err := p.Load(t.Context())
			if err == nil {
				t.Fatal("it was loaded")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q", err, want)
				}
			}
			// Mending it is noticed.
			if c.name != "missing package" && !slices.ContainsFunc(in.Files, func(f string) bool {
				return strings.HasSuffix(f, "cache-handler.js") || strings.HasSuffix(f, "cache.js")
			}) {
				t.Errorf("the script is not watched: %v", in.Files)
			}
		})
	}
}

// The script is found however it is named.
func TestCacheHandlerFile(t *testing.T) {
	dir := project(t, "cache-handler.js", "", "lib/store/index.ts", "", "node_modules/pkg/handler.mjs", "")
	l := NewLoader(Options{Logger: (&lines{}).logger()})
	t.Cleanup(l.Close)
	for name, want := range map[string]string{
		"./cache-handler.js":                               "cache-handler.js",
		"./cache-handler":                                  "cache-handler.js",
		"cache-handler.js":                                 "cache-handler.js",
		filepath.Join(dir, "cache-handler.js"):             "cache-handler.js",
		"file://" + filepath.Join(dir, "cache-handler.js"): "cache-handler.js",
		"./lib/store":                                      "lib/store/index.ts",
		"pkg/handler":                                      "node_modules/pkg/handler.mjs",
	} {
		if got, err := l.cacheScriptFile(dir, "next.config.js", name, &Inputs{}); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

// A handler that wants files is told where it fails, and costs no answer.
func TestCacheHandlerWithoutFiles(t *testing.T) {
	p := newScripted(t, "cache-handler.js", `
const fs = require('fs')
module.exports = class {
  async get(key) {
    return JSON.parse(fs.readFileSync('/tmp/' + key))
  }
  async set() {}
}
`)
	s, _ := p.load(t)
	if !slices.ContainsFunc(s.Warnings, func(w string) bool {
		return strings.Contains(w, `cache-handler.js:2:20: the Node.js module "fs" is not available here`)
	}) {
		t.Errorf("the warnings are %q", s.Warnings)
	}
	p.want(t, s, "made 2 value", "MISS")
	text := p.log.String()
	if want := "get() of the cache handler threw; requests go on without it"; strings.Count(text, want) != 1 || !strings.Contains(text, `the Node.js module \"node:fs\" has no readFileSync here`) {
		t.Errorf("logged:\n%s", text)
	}
}

// Portico's own key comes before it.
func TestCacheHandlerAndCache(t *testing.T) {
	p := newScripted(t, "next.config.js", "module.exports = {\n  cacheHandler: './nowhere.js',\n  portico: { cache: 'memory' },\n}\n")
	s, _ := p.load(t)
	if want := "next.config.js:2:3: cacheHandler is not used, as cache says where answers are kept: leave one of the two out"; !slices.Contains(s.Warnings, want) {
		t.Errorf("the warnings are %q, want %q", s.Warnings, want)
	}
	if _, ok := s.Cache().Store().(*next.CacheHandler); ok {
		t.Error("the script is used")
	}
}

// An embedded project has its script in it.
func TestCacheHandlerEmbedded(t *testing.T) {
	p := newScripted(t, "cache-handler.js", strings.Replace(strings.Replace(spying, "import { say } from 'go:spy'", "const say = async () => {}", 1), "'new '", "'new'", 1))
	l := NewLoader(Options{FS: os.DirFS(p.dir), Logger: p.log.logger(), Settings: func(s *config.Settings) { s.Server.Isolates = 1 }})
	t.Cleanup(l.Close)
	s, _, err := l.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSite(t, s) })
	if _, ok := s.Cache().Store().(*next.CacheHandler); !ok {
		t.Error("the script is not used")
	}
	p.want(t, s, "made 1 value", "HIT")
	if err := s.Cache().Revalidate(t.Context(), []string{"v"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	p.want(t, s, "made 2 value", "MISS")
}
