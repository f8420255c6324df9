package site

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/config"
)

func TestDraft(t *testing.T) {
	dir := project(t,
		"app/enable/route.ts", "import { draftMode } from 'next/headers'\nexport async function GET() { (await draftMode()).enable(); return new Response() }",
		"app/state/route.ts", "import { draftMode } from 'next/headers'\nlet n = 0\nexport const revalidate = 60\nexport async function GET() { return new Response((await draftMode()).isEnabled + ' ' + ++n) }",
		"middleware.ts", "import { draftMode } from 'next/headers'\nimport { NextResponse } from 'next/server'\nexport async function middleware() { return NextResponse.next({ headers: { 'x-draft': String((await draftMode()).isEnabled) } }) }",
	)
	enable := func(s *Site) string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/enable", nil))
		value, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		return value
	}
	ask := func(s *Site, cookie string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://localhost/state", nil)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	key := filepath.Join(dir, ".portico", "draft.key")
	s, _, err := load(t, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(s, "").Body.String(); got != "false 1" {
		t.Error(got)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("there is a key although nobody uses draft mode")
	}
	cookie := enable(s)
	if _, err := os.Stat(key); err != nil || !strings.HasPrefix(cookie, "__prerender_bypass=") {
		t.Fatal(err, cookie)
	}
	w := ask(s, cookie)
	if w.Body.String() != "true 2" || w.Header().Get("Cache-Control") != "private, no-cache, no-store, max-age=0, must-revalidate" || w.Header().Get("X-Draft") != "true" {
		t.Error(w.Body, w.Header())
	}
	w = ask(s, "__prerender_bypass=wrong")
	if lines := w.Header()["Set-Cookie"]; w.Body.String() != "false 1" || len(lines) != 2 || !strings.HasPrefix(lines[0], "__prerender_bypass=; Path=/; Expires=") || w.Header().Get("X-Draft") != "false" {
		t.Error(w.Body, lines)
	}
	if got := ask(s, "").Body.String(); got != "false 1" {
		t.Error(got)
	}

	// Another process of the project knows the cookie; another secret does not.
	again, _, err := load(t, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if enable(again) != cookie {
		t.Error("the key has changed")
	}
	secret, _, err := load(t, Options{Dir: dir, Environ: []string{"PORTICO_DRAFT_SECRET=0123456789abcdef"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := enable(secret); got == cookie || strings.Contains(got, "0123456789abcdef") {
		t.Error(got)
	}
	if _, _, err := load(t, Options{Dir: dir, Environ: []string{"PORTICO_DRAFT_SECRET=short"}}); err == nil || !strings.Contains(err.Error(), "fewer than 16") {
		t.Error(err)
	}
	memory := func(s *config.Settings) { s.Cache.Store = config.CacheMemory }
	if s, _, err = load(t, Options{Dir: dir, Settings: memory}); err != nil {
		t.Fatal(err)
	}
	if enable(s) == cookie {
		t.Error("the key is read where nothing is kept")
	}
}
