package next

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// DraftCookie is the cookie of draft mode, and draftData one that Next.js used
// with it.
const (
	DraftCookie = "__prerender_bypass"
	draftData   = "__next_preview_data"
)

// Draft is the secret of a site's draft mode: who has the cookie sees what is
// not published. It is safe for concurrent use.
type Draft struct{ token func() string }

// NewDraft makes it of a secret; without one it is random, so that cookies of
// another process are not of this one.
func NewDraft(secret []byte) *Draft {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // it never fails
	}
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte("portico draft mode")) // a hash's Write does not fail
	token := hex.EncodeToString(h.Sum(nil)[:16])
	return &Draft{func() string { return token }}
}

// DraftLater is the Draft that open gives when somebody first uses draft mode:
// most sites never do.
func DraftLater(open func() *Draft) *Draft {
	return &Draft{sync.OnceValue(func() string { return open().Token() })}
}

// OpenDraft is the Draft of a project whose settings name no secret: of the key
// in a file, which is made when it is not there. The error is that the key
// cannot be kept; the Draft is there all the same, and random.
func OpenDraft(file string) (*Draft, error) {
	for range 2 {
		key, err := os.ReadFile(file)
		switch {
		case err == nil && len(key) >= 32:
			return NewDraft(key), nil
		case err == nil:
			return NewDraft(nil), fmt.Errorf("%s is no key of 32 bytes or more\nhint: remove it, and a new one is made", file)
		case !errors.Is(err, fs.ErrNotExist):
			return NewDraft(nil), err
		}
		if err := writeKey(file); err != nil && !errors.Is(err, fs.ErrExist) {
			return NewDraft(nil), err
		}
	}
	return NewDraft(nil), fmt.Errorf("%s comes and goes", file)
}

// writeKey makes a key. Of two processes that do so the first has made it, and
// nobody reads half a key: the file has its name when it is whole.
func writeKey(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	f, err := os.CreateTemp(filepath.Dir(file), ".draft-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), file)
}

// Token is the cookie's value.
func (d *Draft) Token() string { return d.token() }

// Valid reports whether a cookie's value is the token. How long it takes does
// not tell how much of it is right.
func (d *Draft) Valid(value string) bool {
	return subtle.ConstantTimeCompare([]byte(value), []byte(d.token())) == 1
}

// Asked reports whether a request has the right cookie.
func (d *Draft) Asked(r *http.Request) bool {
	for _, line := range r.Header["Cookie"] {
		if strings.Contains(line, DraftCookie) { // few do
			c, err := r.Cookie(DraftCookie) // the first, as the pipeline has it
			return err == nil && d.Valid(c.Value)
		}
	}
	return false
}

// Check is Valid, where a value that is not has the cookie removed by the answer
// with header h. An empty one is none, as in Next.js.
func (d *Draft) Check(value string, h http.Header) bool {
	switch {
	case d.Valid(value):
		return true
	case value != "":
		d.Refuse(h)
	}
	return false
}

// Refuse adds to an answer what removes a wrong cookie, as Next.js does.
func (d *Draft) Refuse(h http.Header) {
	for _, name := range []string{DraftCookie, draftData} {
		h.Add("Set-Cookie", name+"=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None")
	}
}

// draftState is what draftMode() gives: of a request, or of a cached function,
// where it can be read only.
type draftState struct {
	x *Exchange
	f *function
}

// draftMode is draftMode() of next/headers.
func (m *Modules) draftMode(goja.FunctionCall) goja.Value {
	s := &draftState{x: m.exchange(), f: m.function()}
	if s.x == nil && s.f == nil {
		panic(m.outside("draftMode"))
	}
	return m.iso.Resolved(m.draftClass().New(s))
}

func (m *Modules) draftClass() *js.Class {
	return lazyClass(&m.classes.draft, func() *js.Class {
		c := m.iso.Class("DraftMode", 1, nil, func(goja.ConstructorCall) any { panic(m.iso.TypeError("Illegal constructor")) })
		c.Hidden().NoTag()
		self := func(v goja.Value) *draftState {
			s, ok := js.Host[draftState](m.iso, v)
			if !ok {
				panic(m.iso.TypeError("Illegal invocation"))
			}
			return s
		}
		c.Getter("isEnabled", func(c goja.FunctionCall) goja.Value {
			s := self(c.This)
			on := s.x != nil && s.x.call.Draft || s.f != nil && s.f.draft
			return m.rt.ToValue(on)
		})
		c.Method("enable", 0, func(c goja.FunctionCall) goja.Value {
			m.setDraft(self(c.This), "enable", true)
			return goja.Undefined()
		})
		c.Method("disable", 0, func(c goja.FunctionCall) goja.Value {
			m.setDraft(self(c.This), "disable", false)
			return goja.Undefined()
		})
		return c
	})
}

// setDraft turns draft mode on or off for whoever asks: by a cookie.
func (m *Modules) setDraft(s *draftState, name string, on bool) {
	what := "draftMode()." + name + "()"
	if f := m.function(); f != nil { // also that of a request from outside
		panic(m.insideError(&f.making, what))
	}
	x := s.x
	if x == nil {
		return // of a cached function that has ended
	}
	if x.finished && x.making == nil {
		panic(m.iso.NewError("Error", "Route "+x.call.Pattern+" used \""+what+"\" inside `after()`. The enabled status of `draftMode()` can be read inside `after()` but you cannot enable or disable `draftMode()`. See more info here: https://nextjs.org/docs/app/api-reference/functions/after"))
	}
	if k := x.making; k != nil {
		if k.kind == onlyStatic {
			m.touch(what)
		}
		k.kind = autoStatic // by this the handler is dynamic, whatever it says
		m.bail(k, what, "`"+what+"`")
	}
	cookie := m.rt.NewObject()
	put(cookie, "name", m.rt.ToValue(DraftCookie))
	put(cookie, "value", m.rt.ToValue(""))
	if on {
		put(cookie, "value", m.rt.ToValue(x.app.opts.Draft.Token()))
	}
	put(cookie, "httpOnly", m.rt.ToValue(true))
	if dev := x.app.opts.Web.Dev; dev { // http://localhost
		put(cookie, "sameSite", m.rt.ToValue("lax"))
	} else {
		put(cookie, "sameSite", m.rt.ToValue("none"))
		put(cookie, "secure", m.rt.ToValue(true))
	}
	put(cookie, "path", m.rt.ToValue("/"))
	if !on {
		put(cookie, "expires", m.date(m.rt.ToValue(0)))
	}
	m.cookies(x)
	m.set(x.jar, []goja.Value{cookie})
	x.call.Draft = on
}
