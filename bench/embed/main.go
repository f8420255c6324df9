// Command embed is a server that stands on portico's Go API: the row that
// compares a Go route with a bare http.ServeMux measures it. With -dir it also
// serves a project, and with -pprof it can be profiled while bench's own load
// or another runs on it; the product itself has no such door.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	_ "net/http/pprof" // on http.DefaultServeMux, served with -pprof alone
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/bench/item"
)

func main() {
	dir := flag.String("dir", "", "project to serve beside the Go route")
	profile := flag.String("pprof", "", "address for net/http/pprof, such as 127.0.0.1:6060")
	contention := flag.Bool("contention", false, "also record blocking and lock contention, which costs time")
	flag.Parse()

	if *profile != "" {
		if *contention {
			runtime.SetBlockProfileRate(10_000)
			runtime.SetMutexProfileFraction(10)
		}
		go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(*profile, nil)) }()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := portico.New(portico.Config{Dir: *dir, Addr: "127.0.0.1:" + os.Getenv("PORT")})
	app.Route("/go/items/[id]", portico.Handlers{GET: item.Get})
	if err := app.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
