package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/internal/admin"
)

type cacheCmd struct {
	Ls    cacheLsCmd    `cmd:"" help:"List what a running server keeps."`
	Show  cacheShowCmd  `cmd:"" help:"Print a kept entry with its headers and its body."`
	Purge cachePurgeCmd `cmd:"" help:"Drop entries of a running server."`
}

// cacheFlags say which server is asked.
type cacheFlags struct {
	Admin string `placeholder:"SOCKET" help:"The server's admin socket: unix:/path (default the project's own)."`
	Dir   string `short:"C" default:"." placeholder:"DIR" help:"The project, to find the socket by (default the current folder)."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

type cacheLsCmd struct {
	cacheFlags
	Kind  string `placeholder:"KIND" help:"Only entries of this kind: route, fetch or value."`
	Limit int    `default:"1000" help:"How many entries at most."`
}

type cacheShowCmd struct {
	cacheFlags
	What string `arg:"" name:"key|path" help:"An entry's key or its first eight digits, or the path that it answers."`
	Body bool   `help:"Print the body alone, as it is."`
}

type cachePurgeCmd struct {
	cacheFlags
	Tag   []string `sep:"none" placeholder:"TAG" help:"What has this tag; may be given several times."`
	Path  string   `placeholder:"PATH" help:"The answers of a path, and what was fetched for them: as revalidatePath(path)."`
	Route string   `placeholder:"PATTERN" help:"The answers of a route, such as /items/[id]."`
	All   bool     `help:"Everything."`
	Key   string   `arg:"" optional:"" help:"One entry, by its key or the first eight digits."`
}

// client finds the server's socket.
func (c *cacheFlags) client() (*admin.Client, error) {
	addr := c.Admin
	if addr == "" {
		var err error
		if addr, err = c.find(); err != nil {
			return nil, err
		}
	}
	return admin.NewClient(addr)
}

// defaultSocket is where a server with `admin: true` listens, from the project.
const defaultSocket = ".portico/admin.sock"

// find looks where the socket is that the project has by its configuration. The
// usual place is looked at first: it needs nothing to be loaded, which also may
// fail, with a project that is being worked on.
func (c *cacheFlags) find() (string, error) {
	usual := filepath.Join(c.Dir, filepath.FromSlash(defaultSocket))
	if info, err := os.Lstat(usual); err == nil && info.Mode().Type() == fs.ModeSocket {
		return "unix:" + usual, nil
	}
	var loaded portico.Loaded
	app := portico.New(portico.Config{Dir: c.Dir, Isolates: 1, Cache: "off", Logger: slog.New(slog.DiscardHandler), OnLoad: func(l portico.Loaded) { loaded = l }})
	if err := app.Load(context.Background()); err != nil {
		return "", errors.Join(err, errors.New("the project's admin socket cannot be told\nhint: name it with --admin unix:/path"))
	}
	if err := app.Close(context.Background()); err != nil {
		return "", err
	}
	if loaded.Admin == "" {
		return "", errors.New("the project has no admin socket\nhint: set server.admin in its configuration, or start it with --admin unix:/path and name that here, too")
	}
	return loaded.Admin, nil
}

// interruptible is a context that ends with Ctrl-C.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

func (e *env) json(v any) error {
	enc := json.NewEncoder(e.out.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (c *cacheLsCmd) Run(e *env) error {
	if c.Limit < 1 {
		return errors.New("--limit is at least 1")
	}
	a, err := c.client()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	list, err := a.List(ctx, c.Kind, c.Limit)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return e.json(list)
	case list.Total == 0:
		e.out.line(e.out.dim("nothing is kept"))
		return nil
	}
	e.entries(list, time.Now())
	return nil
}

// entries prints a table.
func (e *env) entries(list *admin.List, now time.Time) {
	rows := [][]string{{"KEY", "KIND", "STATE", "AGE", "SIZE", "NAME", "TAGS"}}
	for _, x := range list.Entries {
		rows = append(rows, []string{x.Key[:min(12, len(x.Key))], x.Kind, x.State, age(now.Sub(x.Made)), size(int64(x.Size)), clip(plain(x.Name), 60), plain(strings.Join(ownTags(x.Tags), " "))})
	}
	wide := make([]int, len(rows[0])-1)
	for _, row := range rows {
		for i := range wide {
			wide[i] = max(wide[i], utf8.RuneCountInString(row[i]))
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, s := range row {
			space := ""
			if i < len(wide) {
				space = strings.Repeat(" ", wide[i]-utf8.RuneCountInString(s)+2)
			}
			switch {
			case n > 0 && i == 2 && s == "fresh":
				s = e.out.green(s)
			case n > 0 && i == 2:
				s = e.out.yellow(s)
			case n == 0 || i == len(row)-1:
				s = e.out.dim(s)
			}
			b.WriteString(s + space)
		}
		e.out.line(strings.TrimRight(b.String(), " "))
	}
	text := count(list.Total, "entry", "entries") + ", " + size(list.Size)
	if more := list.Total - len(list.Entries); more > 0 {
		text += "; " + strconv.Itoa(more) + " are not shown, see --limit"
	}
	e.out.line(e.out.dim(text))
}

// ownTags are those that handlers gave, without those that stand for places.
func ownTags(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return strings.HasPrefix(tag, "_N_T_") })
}

func (c *cacheShowCmd) Run(e *env) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	d, err := a.Show(ctx, c.What)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return e.json(d)
	case c.Body:
		_, err := e.out.w.Write(d.Body)
		return err
	}
	now := time.Now()
	field := func(name, value string) { e.out.line(e.out.dim(fmt.Sprintf("%-11s", name)) + value) }
	field("name", plain(d.Name))
	field("key", d.Key)
	field("kind", d.Kind)
	field("state", d.State)
	field("made", d.Made.Format(time.RFC3339)+", "+age(now.Sub(d.Made))+" ago")
	field("fresh for", lasts(d.Revalidate, "ever"))
	field("expires", lasts(d.Expire, "never"))
	field("size", size(int64(d.Size)))
	for i, tag := range d.Tags {
		name := ""
		if i == 0 {
			name = "tags"
		}
		field(name, plain(tag))
	}
	if d.Status != 0 {
		field("status", strconv.Itoa(d.Status))
	}
	e.out.line("")
	for _, name := range slices.Sorted(maps.Keys(d.Header)) {
		for _, value := range d.Header[name] {
			e.out.line(e.out.dim(plain(name)+": ") + plain(value))
		}
	}
	if len(d.Header) > 0 {
		e.out.line("")
	}
	if !isText(d.Body) {
		e.out.line(e.out.dim(count(len(d.Body), "byte", "bytes") + " that are no text; --body prints them as they are"))
		return nil
	}
	e.out.line(string(d.Body))
	return nil
}

func (c *cachePurgeCmd) Run(e *env) error {
	p := admin.Purge{All: c.All, Tags: c.Tag, Path: c.Path, Route: c.Route, Key: c.Key}
	given := 0
	for _, is := range []bool{c.All, c.Tag != nil, c.Path != "", c.Route != "", c.Key != ""} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return errors.New("it is not said what to drop\nhint: name --tag, --path, --route or a key, or --all for everything")
	case given > 1:
		return errors.New("several kinds of things are named\nhint: drop one after the other")
	}
	a, err := c.client()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	purged, err := a.Purge(ctx, p)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return e.json(purged)
	case c.All:
		e.out.line(e.out.green("✓ ") + "everything is dropped: " + count(purged.Entries, "entry", "entries"))
	case c.Key != "":
		e.out.line(e.out.green("✓ ") + "the entry is dropped")
	default:
		what := map[bool]string{true: "tag ", false: "tags "}[len(purged.Tags) == 1] + plain(strings.Join(purged.Tags, " "))
		switch {
		case c.Path != "":
			what = "path " + plain(c.Path)
		case c.Route != "":
			what = "route " + plain(c.Route)
		}
		e.out.line(e.out.green("✓ ") + "nothing of the " + what + " is given any more")
	}
	return nil
}

// plain is a text without what could speak to a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}

// isText reports whether a body can be printed.
func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}

// clip shortens a text to a number of characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// age is a time in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// lasts is a number of seconds, or a word for no end.
func lasts(seconds *float64, endless string) string {
	if seconds == nil || *seconds >= math.MaxInt64/float64(time.Second) {
		return endless
	}
	return time.Duration(*seconds * float64(time.Second)).String()
}

// size is a number of bytes for a person.
func size(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if f /= 1 << 10; f < 1<<10 || unit == "GB" {
			return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
		}
	}
	return ""
}
