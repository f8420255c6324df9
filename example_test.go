package portico_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"testing/fstest"

	"github.com/portico-dev/portico"
)

// project stands for a folder of yours, embedded with
//
//	//go:embed all:app tsconfig.json
//	var project embed.FS
var project = fstest.MapFS{
	"app/api/hello/[name]/route.ts": {Data: []byte(`
		export async function GET(request: Request, { params }: any) {
			const { name } = await params
			return Response.json({ hello: name })
		}`)},
	"app/api/users/[id]/card/route.ts": {Data: []byte(`
		import { find } from 'go:users'
		export async function GET(request: Request, { params }: any) {
			const { id } = await params
			try {
				const user = await find({ id: Number(id) })
				return new Response('Name: ' + user.name)
			} catch (error: any) {
				return new Response(error.message, { status: 404 })
			}
		}`)},
}

// show asks an App and prints the answer.
func show(app *portico.App, method, path string) {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	fmt.Println(w.Code, w.Body)
}

// Route handlers in TypeScript, served from the program's own files.
func Example() {
	app := portico.New(portico.Config{FS: project})
	app.Expose("users", portico.Funcs{}) // see the example of Expose
	if err := app.Load(context.Background()); err != nil {
		log.Fatal(err)
	}
	defer app.Close(context.Background())

	show(app, "GET", "/api/hello/Ada")
	// Output: 200 {"hello":"Ada"}
}

// A server of the project in a folder, until the process is told to stop.
func ExampleApp_Run() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	app := portico.New(portico.Config{Dir: "web", Addr: ":8080"})
	if err := app.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// A route in Go is an ordinary handler. HEAD, OPTIONS and 405 come by
// themselves, as for a route.ts.
func ExampleApp_Route() {
	app := portico.New(portico.Config{})
	app.Route("/api/users/[id]", portico.Handlers{
		GET: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "user %s of %s", r.PathValue("id"), r.Pattern)
		},
	})
	if err := app.Load(context.Background()); err != nil {
		log.Fatal(err)
	}
	defer app.Close(context.Background())

	show(app, "GET", "/api/users/7")
	show(app, "DELETE", "/api/users/7")
	// Output:
	// 200 user 7 of /api/users/[id]
	// 405
}

// A pattern that the app directory has too is an error of Load.
func ExampleApp_Load_conflict() {
	app := portico.New(portico.Config{FS: project})
	app.Expose("users", portico.Funcs{})
	app.Route("/api/hello/[who]", portico.Handlers{GET: http.NotFound})
	_, text, _ := strings.Cut(app.Load(context.Background()).Error(), ": ") // before it is main.go:12
	fmt.Println(text)
	// Output:
	// you cannot use different slug names for the same dynamic path ('name' !== 'who'); the other is in app/api/hello/[name]/route.ts
	// hint: name the parameter [name] in both
}

// Middleware wraps the routes of both kinds.
func ExampleApp_Use() {
	app := portico.New(portico.Config{FS: project})
	app.Expose("users", portico.Funcs{})
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/hello/Eve" {
				http.Error(w, "not you", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	if err := app.Load(context.Background()); err != nil {
		log.Fatal(err)
	}
	defer app.Close(context.Background())

	show(app, "GET", "/api/hello/Ada")
	show(app, "GET", "/api/hello/Eve")
	// Output:
	// 200 {"hello":"Ada"}
	// 403 not you
}

// A Go function that TypeScript imports from go:users. An error rejects the
// script's promise with its text.
func ExampleApp_Expose() {
	type User struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
	find := func(ctx context.Context, in struct{ ID int }) (User, error) {
		if in.ID != 1 {
			return User{}, fmt.Errorf("no user %d", in.ID)
		}
		return User{ID: 1, Name: "Ada"}, nil
	}
	app := portico.New(portico.Config{FS: project})
	app.Expose("users", portico.Funcs{"find": portico.Func(find)})
	if err := app.Load(context.Background()); err != nil {
		log.Fatal(err)
	}
	defer app.Close(context.Background())

	show(app, "GET", "/api/users/1/card")
	show(app, "GET", "/api/users/2/card")
	// Output:
	// 200 Name: Ada
	// 404 no user 2
}
