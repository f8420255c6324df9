package config

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The stores that a configuration may name in place of a URL.
const (
	// CacheMemory keeps entries in memory alone.
	CacheMemory = "memory"
	// CacheDisk keeps them in a file, too: the default where there is a folder
	// to write to.
	CacheDisk = "disk"
	// CacheOff keeps nothing: cache: false.
	CacheOff = "off"
)

// Cache says where answers are kept.
type Cache struct {
	// Store is "" for the default, one of the names above, or the URL of a Redis
	// or Valkey server. A URL may have a password: it is not for logs.
	Store string
	// Prefix begins all names on such a server; "" is "portico".
	Prefix string
	// Timeout is how long one exchange with the server may take; 0 is its
	// default.
	Timeout time.Duration
	// Lease is how long other nodes wait for one that makes an entry and is
	// gone; 0 is the store's default.
	Lease time.Duration
	// Dir is the folder of the file; a relative one is below the project. "" is
	// .portico/cache there.
	Dir string
	// MaxMemory and MaxDisk bound the entries in bytes; 0 is the store's
	// default. MaxMemory comes before Settings.CacheMaxMemorySize.
	MaxMemory, MaxDisk int64
}

// CacheLife is a profile of cacheLife: how long what has it holds. A nil field
// was not set. math.MaxInt64 is Infinity.
type CacheLife struct {
	// Stale is for how long a browser does not ask, Revalidate for how long an
	// entry is fresh, Expire until when it is given at all.
	Stale, Revalidate, Expire *time.Duration
}

// cacheSchemes begin the URL of a server.
var cacheSchemes = []string{"redis", "rediss", "valkey", "valkeys", "unix"}

const cacheHint = "write 'redis://host:6379', 'memory' or 'disk', or false to keep nothing"

// cache reads the key: a store, or an object.
func (p *parser) cache(v any, at place) {
	c := &p.s.Cache
	switch v := v.(type) {
	case bool, string:
		c.Store = p.cacheStore(v, at)
	case *Object:
		p.object(v, at, fields{
			"url":       func(v any, at place) { c.Store = p.cacheStore(v, at) },
			"prefix":    p.cachePrefix,
			"timeout":   p.setSpan(&c.Timeout),
			"lease":     p.setSpan(&c.Lease),
			"dir":       p.setText(&c.Dir),
			"maxMemory": p.setRoom(&c.MaxMemory),
			"maxDisk":   p.setRoom(&c.MaxDisk),
		})
	default:
		p.fail(at, cacheHint, "this is %s, want a store", describe(v))
	}
}

// cacheStore checks the name or the URL of a store. What is wrong is not
// repeated: it may have a password.
func (p *parser) cacheStore(v any, at place) string {
	s, ok := v.(string)
	switch {
	case v == false:
		return CacheOff
	case !ok:
		p.fail(at, cacheHint, "this is %s, want a store", describe(v))
	case s == CacheMemory || s == CacheDisk || cacheURL(s):
		return s
	case s == "":
		p.fail(at, "leave the key out, or give it a value", "this is an empty string")
	default:
		p.fail(at, cacheHint, "this names no store")
	}
	return ""
}

// cacheURL reports whether s is the URL of a server.
func cacheURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(cacheSchemes, u.Scheme) || u.Opaque != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "unix" {
		return u.Path != ""
	}
	return u.Hostname() != ""
}

func (p *parser) cachePrefix(v any, at place) {
	s, ok := p.text(v, at)
	if ok && strings.ContainsAny(s, "{}*?[]\\") {
		p.fail(at, "it begins names on the server, such as shop", "%s has one of the characters {}*?[]\\", quote(s))
		return
	}
	p.s.Cache.Prefix = s
}

// setRoom is setSize for what must have a limit.
func (p *parser) setRoom(to *int64) func(any, place) {
	return func(v any, at place) {
		if n := p.size(v, at); n >= 0 {
			*to = n
			return
		}
		p.fail(at, "write a size such as '1gb'", "there must be a limit")
	}
}

// setSpan is setDuration for what must end.
func (p *parser) setSpan(to *time.Duration) func(any, place) {
	return func(v any, at place) {
		if d := p.duration(v, at); d >= 0 {
			*to = d
			return
		}
		p.fail(at, "write a time such as '500ms'", "there must be an end")
	}
}

// cacheLife reads the profiles. What is wrong with one is what cacheLife() of
// Next.js throws when it is given such an object.
func (p *parser) cacheLife(v any, at place) {
	o, ok := v.(*Object)
	if !ok {
		p.fail(at, "write cacheLife: { often: { stale: 60, revalidate: 300, expire: 3600 } }", "this is %s, want an object of profiles", describe(v))
		return
	}
	for _, m := range o.Members {
		at := at.then(m.Name)
		if m.Value == nil {
			continue
		}
		var l CacheLife
		if !p.objectOf(m.Value, at, "", fields{"stale": p.setSeconds(&l.Stale), "revalidate": p.setSeconds(&l.Revalidate), "expire": p.setSeconds(&l.Expire)}) {
			continue
		}
		// A stale beyond that is of no concern: browsers' routers have it.
		switch {
		case l.Expire != nil && l.Revalidate != nil && *l.Revalidate > *l.Expire:
			p.fail(at, "expire is when the entry is not given any more, revalidate when it is made anew", "revalidate is later than expire")
		default:
			if p.s.CacheLife == nil {
				p.s.CacheLife = map[string]CacheLife{}
			}
			p.s.CacheLife[m.Name] = l
		}
	}
}

// setSeconds reads a number of seconds, or Infinity.
func (p *parser) setSeconds(to **time.Duration) func(any, place) {
	return func(v any, at place) {
		n, ok := v.(float64)
		switch {
		case v == false:
			p.fail(at, "write Infinity for no end", "this is false, want a number of seconds")
			return
		case !ok || !(n >= 0):
			p.fail(at, "", "this is %s, want a number of seconds", describe(v))
			return
		}
		d := time.Duration(math.MaxInt64)
		if n < math.MaxInt64/float64(time.Second) {
			d = time.Duration(n * float64(time.Second))
		}
		*to = &d
	}
}

// admin reads where the admin socket is.
func (p *parser) admin(v any, at place) {
	const hint = "write true for .portico/admin.sock in the project, or 'unix:/run/app/admin.sock'"
	s, ok := v.(string)
	switch {
	case v == false:
		return
	case v == true:
		p.s.Server.Admin = AdminDefault
	case !ok:
		p.fail(at, hint, "this is %s, want a unix socket", describe(v))
	default:
		if err := CheckAdmin(s); err != nil {
			p.failUnit(at, err)
			return
		}
		p.s.Server.Admin = s
	}
}

// AdminDefault is server.admin: true.
const AdminDefault = "unix:.portico/admin.sock"

// CheckAdmin checks where an admin socket is to be: unix:PATH, which no page
// and no other machine can reach. The error has a hint behind ": ".
func CheckAdmin(addr string) error {
	path, ok := strings.CutPrefix(addr, "unix:")
	switch {
	case !ok:
		return errors.New("the admin socket is a unix socket and nothing else, as whoever reaches it may do everything: write 'unix:/run/app/admin.sock'")
	case path == "" || path[0] == '@':
		return errors.New("there is no path: write 'unix:/run/app/admin.sock'; an abstract socket would have no permissions")
	case strings.Contains(path, "?"):
		return errors.New("the admin socket is for its owner alone, so that it has no options: write 'unix:/run/app/admin.sock'")
	}
	return nil
}

// CheckStore checks the name or the URL of a store that a program gives. The
// error has a hint behind ": ".
func CheckStore(s string) error {
	if s == "" || s == CacheMemory || s == CacheDisk || s == CacheOff || cacheURL(s) {
		return nil
	}
	return errors.New("this names no store: " + cacheHint)
}

// IsURL reports whether the store is a server.
func (c *Cache) IsURL() bool { return cacheURL(c.Store) }
