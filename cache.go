package portico

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/site"
)

// Forever is a lifetime without an end: `revalidate = false`.
const Forever time.Duration = math.MaxInt64

// ErrNoApp is the error of what needs the App of a context that has none: it
// is not the context of a request that an App serves.
var ErrNoApp = errors.New("portico: the context is not one of a request to an App\nhint: outside of requests, use the methods of App")

// ErrNotLoaded is the error of what needs an App's project before Load.
var ErrNotLoaded = errors.New("portico: the app has not been loaded")

// cache is what the App keeps, or nil where it keeps nothing.
func (a *App) cache() (*cache.Cache, error) {
	g := a.current.Load()
	switch {
	case g == nil || g.site == nil:
		return nil, ErrNotLoaded
	}
	return g.site.Cache(), nil
}

// RevalidateTag drops all that is kept under the tags, scripts' and Go's alike:
// answers, fetches and values of cached functions. When it has returned, nothing
// from before is given any more, on whichever node that shares the store. ctx is
// that of a request to an App; else the error is ErrNoApp.
func RevalidateTag(ctx context.Context, tags ...string) error {
	a := appFrom(ctx)
	if a == nil {
		return ErrNoApp
	}
	return a.RevalidateTag(ctx, tags...)
}

// RefreshTag has all that is kept under the tags made anew as it is asked for:
// who asks first is given the old one once more, without waiting, as with
// `revalidateTag(tag, 'max')`.
func RefreshTag(ctx context.Context, tags ...string) error {
	a := appFrom(ctx)
	if a == nil {
		return ErrNoApp
	}
	return a.RefreshTag(ctx, tags...)
}

// RevalidatePath drops the kept answers of a path, such as "/api/users/1", and
// what the handlers there have fetched. It is Next.js's revalidatePath(path).
func RevalidatePath(ctx context.Context, path string) error {
	a := appFrom(ctx)
	if a == nil {
		return ErrNoApp
	}
	return a.RevalidatePath(ctx, path)
}

// RevalidateTag is the function of that name, outside of requests.
func (a *App) RevalidateTag(ctx context.Context, tags ...string) error {
	return a.mark(ctx, tags, cache.Mark{})
}

// RefreshTag is the function of that name, outside of requests.
func (a *App) RefreshTag(ctx context.Context, tags ...string) error {
	return a.mark(ctx, tags, cache.Mark{Stale: true})
}

// RevalidatePath is the function of that name, outside of requests.
func (a *App) RevalidatePath(ctx context.Context, path string) error {
	tag, err := cache.RevalidatedPath(path, "")
	if err != nil {
		return fmt.Errorf("portico: RevalidatePath: %w", err)
	}
	return a.mark(ctx, []string{tag}, cache.Mark{})
}

func (a *App) mark(ctx context.Context, tags []string, m cache.Mark) error {
	kept, dropped := cache.CleanTags(tags)
	if len(dropped) > 0 {
		return fmt.Errorf("portico: tags that cannot be: %q\nhint: a tag has 1 to 256 characters, and there are at most 128", dropped)
	}
	c, err := a.cache()
	if err != nil || c == nil || len(kept) == 0 {
		return err
	}
	return c.Revalidate(ctx, kept, m)
}

// CacheOptions say how long Cached keeps a value.
type CacheOptions struct {
	// Revalidate is how long the value is fresh; after that it is given once
	// more while a new one is made. 0 is Forever.
	Revalidate time.Duration
	// Expire is how long it is given at all; 0 is Forever.
	Expire time.Duration
	// Tags drop it when one of them is revalidated.
	Tags []string
}

// Cached gives the value that is kept under a key, or makes it with fn; however
// many ask at a time, also on other nodes that share the store, it is made once.
// When making a new one fails, the old one is kept a while longer; when there is
// none, the error is fn's. Errors are not kept.
//
// The key must have all that the value depends on. A kept value has been
// through encoding/json; the call that made it has it as fn returned it. fn's
// context ends with the App and has no values of the request's: its value is for
// all. The lifetime and the tags of a value that goes into another, or into the
// answer of a handler that is kept, count for that, too.
//
// ctx is that of a request to an App, or of a call of Cached; else the error is
// ErrNoApp.
func Cached[T any](ctx context.Context, key string, o CacheOptions, fn func(context.Context) (T, error)) (T, error) {
	var none T
	a := appFrom(ctx)
	if a == nil {
		return none, ErrNoApp
	}
	c, err := a.cache()
	if err != nil {
		return none, err
	}
	if o.Revalidate < 0 || o.Expire < 0 {
		return none, errors.New("portico: Cached: a lifetime is negative")
	}
	tags, dropped := cache.CleanTags(o.Tags)
	if len(dropped) > 0 {
		return none, fmt.Errorf("portico: Cached: tags that cannot be: %q\nhint: a tag has 1 to 256 characters, and there are at most 128", dropped)
	}
	if c == nil {
		return fn(ctx)
	}
	life := cache.Lifetime{Revalidate: orForever(o.Revalidate), Expire: orForever(o.Expire)}
	life.Revalidate = min(life.Revalidate, life.Expire)

	kind := reflect.TypeFor[T]()
	name := "go value " + key
	var own T
	res, err := c.Do(ctx, cache.Request{
		Key:  cache.NewKey("go value").Text(kind.PkgPath()).Text(kind.String()).Text(key).Key(),
		Kind: cache.Value,
		Name: name,
		Fill: func(ctx context.Context) (*cache.Entry, error) {
			inner, parts := site.Collect(site.Within(ctx, a.values), life, tags)
			v, err := fn(inner)
			if err != nil {
				return nil, err
			}
			body, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("portico: Cached: the value of %q cannot be kept: %w", key, err)
			}
			own = v
			e := &cache.Entry{Kind: cache.Value, Name: name, Body: body}
			e.Lifetime, e.Tags = parts.Sum()
			return e, nil
		},
	})
	if err != nil {
		return none, err
	}
	if res.Entry == nil { // revalidated again and again while this one waited
		return fn(ctx)
	}
	site.Contribute(ctx, res.Entry.Lifetime, res.Entry.Tags)
	if res.Made {
		return own, nil
	}
	var v T
	if err := json.Unmarshal(res.Entry.Body, &v); err != nil {
		return none, fmt.Errorf("portico: Cached: the value of %q cannot be read back: %w", key, err)
	}
	return v, nil
}

func orForever(d time.Duration) time.Duration {
	if d == 0 {
		return Forever
	}
	return d
}
