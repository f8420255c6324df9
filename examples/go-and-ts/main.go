// Command go-and-ts serves a small library from one binary: some of its routes
// are TypeScript in app, embedded here, others are Go, and both are on one
// table and use one store.
//
//	go run ./examples/go-and-ts
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"log"
	"net"
	"os/signal"
	"syscall"

	"github.com/portico-dev/portico"
)

// all: takes folders such as .well-known and _private along.
//
//go:embed all:app all:lib tsconfig.json
var project embed.FS

func main() {
	addr := flag.String("addr", "localhost:3000", "address to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	app := portico.New(portico.Config{
		FS:       project,
		Addr:     *addr,
		OnListen: func(a net.Addr) { fmt.Printf("the library is open on http://%s/api/books\n", a) },
	})
	register(app, newLibrary())
	if err := app.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// register adds what is Go: routes, middleware, and the functions that
// TypeScript imports from go:library.
func register(app *portico.App, l *library) {
	app.Use(signed)
	app.Route("/api/books", portico.Handlers{GET: l.list, POST: l.add})
	app.Route("/api/books/[id]", portico.Handlers{GET: l.get, DELETE: l.remove})
	app.Expose("library", portico.Funcs{
		"find":     portico.Func(l.find),
		"byAuthor": portico.Func(l.byAuthor),
	})
}
