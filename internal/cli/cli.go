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
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
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
	Create  createCmd  `cmd:"" help:"Make a new project."`
	Dev     devCmd     `cmd:"" help:"Serve a project and reload it when it changes."`
	Start   startCmd   `cmd:"" help:"Serve a project in production."`
	Routes  routesCmd  `cmd:"" help:"List a project's routes in the order in which they are tried."`
	Export  exportCmd  `cmd:"" help:"Write what a project answers statically as files."`
	Cache   cacheCmd   `cmd:"" help:"Look at what a running server keeps, or drop it."`
	Version versionCmd `cmd:"" help:"Print the version."`
	Help    helpCmd    `cmd:"" help:"Explain a command."`
}

// serveFlags are those of next dev and next start.
type serveFlags struct {
	Dir      string `arg:"" optional:"" default:"." help:"The project: the folder that holds app/ or src/app/."`
	Port     *port  `short:"p" env:"PORT" placeholder:"PORT" help:"Port to listen on (default 3000); 0 takes a free one."`
	Hostname string `short:"H" placeholder:"HOST" help:"Address to listen on. dev listens on loopback, start on all interfaces."`
	Admin    string `placeholder:"SOCKET" help:"Unix socket for portico cache: unix:/path (default none)."`
	Cache    string `env:"PORTICO_CACHE" placeholder:"STORE" help:"Where answers are kept: memory, disk, off, or a Redis URL, which is better given in $PORTICO_CACHE."`
}

type devCmd struct {
	serveFlags
}

type startCmd struct {
	serveFlags
	PublicOrigin   string        `help:"Origin under which clients reach the server, such as https://example.com." placeholder:"ORIGIN"`
	HandlerTimeout time.Duration `help:"How long a handler may take to answer (default 60s)." placeholder:"TIME"`
	JobLimit       time.Duration `help:"How long a handler may compute without an await (default 10s)." placeholder:"TIME"`
	DrainTimeout   time.Duration `help:"How long requests may finish when the server is told to stop (default 30s)." placeholder:"TIME"`
	Isolates       int           `help:"Script engines to run side by side; 0 is one for each processor." default:"0"`
	Listen         string        `help:"Address in place of port and hostname: host:port, unix:/run/app.sock, or systemd." placeholder:"ADDRESS"`
	AccessLog      bool          `help:"Log a line for each request."`
}

type routesCmd struct {
	Dir  string `arg:"" optional:"" default:"." help:"The project: the folder that holds app/ or src/app/."`
	JSON bool   `name:"json" help:"Print JSON."`
}

type versionCmd struct{}

type helpCmd struct {
	Command string `arg:"" optional:"" help:"The command."`
}

// port is a TCP port.
type port uint16

// UnmarshalText reads a flag's value, or that of PORT. An empty PORT counts as
// none, as in Node's process.env.PORT || 3000.
func (p *port) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = 3000
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not a port; want a number from 0 to 65535", text)
	}
	*p = port(n)
	return nil
}

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
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(e),
	)
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	code := 0
	switch {
	case len(args) == 0:
		parser.Stdout = stderr // nothing was asked for
		args, code = []string{"--help"}, 2
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		args = []string{"version"}
	}
	ctx, err := parser.Parse(args)
	if exit >= 0 { // help was printed
		return max(exit, code)
	}
	if err != nil {
		e.misused(parser, args[0], err)
		return 2
	}
	if err := ctx.Run(); err != nil {
		var told printed
		if !errors.As(err, &told) {
			e.failed(err)
		}
		return 1
	}
	return 0
}

// misused prints what is wrong with the arguments.
func (e *env) misused(parser *kong.Kong, first string, err error) {
	for _, n := range parser.Model.Children {
		if n.Name == first {
			e.failed(fmt.Errorf("%w\nhint: portico %s --help explains the flags", err, first))
			return
		}
	}
	hint := "portico --help lists the commands"
	if !strings.HasPrefix(first, "-") {
		err = fmt.Errorf("there is no command %q", first)
		if info, serr := os.Stat(first); serr == nil && info.IsDir() {
			hint = "portico dev " + first + " serves that folder"
		}
	}
	e.failed(fmt.Errorf("%w\nhint: %s", err, hint))
}

// printed is an error that the user has seen.
type printed struct{ error }

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

// Run is not reached: Main turns help into a flag.
func (helpCmd) Run() error { return nil }

// adminFlag is an address from the command line, where paths are from the
// folder that the command stands in.
func adminFlag(addr string) (string, error) {
	path, ok := strings.CutPrefix(addr, "unix:")
	if !ok || path == "" || path[0] == '@' {
		return addr, nil // it is none, or wrong, which is said elsewhere
	}
	path, err := filepath.Abs(path)
	return "unix:" + path, err
}

func (c *devCmd) Run(e *env) error {
	host := c.Hostname
	if host == "" {
		host = "localhost"
	}
	socket, err := adminFlag(c.Admin)
	if err != nil {
		return err
	}
	e.updateTypes(c.Dir)
	return e.serve(portico.Config{Dir: c.Dir, Dev: true, Hostname: c.Hostname, Admin: socket, Cache: c.Cache}, host, c.Port)
}

func (c *startCmd) Run(e *env) error {
	if c.Isolates < 0 {
		return errors.New("--isolates cannot be negative")
	}
	socket, err := adminFlag(c.Admin)
	if err != nil {
		return err
	}
	return e.serve(portico.Config{
		Dir: c.Dir, PublicOrigin: c.PublicOrigin, HandlerTimeout: c.HandlerTimeout,
		JobLimit: c.JobLimit, DrainTimeout: c.DrainTimeout, Isolates: c.Isolates,
		Addr: c.Listen, AccessLog: c.AccessLog, Admin: socket, Cache: c.Cache,
	}, c.Hostname, c.Port)
}

// serve runs a server until the process is told to stop. A second signal ends
// it at once.
func (e *env) serve(c portico.Config, host string, number *port) error {
	tune()
	if c.Addr == "" && (number != nil || host != "") { // else the project's configuration may have a say
		n := port(3000)
		if number != nil {
			n = *number
		}
		c.Addr = net.JoinHostPort(host, strconv.Itoa(int(n)))
		if os.Getenv("PORT") == "" { // scripts find it, as under next start
			c.Environ = append(os.Environ(), "PORT="+strconv.Itoa(int(n)))
		}
	}
	c.Logger = e.logger(c.Dev)
	slog.SetDefault(c.Logger)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for n := 0; ; n++ {
			select {
			case sig := <-signals:
				if n > 0 {
					os.Exit(exitCode(sig))
				}
				e.err.line(e.err.dim("stopping; signal again to stop at once"))
				stop()
			case <-over:
				return
			}
		}
	}()

	r := &reporter{e: e, dev: c.Dev}
	c.OnLoad, c.OnListen = r.loaded, r.listening
	if e.err.terminal {
		c.OnPrerender = func(done, all int) { e.err.progress("making static answers", done, all) }
	}
	if c.Dev {
		c.Wrap = e.logRequests
	}
	err := portico.New(c).Run(ctx)
	if err != nil && r.printed() == err {
		return printed{err}
	}
	return err
}

// exitCode is what a shell reports of a process that a signal ended.
func exitCode(sig os.Signal) int {
	if n, ok := sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// tune sets the garbage collector for a server whose live heap is small: a
// larger heap target costs little memory and saves 10 to 30 % of the time a
// request takes. A container's memory limit is respected.
func tune() {
	if os.Getenv("GOGC") == "" {
		tuneGarbage()
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

// logger writes text for a person, in development and on a terminal, and JSON
// otherwise.
func (e *env) logger(dev bool) *slog.Logger {
	if e.err.terminal || dev {
		return slog.New(&plainLog{
			Handler: tint.NewTextHandler(e.err.w, &tint.Options{TimeFormat: time.TimeOnly, NoColor: !e.err.terminal}),
			console: e.err,
		})
	}
	return slog.New(slog.NewJSONHandler(e.err.w, &slog.HandlerOptions{ReplaceAttr: expand}))
}

// plainLog writes an error below its line as it is: a stack on one line is of
// no use to a person.
type plainLog struct {
	slog.Handler
	console *console
}

// Handle writes a record.
func (h *plainLog) Handle(ctx context.Context, r slog.Record) error {
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	var below []string
	r.Attrs(func(a slog.Attr) bool {
		if _, ok := a.Value.Any().(error); ok {
			below = append(below, expand(nil, a).Value.String())
		} else {
			line.AddAttrs(a)
		}
		return true
	})
	if err := h.Handler.Handle(ctx, line); err != nil {
		return err
	}
	for _, text := range below {
		h.console.line("  " + strings.ReplaceAll(text, "\n", "\n  "))
	}
	return nil
}

// WithAttrs and WithGroup keep the writing of errors.
func (h *plainLog) WithAttrs(as []slog.Attr) slog.Handler {
	return &plainLog{h.Handler.WithAttrs(as), h.console}
}
func (h *plainLog) WithGroup(name string) slog.Handler {
	return &plainLog{h.Handler.WithGroup(name), h.console}
}

// expand writes an error with its stack and causes, where it has them.
func expand(_ []string, a slog.Attr) slog.Attr {
	err, ok := a.Value.Any().(error)
	if !ok {
		return a
	}
	var d interface{ Detail() string }
	switch v, ok := err.(slog.LogValuer); {
	case ok:
		a.Value = v.LogValue().Resolve()
	case errors.As(err, &d):
		a.Value = slog.StringValue(d.Detail())
	default:
		a.Value = slog.StringValue(err.Error())
	}
	return a
}
