package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/portico-dev/portico"
)

// console writes lines for a person, in colour on a terminal.
type console struct {
	w        io.Writer
	mu       *sync.Mutex
	terminal bool
}

func newConsole(w io.Writer) *console {
	c := &console{mu: &sync.Mutex{}}
	c.w = w
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			c.terminal = true
		}
	}
	return c
}

func (c *console) line(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintln(c.w, s)
}

// progress draws a bar in place of the last one, and takes it away when all is
// done. It is for terminals.
func (c *console) progress(what string, done, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if done >= all {
		fmt.Fprint(c.w, "\r\x1b[K")
		return
	}
	const width = 24
	full := width * done / all
	fmt.Fprintf(c.w, "\r\x1b[K  %s %s%s %d/%d", what, strings.Repeat("█", full), strings.Repeat("░", width-full), done, all)
}

func (c *console) paint(code, s string) string {
	if !c.terminal {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (c *console) red(s string) string    { return c.paint("31", s) }
func (c *console) green(s string) string  { return c.paint("32", s) }
func (c *console) yellow(s string) string { return c.paint("33", s) }
func (c *console) dim(s string) string    { return c.paint("2", s) }
func (c *console) bold(s string) string   { return c.paint("1", s) }

// reporter tells a person what the server does.
type reporter struct {
	e   *env
	dev bool

	mu     sync.Mutex
	took   time.Duration // by the first load
	routes []portico.RouteInfo
	shown  bool   // the routes have been
	at     string // where the server listens, once it does
	tls    bool
	warned map[string]bool
	err    error // the last load's, when it was printed
	told   string
}

func (r *reporter) printed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// loaded is told of every load.
func (r *reporter) loaded(l portico.Loaded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.e
	r.err = nil
	if l.Err == nil {
		r.told = ""
	}
	switch {
	case l.Err != nil:
		if r.dev { // else the command ends with it
			if text := l.Err.Error(); text != r.told {
				e.failed(l.Err)
				r.told = text
			} else {
				e.err.line(e.err.dim("the errors are the same"))
			}
			r.err = l.Err
		}
		return
	case r.shown:
		e.out.line(e.out.green("✓ ") + fmt.Sprintf("reloaded in %d ms", l.Took.Milliseconds()))
		r.changes(l.Routes)
	default:
		r.took, r.shown, r.tls = l.Took, true, l.TLS
		e.out.line(e.out.bold("portico ") + Version)
		if len(l.EnvFiles) > 0 {
			e.out.line(e.out.dim("environment: " + strings.Join(l.EnvFiles, ", ")))
		}
		printRoutes(e.out, l.Routes)
		if text := ruleCount(l.Rules); text != "" {
			e.out.line(e.out.dim("  asked before them: " + text))
		}
		if r.at != "" {
			r.ready()
		}
	}
	r.routes = l.Routes
	if r.warned == nil {
		r.warned = map[string]bool{}
	}
	for _, w := range l.Warnings {
		if !r.warned[w] {
			r.warned[w] = true
			e.err.line(e.err.yellow("warning: ") + w)
		}
	}
}

// changes prints the routes that came and those that went.
func (r *reporter) changes(now []portico.RouteInfo) {
	key := func(x portico.RouteInfo) string { return x.Pattern + " " + methodList(x) + " " + x.Source }
	before := map[string]bool{}
	for _, x := range r.routes {
		before[key(x)] = true
	}
	out := r.e.out
	for _, x := range now {
		if k := key(x); !before[k] {
			out.line(out.green("  + ") + fmt.Sprintf("%s  %s  %s", x.Pattern, methodList(x), out.dim(x.Source)))
		} else {
			delete(before, k)
		}
	}
	for _, x := range r.routes {
		if before[key(x)] {
			out.line(out.red("  - ") + fmt.Sprintf("%s  %s  %s", x.Pattern, methodList(x), out.dim(x.Source)))
		}
	}
}

// listening is told when the server accepts connections.
func (r *reporter) listening(a net.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = address(a, r.tls)
	if r.err != nil {
		o := r.e.out
		o.line(o.yellow("! ") + "listening on " + o.bold(r.at) + ", which shows the errors until they are mended")
		return
	}
	r.ready()
}

func (r *reporter) ready() {
	o := r.e.out
	o.line(o.green("✓ ") + fmt.Sprintf("ready in %d ms on %s", r.took.Milliseconds(), o.bold(r.at)))
}

// address is a URL that a person can open.
func address(a net.Addr, tls bool) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.Network() + ":" + a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	if tls {
		return "https://" + net.JoinHostPort(host, port)
	}
	return "http://" + net.JoinHostPort(host, port)
}

// printRoutes prints a table: pattern, methods, source.
func printRoutes(c *console, routes []portico.RouteInfo) {
	var wide, methods int
	for _, r := range routes {
		wide, methods = max(wide, len(r.Pattern)), max(methods, len(methodList(r)))
	}
	for _, r := range routes {
		c.line(fmt.Sprintf("  %-*s  %-*s  %s", wide, r.Pattern, methods, methodList(r), c.dim(r.Source+kept(r))))
	}
}

// kept tells of a route whose GET answers are kept.
func kept(r portico.RouteInfo) string {
	if r.Kept == "" {
		return ""
	}
	return " (kept " + r.Kept + ")"
}

// methodList leaves out what is answered by itself.
func methodList(r portico.RouteInfo) string {
	if len(r.Methods) == 0 {
		return "any"
	}
	var own []string
	get := false
	for _, m := range r.Methods {
		get = get || m == http.MethodGet
	}
	for _, m := range r.Methods {
		if m != http.MethodOptions && (m != http.MethodHead || !get) {
			own = append(own, m)
		}
	}
	if own == nil {
		return http.MethodOptions
	}
	return strings.Join(own, " ")
}

// printOrder prints rules and routes in the order in which a request meets
// them: kind, pattern, what it leads to, where it stands.
func printOrder(c *console, rules []portico.RuleInfo, routes []portico.RouteInfo) {
	var rows [][4]string
	kind := func(kinds ...string) {
		for _, r := range rules {
			if !slices.Contains(kinds, r.Kind) {
				continue
			}
			to := r.Rate
			if r.Destination != "" {
				to = "→ " + r.Destination
			}
			if r.Status != 0 {
				to = strconv.Itoa(r.Status) + " " + to
			}
			rows = append(rows, [4]string{r.Kind, r.Source, to, r.File})
		}
	}
	kind("rateLimit", "redirect", "headers", "middleware", "beforeFiles")
	dynamic := slices.IndexFunc(routes, func(r portico.RouteInfo) bool { return r.Dynamic })
	if dynamic < 0 {
		dynamic = len(routes)
	}
	route := func(r portico.RouteInfo) {
		rows = append(rows, [4]string{"route", r.Pattern, methodList(r), r.Source + kept(r)})
	}
	for _, r := range routes[:dynamic] {
		route(r)
	}
	kind("afterFiles")
	for _, r := range routes[dynamic:] {
		route(r)
	}
	kind("fallback", "frontend")
	var wide [3]int
	for _, row := range rows {
		for i := range wide {
			wide[i] = max(wide[i], utf8.RuneCountInString(row[i]))
		}
	}
	pad := func(s string, n int) string { return s + strings.Repeat(" ", n-utf8.RuneCountInString(s)) }
	for _, row := range rows {
		c.line("  " + pad(row[0], wide[0]) + "  " + pad(row[1], wide[1]) + "  " + pad(row[2], wide[2]) + "  " + c.dim(row[3]))
	}
}

func (c *routesCmd) Run(e *env) error {
	var loaded portico.Loaded
	app := portico.New(portico.Config{Dir: c.Dir, Isolates: 1, Cache: "off", Logger: e.logger(false), OnLoad: func(l portico.Loaded) { loaded = l }})
	if err := app.Load(context.Background()); err != nil {
		return err
	}
	defer app.Close(context.Background())
	for _, w := range loaded.Warnings {
		e.err.line(e.err.yellow("warning: ") + w)
	}
	if c.JSON {
		// Lists, not null.
		rules, routes := append([]portico.RuleInfo{}, loaded.Rules...), append([]portico.RouteInfo{}, loaded.Routes...)
		enc := json.NewEncoder(e.out.w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{"rules": rules, "routes": routes})
	}
	if len(loaded.Rules) == 0 {
		printRoutes(e.out, loaded.Routes)
		return nil
	}
	printOrder(e.out, loaded.Rules, loaded.Routes)
	return nil
}

// ruleCount says what is asked beside the routes: "2 redirects, 1 rewrite".
func ruleCount(rules []portico.RuleInfo) string {
	names := map[string]string{"rateLimit": "rate limit", "redirect": "redirect", "headers": "header rule", "beforeFiles": "rewrite", "afterFiles": "rewrite", "fallback": "rewrite"}
	n := map[string]int{}
	guard, rest := "", ""
	for _, r := range rules {
		if r.Kind == "frontend" {
			rest = "the rest from " + r.Destination
			continue
		}
		if r.Kind == "middleware" {
			if guard == "" {
				guard = r.File + " for " + r.Source
			} else {
				guard += ", " + r.Source
			}
			continue
		}
		n[names[r.Kind]]++
	}
	var parts []string
	for _, name := range []string{"rate limit", "redirect", "header rule", "rewrite"} {
		switch {
		case n[name] == 1:
			parts = append(parts, "1 "+name)
		case n[name] > 1:
			parts = append(parts, strconv.Itoa(n[name])+" "+name+"s")
		}
	}
	for _, text := range []string{guard, rest} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// logRequests prints a line for each request, in development.
func (e *env) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			status := rec.status
			if status == 0 {
				status = http.StatusOK
			}
			text := fmt.Sprint(status)
			switch {
			case status >= 500:
				text = e.out.red(text)
			case status >= 400:
				text = e.out.yellow(text)
			default:
				text = e.out.green(text)
			}
			// Escaped, or a path could speak to the terminal.
			e.out.line(fmt.Sprintf(" %s %s %s %s", r.Method, r.URL.EscapedPath(), text, e.out.dim(fmt.Sprintf("in %.1f ms", float64(time.Since(start).Microseconds())/1000))))
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the server's writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
