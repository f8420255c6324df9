package next

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestDraftSecret(t *testing.T) {
	a, b := NewDraft([]byte("secret")), NewDraft([]byte("secret"))
	if a.Token() != b.Token() || len(a.Token()) != 32 || strings.Contains(a.Token(), "secret") {
		t.Error(a.Token(), b.Token())
	}
	if NewDraft(nil).Token() == NewDraft(nil).Token() {
		t.Error("a secret that is not given is not random")
	}
	for value, valid := range map[string]bool{
		a.Token(): true, NewDraft([]byte("Secret")).Token(): false, "": false, a.Token() + "0": false, a.Token()[1:]: false, strings.ToUpper(a.Token()): strings.ToUpper(a.Token()) == a.Token(),
	} {
		if a.Valid(value) != valid {
			t.Errorf("%q is valid: %v", value, !valid)
		}
	}
}

func TestDraftKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".portico", "draft.key")
	var group sync.WaitGroup
	var tokens [8]string
	for i := range tokens { // as processes that start at a time
		group.Go(func() {
			d, err := OpenDraft(file)
			if err != nil {
				t.Error(err)
			}
			tokens[i] = d.Token()
		})
	}
	group.Wait()
	for _, token := range tokens {
		if token != tokens[0] {
			t.Error(tokens)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 32 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".draft-*")); len(left) > 0 {
		t.Error(left)
	}
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := OpenDraft(file); err == nil || d == nil || d.Token() == NewDraft([]byte("short")).Token() {
		t.Error("a key that is too short is taken")
	}
	blocked := filepath.Join(file, "below", "draft.key") // below a file
	if d, err := OpenDraft(blocked); err == nil || d == nil {
		t.Error("no error of a key that cannot be kept")
	}
}

func TestDraftCookie(t *testing.T) {
	d := NewDraft([]byte("s"))
	for cookie, on := range map[string]bool{
		"":                            false,
		"a=b":                         false,
		DraftCookie + "=" + d.Token(): true,
		"a=b; " + DraftCookie + "=" + d.Token() + "; c=d": true,
		DraftCookie + "=no":       false,
		DraftCookie + "=":         false,
		"x" + DraftCookie + "=no": false,
		"a=" + DraftCookie:        false,
		DraftCookie + "=no; " + DraftCookie + "=" + d.Token(): false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		if d.Asked(r) != on {
			t.Errorf("%q: %v", cookie, !on)
		}
	}
	h := http.Header{}
	if !d.Check(d.Token(), h) || len(h) > 0 || d.Check("no", h) {
		t.Error(h)
	}
	const gone = "=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None"
	if got := strings.Join(h["Set-Cookie"], "\n"); got != DraftCookie+gone+"\n__next_preview_data"+gone {
		t.Error(got)
	}
}

const draftScript = `
	const f = unstable_cache(async () => count("f"))
	const g = cached("x#g", "default", async () => [count("g"), (await draftMode()).isEnabled], 0)
	return {
		async state() { const d = await draftMode(); return d.isEnabled },
		async enable() { const d = await draftMode(); const before = d.isEnabled; d.enable(); return [before, d.isEnabled, (await draftMode()).isEnabled, (await cookies()).has("__prerender_bypass"), await f()] },
		async disable() { const d = await draftMode(); d.disable(); return d.isEnabled },
		async late() { const d = await draftMode(); after(() => { try { d.enable() } catch (e) { count(String(e.message.includes('used "draftMode().enable()" inside'))) } }) },
		redirects: async () => { (await draftMode()).enable(); redirect("/there") },
		f: () => f(), g: () => g(),
	}`

func TestDraftMode(t *testing.T) {
	on := func(_ *http.Request, c *Call) { c.Draft = true }
	for _, dev := range []bool{false, true} {
		h := newHarness(t, draftScript, func(o *Options) { o.Draft = NewDraft([]byte("s")); o.Web.Dev = dev })
		token := h.opts.Draft.Token()
		attributes := "; Secure; HttpOnly; SameSite=none"
		if dev {
			attributes = "; HttpOnly; SameSite=lax"
		}
		h.want("state", "false")
		h.want("state", "true", on)
		w, err := h.serve("enable")
		if err != nil || w.Body.String() != "[false,true,true,true,1]" || w.Header().Get("Set-Cookie") != DraftCookie+"="+token+"; Path=/"+attributes {
			t.Error(w.Body, w.Header(), err)
		}
		w, err = h.serve("disable", on)
		if err != nil || w.Body.String() != "false" || w.Header().Get("Set-Cookie") != DraftCookie+"=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"+attributes {
			t.Error(w.Body, w.Header(), err)
		}
		w, err = h.serve("redirects")
		if err != nil || w.Code != 307 || !strings.HasPrefix(w.Header().Get("Set-Cookie"), DraftCookie+"="+token) {
			t.Error(w.Code, w.Header(), err)
		}
		h.get("late")
		h.eventually("true", 1)

		// Cached functions run each time, and nothing that they give is kept.
		h.want("f", "2") // enable's was in draft mode
		h.want("f", "2")
		h.want("f", "3", on)
		h.want("f", "4", on)
		h.want("f", "2")
		h.want("g", "[1,true]", on)
		h.want("g", "[2,false]")
		h.want("g", "[3,true]", on)
		h.want("g", "[2,false]")
	}
}
