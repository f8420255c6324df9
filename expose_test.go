package portico_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

type user struct {
	ID   int      `json:"id"`
	Name string   `json:"name"`
	Tags []string `json:"tags,omitempty"`
}

var errNoUser = errors.New("no such user")

// What a Go function is given and gives, as a script sees it.
func TestExpose(t *testing.T) {
	s := porticotest.New(t, portico.Config{FS: files("app/call/route.ts", `
		import * as go from 'go:things'
		import { find as named } from 'go:things'
		import { only } from 'go:more'

		const calls: Record<string, () => Promise<any>> = {
			object: () => go.find({ id: 7 }),
			named: () => named({ id: 7 }),
			other: () => only(),
			array: () => go.sum([1, 2, 3.5]),
			text: () => go.shout('é\u0000"😀'),
			nothing: () => go.nothing(),
			missing: () => go.find(),
			undefinedArgument: () => go.find(undefined),
			nullArgument: () => go.find(null),
			extra: () => go.find({ id: 7, unknown: true }),
			nested: () => go.echo({ a: [1, { b: null, c: new Date(0), d: undefined }] }),
			error: () => go.find({ id: 404 }),
			joined: () => go.fail(),
			panic: () => go.panics(),
			misfit: () => go.find({ id: 'seven' }),
			cyclic: () => { const o: any = {}; o.o = o; return go.echo(o) },
			infinite: () => go.infinite(),
			parallel: async () => (await Promise.all([1, 2, 3].map((id) => go.find({ id })))).map((u) => u.id),
		}

		export async function GET(request: Request) {
			const name = new URL(request.url).searchParams.get('call')!
			let sync = true
			try {
				const p = calls[name]()
				if (!(p instanceof Promise)) return new Response('not a promise')
				p.then(() => {}, () => {})
				sync = false
				const v = await p
				return new Response(v === undefined ? 'undefined' : JSON.stringify(v))
			} catch (e: any) {
				return new Response((sync ? 'threw ' : 'rejected ') + (e instanceof Error ? e : 'no Error: ' + e))
			}
		}`)}, func(app *portico.App) {
		app.Expose("things", portico.Funcs{
			"find": portico.Func(func(_ context.Context, in struct{ ID int }) (user, error) {
				if in.ID == 404 {
					return user{}, fmt.Errorf("find %d: %w", in.ID, errNoUser)
				}
				return user{ID: in.ID, Name: "Ada"}, nil
			}),
			"sum": portico.Func(func(_ context.Context, in []float64) (sum float64, _ error) {
				for _, n := range in {
					sum += n
				}
				return sum, nil
			}),
			"shout":    portico.Func(func(_ context.Context, in string) (string, error) { return strings.ToUpper(in), nil }),
			"nothing":  portico.Func(func(context.Context, any) (any, error) { return nil, nil }),
			"echo":     portico.Func(func(_ context.Context, in any) (any, error) { return in, nil }),
			"fail":     portico.Func(func(context.Context, any) (any, error) { return nil, errors.Join(errors.New("one"), errors.New("two")) }),
			"panics":   portico.Func(func(context.Context, any) (any, error) { panic("oh no") }),
			"infinite": portico.Func(func(context.Context, any) (any, error) { return func() {}, nil }),
		})
		app.Expose("more", portico.Funcs{"only": portico.Func(func(context.Context, any) (int, error) { return 1, nil })})
	})
	for call, want := range map[string]string{
		"object":            `{"id":7,"name":"Ada"}`,
		"named":             `{"id":7,"name":"Ada"}`,
		"other":             `1`,
		"array":             `6.5`,
		"text":              `"É\u0000\"😀"`,
		"nothing":           `null`,
		"missing":           `{"id":0,"name":"Ada"}`,
		"undefinedArgument": `{"id":0,"name":"Ada"}`,
		"nullArgument":      `{"id":0,"name":"Ada"}`,
		"extra":             `{"id":7,"name":"Ada"}`,
		"nested":            `{"a":[1,{"b":null,"c":"1970-01-01T00:00:00.000Z"}]}`,
		"error":             `rejected Error: find 404: no such user`,
		"joined":            "rejected Error: one\ntwo",
		"panic":             `rejected Error: the Go function panics panicked: oh no`,
		"misfit":            `rejected Error: the argument does not fit the Go function: json: cannot unmarshal string into Go struct field .ID of type int`,
		"cyclic":            "rejected TypeError: Converting circular structure to JSON\n    --> starting at object with constructor 'Object'\n    --- property 'o' closes the circle",
		"infinite":          `rejected Error: json: unsupported type: func()`,
		"parallel":          `[1,2,3]`,
	} {
		t.Run(call, func(t *testing.T) {
			a := ask(t, s, "GET", "/call?call="+call, "")
			if a.StatusCode != 200 || a.body != want {
				t.Errorf("got %d %s\nwant 200 %s", a.StatusCode, a.body, want)
			}
		})
	}
}

// A panic is logged with Go's stack, and with the request.
func TestExposePanic(t *testing.T) {
	var log lockedText
	s := porticotest.New(t, portico.Config{Logger: log.logger(), FS: files("app/a/route.ts", `
		import { fail } from 'go:things'
		export const GET = () => fail()`)}, func(app *portico.App) {
		app.Expose("things", portico.Funcs{"fail": portico.Func(func(context.Context, any) (any, error) { panic("oh no") })})
	})
	a := ask(t, s, "GET", "/a", "")
	if a.StatusCode != 500 || a.body != "" {
		t.Errorf("got %d %q, want 500 and nothing", a.StatusCode, a.body)
	}
	for _, want := range []string{"the Go function fail panicked", "oh no", "expose_test.go:", "id=" + a.Header.Get("X-Request-Id"), "route=/a"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}
}

// A module that Go does not expose is an error of loading, with the place of
// the import.
func TestExposeUnknownModule(t *testing.T) {
	app := portico.New(portico.Config{FS: files("app/a/route.ts", "import { find } from 'go:users'\nexport const GET = async () => Response.json(await find())")})
	defer app.Close(t.Context())
	err := app.Load(t.Context())
	want := "app/a/route.ts:1:22: cannot resolve \"go:users\"\nhint: no Go functions are exposed under this name; register them with app.Expose(\"users\", …)"
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v, want\n%s", err, want)
	}
}

// A call's context is that of the request: it has its values, and ends when
// the client goes away.
func TestExposeContext(t *testing.T) {
	type key struct{}
	entered, ended := make(chan string, 1), make(chan error, 1)
	s := porticotest.New(t, portico.Config{FS: files("app/wait/route.ts", `
		import { wait } from 'go:things'
		export const GET = async () => Response.json(await wait())`)}, func(app *portico.App) {
		app.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "ada")))
			})
		})
		app.Expose("things", portico.Funcs{"wait": portico.Func(func(ctx context.Context, _ any) (any, error) {
			who, _ := ctx.Value(key{}).(string)
			entered <- who
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})})
	})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() {
		_, err := s.Client().Do(req)
		gone <- err
	}()
	if who := <-entered; who != "ada" {
		t.Errorf("the function's context has the value %q, want that of the request", who)
	}
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the function's context ended with %v", err)
	}
}

// Outside a request, at the top of a module, the context is the site's.
func TestExposeAtLoad(t *testing.T) {
	s := porticotest.New(t, portico.Config{FS: files("app/a/route.ts", `
		import { settings } from 'go:things'
		const { title } = await settings()
		export const GET = () => new Response(title)`)}, func(app *portico.App) {
		app.Expose("things", portico.Funcs{"settings": portico.Func(func(ctx context.Context, _ any) (map[string]string, error) {
			return map[string]string{"title": "Portico"}, ctx.Err()
		})})
	})
	if got := ask(t, s, "GET", "/a", "").body; got != "Portico" {
		t.Errorf("got %q", got)
	}
}
