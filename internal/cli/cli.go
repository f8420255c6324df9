// Package cli is the portico command. It stands on the public API of package
// portico and has no door of its own.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"
	"github.com/portico-dev/portico"
)

// Version is the release; it is set when a release is built.
var Version = "0.1.0-dev"

type commands struct {
	Dev     devCmd     `cmd:"" help:"Serve a project and reload it when it changes."`
	Start   startCmd   `cmd:"" help:"Serve a project in production."`
	Routes  routesCmd  `cmd:"" help:"List a project's routes in the order in which they are tried."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// serveFlags are those of next dev and next start.
type serveFlags struct {
	Dir      string `arg:"" optional:"" default:"." help:"The project: the folder that holds app/ or src/app/." type:"path"`
	Port     uint16 `short:"p" env:"PORT" default:"3000" help:"Port to listen on; 0 takes a free one."`
	Hostname string `short:"H" help:"Address to listen on. dev listens on loopback, start on all interfaces."`
}

type devCmd struct {
	serveFlags
}

type startCmd struct {
	serveFlags
	PublicOrigin   string        `help:"Origin under which clients reach the server, such as https://example.com." placeholder:"ORIGIN"`
	HandlerTimeout time.Duration `help:"How long a handler may take to answer." default:"60s"`
	JobLimit       time.Duration `help:"How long a handler may compute without an await." default:"10s"`
	DrainTimeout   time.Duration `help:"How long requests may finish when the server is told to stop." default:"30s"`
	Isolates       int           `help:"Script engines to run side by side; 0 is one for each processor." default:"0"`
}

type routesCmd struct {
	Dir  string `arg:"" optional:"" default:"." help:"The project: the folder that holds app/ or src/app/." type:"path"`
	JSON bool   `name:"json" help:"Print JSON."`
}

type versionCmd struct{}

// env is what commands write to.
type env struct {
	out, err *console
}

// Main runs the command and returns its exit code: 0, or 1 when it failed, or 2
// when it was called wrongly.
func Main(args []string, stdout, stderr io.Writer) int {
	e := &env{out: newConsole(stdout), err: newConsole(stderr)}
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("portico"),
		kong.Description("The backend for a frontend, in one Go binary."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(),
		kong.Bind(e),
	)
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	ctx, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		e.failed(err)
		e.err.line("run portico --help for the commands and their flags")
		return 2
	}
	if err := ctx.Run(); err != nil {
		e.failed(err)
		return 1
	}
	return 0
}

// failed prints an error and all that it joins, each with its hint.
func (e *env) failed(err error) {
	for _, x := range flatten(err) {
		text, hint, _ := strings.Cut(x.Error(), "\nhint: ")
		e.err.line(e.err.red("error: ") + text)
		if hint != "" {
			e.err.line(e.err.dim("hint:  ") + hint)
		}
	}
}

func flatten(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, x := range j.Unwrap() {
			out = append(out, flatten(x)...)
		}
		return out
	}
	return []error{err}
}

func (versionCmd) Run(e *env) error {
	e.out.line(fmt.Sprintf("portico %s %s %s/%s", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH))
	return nil
}

func (c *devCmd) Run(e *env) error {
	host := c.Hostname
	if host == "" {
		host = "localhost"
	}
	return e.serve(portico.Config{Dir: c.Dir, Dev: true}, host, c.Port)
}

func (c *startCmd) Run(e *env) error {
	if c.Isolates < 0 {
		return errors.New("--isolates cannot be negative")
	}
	return e.serve(portico.Config{
		Dir: c.Dir, PublicOrigin: strings.TrimSuffix(c.PublicOrigin, "/"), HandlerTimeout: c.HandlerTimeout,
		JobLimit: c.JobLimit, DrainTimeout: c.DrainTimeout, Isolates: c.Isolates,
	}, c.Hostname, c.Port)
}

// serve runs a server until the process is told to stop. A second signal ends
// it at once.
func (e *env) serve(c portico.Config, host string, port uint16) error {
	tune()
	c.Addr = net.JoinHostPort(host, strconv.Itoa(int(port)))
	c.Logger = e.logger(c.Dev)
	slog.SetDefault(c.Logger)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		e.err.line(e.err.dim("stopping; signal again to stop at once"))
		stop()
		<-signals
		os.Exit(130)
	}()

	r := &reporter{e: e, dev: c.Dev, dir: c.Dir}
	c.OnLoad, c.OnListen = r.loaded, r.listening
	app := portico.New(c)
	if c.Dev {
		app.Use(e.logRequests)
	}
	return app.Run(ctx)
}

// tune sets the garbage collector for a server whose live heap is small: a
// larger heap target costs little memory and saves 10 to 30 % of the time a
// request takes. A container's memory limit is respected.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if n := containerLimit(); n > 0 {
			debug.SetMemoryLimit(n / 10 * 8)
		}
	}
}

// containerLimit is the memory limit of this process's cgroup in bytes, or 0.
func containerLimit() int64 {
	for _, f := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n < 1<<50 {
			return n
		}
	}
	return 0
}

// logger writes text on a terminal and JSON otherwise.
func (e *env) logger(dev bool) *slog.Logger {
	if e.err.terminal || dev {
		return slog.New(tint.NewHandler(e.err.w, &tint.Options{TimeFormat: time.TimeOnly, NoColor: !e.err.terminal, ReplaceAttr: expand}))
	}
	return slog.New(slog.NewJSONHandler(e.err.w, &slog.HandlerOptions{ReplaceAttr: expand}))
}

// expand writes an error with its stack and causes, where it has them.
func expand(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		var d interface{ Detail() string }
		if errors.As(err, &d) {
			a.Value = slog.StringValue(d.Detail())
		} else {
			a.Value = slog.StringValue(err.Error())
		}
	}
	return a
}
