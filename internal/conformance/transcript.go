package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Transcript is one app's requests with their expected answers, in the order in
// which they are sent.
type Transcript struct {
	// File is the path that the transcript was read from.
	File string
	// Env has the "NAME=value" lines that the app's server is started with.
	Env []string
	// Versions are the versions of Next.js that were recorded, oldest first.
	Versions []string
	// Modified is the time of change that the files of public/ are given; zero if
	// they may have any.
	Modified time.Time
	// Export is the folder that Next.js exports the app to; the entries ask for
	// files of what was exported. Empty for an app that is served.
	Export string
	// Entries are the requests.
	Entries []*Entry
	// Known are the entries that are known to fail, by id, with the reason. It is
	// read from known_failures.txt beside the transcript; nil when there is none.
	Known map[string]string
}

// Entry is one request, or one attempt to load the app, with what is expected.
type Entry struct {
	// ID names the entry in its transcript.
	ID string
	// Line is where the entry begins in its file, from 1.
	Line int

	// Build is set for an entry that asks whether the app loads at all; such an
	// entry has no request.
	Build bool
	// raw: nothing is added to the request.
	raw bool
	// toUpstream: the request goes to the upstream, to ask what it has seen.
	toUpstream bool
	// open is the gate of the upstream that is opened when the body so far has
	// openWhen in it; empty for none.
	open, openWhen string
	// hangup: the connection is dropped as soon as the body has this in it.
	hangup string
	// advance is by how much the clock goes on before the request is sent.
	advance time.Duration
	// after are counters of the upstream that must have come so far before it.
	after []count
	// until: the request is sent again until the answer has this text in a header
	// line or in its body; empty for once.
	until string
	// times is how many requests are sent at the same moment; they are all
	// answered alike.
	times int
	// captures are parts of the answer that later entries call by name.
	captures []capture
	masks    []mask
	// checked are header names that are compared though they usually are not.
	checked map[string]bool
	request []string
	next    map[string]*Answer
	portico *override
}

// Answer is an expected answer, still with its placeholders.
type Answer struct {
	// Closed: the connection ended without an answer.
	Closed bool
	// Stuck: the client waits for ever. No server should do that.
	Stuck bool
	// Fails and Loads are what a Build entry expects: the app does not load and
	// says Body, or it does.
	Fails, Loads bool
	// Unserved: there is no answer because the app does not load.
	Unserved bool
	// Page: one of Next.js's own documents; only the status is compared.
	Page bool
	// Cut: the connection ended within the body.
	Cut bool
	// Status and Reason are of the status line; Reason is empty when it is the
	// usual phrase and then not compared.
	Status int
	Reason string
	// Headers are names (lower case) and values in the order of the file.
	Headers []Header
	// Body is the text, with masks applied; unused when SHA256 is set.
	Body string
	// SHA256 and Length stand for a body too large to be written out.
	SHA256 string
	Length int
	// free are header names whose values are not compared, anyBody the same for
	// the body. Only overrides set them.
	free    map[string]bool
	anyBody bool
}

// Header is one header line.
type Header struct{ Name, Value string }

// count is a counter of the upstream and how far it is.
type count struct {
	key string
	n   int
}

// capture gives the first group of a match in an answer a name.
type capture struct {
	name    string
	pattern *regexp.Regexp
}

// mask hides what differs from run to run.
type mask struct {
	pattern *regexp.Regexp
	name    string
}

// override is Portico's own expectation: the answer of one version of Next.js
// with some lines replaced.
type override struct {
	reason string
	like   string
	lines  []string
}

// Load reads a transcript and, if there is one, the known_failures.txt beside
// it. Errors carry file and line.
func Load(file string) (*Transcript, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tr, err := parse(file, string(text))
	if err != nil {
		return nil, err
	}
	known := filepath.Join(filepath.Dir(file), "known_failures.txt")
	text, err = os.ReadFile(known)
	if os.IsNotExist(err) {
		return tr, nil
	}
	if err != nil {
		return nil, err
	}
	tr.Known, err = parseKnown(known, string(text), tr)
	return tr, err
}

// wholeApp is the id, in known_failures.txt, that stands for an app that does not
// load and therefore fails in everything.
const wholeApp = "*"

// parseKnown reads lines of `entry-id  reason`.
func parseKnown(file, text string, tr *Transcript) (map[string]string, error) {
	known := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, reason, _ := strings.Cut(line, " ")
		reason = strings.TrimSpace(reason)
		switch {
		case reason == "":
			return nil, fmt.Errorf("%s:%d: %s has no reason", file, i+1, id)
		case id == wholeApp:
		case known[id] != "":
			return nil, fmt.Errorf("%s:%d: %s is there twice", file, i+1, id)
		case !slices.ContainsFunc(tr.Entries, func(e *Entry) bool { return e.ID == id }):
			return nil, fmt.Errorf("%s:%d: no entry %s in %s", file, i+1, id, tr.File)
		}
		known[id] = reason
	}
	return known, nil
}

var (
	idPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	versionPattern = regexp.MustCompile(`^next( \d+\.\d+\.\d+\S*)+$`)
)

func parse(file, text string) (*Transcript, error) {
	tr := &Transcript{File: file}
	seen := map[string]bool{}
	var e *Entry
	var next, portico []string
	finish := func() error {
		if e == nil {
			return nil
		}
		if err := e.finish(next, portico); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", file, e.Line, e.ID, err)
		}
		tr.Entries = append(tr.Entries, e)
		next, portico = nil, nil
		return nil
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		bad := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", file, i+1, fmt.Sprintf(format, args...))
		}
		mark, rest := line, ""
		if len(line) > 1 && line[1] == ' ' {
			mark, rest = line[:1], line[2:]
		}
		switch {
		case strings.HasPrefix(line, "== "):
			if err := finish(); err != nil {
				return nil, err
			}
			id := strings.TrimSpace(line[3:])
			if !idPattern.MatchString(id) {
				return nil, bad("bad entry id %q", id)
			}
			if seen[id] {
				return nil, bad("entry %s is there twice", id)
			}
			seen[id] = true
			e = &Entry{ID: id, Line: i + 1, times: 1, checked: map[string]bool{}, next: map[string]*Answer{}}
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@"):
			var err error
			if e == nil {
				err = tr.directive(line[1:])
			} else {
				err = e.directive(line[1:])
			}
			if err != nil {
				return nil, bad("%v", err)
			}
		case e == nil:
			return nil, bad("a line before the first entry")
		case mark == ">":
			e.request = append(e.request, rest)
		case mark == "<":
			next = append(next, rest)
		case mark == "!":
			portico = append(portico, rest)
		default:
			return nil, bad("do not understand %q", line)
		}
	}
	return tr, finish()
}

// Clocked reports whether an entry moves the clock. Then the server is one whose
// clock can be moved, and what it has asked of the upstream while it loaded counts.
func (tr *Transcript) Clocked() bool {
	return slices.ContainsFunc(tr.Entries, func(e *Entry) bool { return e.advance > 0 })
}

// directive reads a line of the file's head.
func (tr *Transcript) directive(line string) error {
	name, arg, _ := strings.Cut(line, " ")
	switch name {
	case "env":
		tr.Env = append(tr.Env, arg)
	case "mtime":
		var err error
		if tr.Modified, err = time.Parse(time.RFC3339, arg); err != nil {
			return fmt.Errorf("@mtime wants a time such as 2024-02-03T04:05:06.789Z: %w", err)
		}
	case "export":
		if tr.Export = arg; arg == "" {
			return errors.New("@export wants the folder that Next.js writes, such as out")
		}
	case "host":
		// What Next.js is told to listen on: the recorder's business.
	case "recorded":
		for _, what := range strings.Fields(arg) {
			if v, ok := strings.CutPrefix(what, "next@"); ok {
				tr.Versions = append(tr.Versions, v)
			}
		}
	default:
		return fmt.Errorf("unknown directive @%s", name)
	}
	return nil
}

func (e *Entry) directive(line string) error {
	name, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	switch name {
	case "build":
		e.Build = true
	case "grep":
		// Which lines of Next.js's output are kept: the recorder's business.
	case "patience":
		// How long the recorder waits for Next.js.
	case "raw":
		e.raw = true
	case "to":
		if arg != "upstream" {
			return fmt.Errorf("@to %s: only upstream", arg)
		}
		e.toUpstream = true
	case "check":
		e.checked[arg] = true
	case "hangup":
		e.hangup = arg
	case "advance":
		var err error
		if e.advance, err = time.ParseDuration(arg); err != nil || e.advance <= 0 {
			return fmt.Errorf("@advance wants a duration such as 90s, 5m or 1h30m: %s", arg)
		}
	case "after":
		key, n, _ := strings.Cut(arg, " ")
		most, err := strconv.Atoi(n)
		if err != nil || most < 1 {
			return fmt.Errorf("@after wants KEY N: %s", arg)
		}
		e.after = append(e.after, count{key, most})
	case "until":
		e.until = arg
	case "times":
		var err error
		if e.times, err = strconv.Atoi(arg); err != nil || e.times < 1 || e.times > 100 {
			return fmt.Errorf("@times wants a number up to 100: %s", arg)
		}
	case "capture":
		name, text, _ := strings.Cut(arg, " ")
		pattern, err := regexp.Compile(text)
		if err != nil || pattern.NumSubexp() != 1 {
			return fmt.Errorf("@capture wants NAME and a PATTERN with one group: %s", arg)
		}
		e.captures = append(e.captures, capture{name, pattern})
	case "open":
		gate, when, ok := strings.Cut(arg, " when ")
		if !ok {
			return fmt.Errorf("@open wants GATE when TEXT: %s", arg)
		}
		e.open, e.openWhen = gate, when
	case "mask":
		at := strings.LastIndex(arg, " -> ")
		if at < 0 {
			return fmt.Errorf("@mask wants PATTERN -> NAME: %s", arg)
		}
		pattern, err := regexp.Compile(arg[:at])
		if err != nil {
			return fmt.Errorf("@mask: %w", err)
		}
		e.masks = append(e.masks, mask{pattern, "{{" + arg[at+4:] + "}}"})
	default:
		return fmt.Errorf("unknown directive @%s", name)
	}
	return nil
}

// finish reads an entry's answers.
func (e *Entry) finish(next, portico []string) error {
	if !e.Build && (len(e.request) == 0 || e.request[0] == "") {
		return fmt.Errorf("no request")
	}
	var versions []string
	var block []string
	flush := func() error {
		if versions == nil {
			return nil
		}
		a, err := parseAnswer(block)
		if err != nil {
			return err
		}
		for _, v := range versions {
			e.next[v] = a
		}
		return nil
	}
	for _, line := range next {
		switch {
		case versionPattern.MatchString(line):
			if err := flush(); err != nil {
				return err
			}
			versions, block = strings.Fields(line)[1:], nil
		case versions == nil:
			return fmt.Errorf("an answer must begin with its versions: %q", line)
		default:
			block = append(block, line)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if portico == nil {
		return nil
	}
	reason, ok := strings.CutPrefix(portico[0], "reason: ")
	if !ok || strings.TrimSpace(reason) == "" {
		return fmt.Errorf("Portico's expectation must begin with `! reason: …`")
	}
	e.portico = &override{reason: reason, lines: portico[1:]}
	if len(e.portico.lines) > 0 {
		if v, ok := strings.CutPrefix(e.portico.lines[0], "like next "); ok {
			e.portico.like, e.portico.lines = v, e.portico.lines[1:]
		}
	}
	return nil
}

// parseAnswer reads the lines of a whole answer.
func parseAnswer(lines []string) (*Answer, error) {
	a := &Answer{}
	rest, err := a.line0(lines)
	if err != nil {
		return nil, err
	}
	return a, a.readRest(rest)
}

// line0 reads what stands before the headers.
func (a *Answer) line0(lines []string) ([]string, error) {
	for len(lines) > 0 {
		line := lines[0]
		switch {
		case line == "@closed":
			a.Closed = true
			return lines[1:], nil
		case line == "@stuck":
			a.Stuck = true
			return lines[1:], nil
		case line == "@unserved":
			a.Unserved = true
			return lines[1:], nil
		case line == "@loads":
			a.Loads = true
			return lines[1:], nil
		case strings.HasPrefix(line, "@fails"):
			a.Fails = true
			return lines[1:], nil
		case line == "@cut":
			a.Cut = true
			lines = lines[1:]
		default:
			code, reason, _ := strings.Cut(line, " ")
			status, err := strconv.Atoi(code)
			if err != nil {
				return nil, fmt.Errorf("want a status, have %q", line)
			}
			a.Status, a.Reason = status, reason
			return lines[1:], nil
		}
	}
	return nil, fmt.Errorf("an empty answer")
}

var headerLine = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9a-z` + "`" + `-]+):(?: (.*))?$`)

// readRest reads headers and body.
func (a *Answer) readRest(lines []string) error {
	for i, line := range lines {
		if line == "" {
			return a.readBody(lines[i+1:])
		}
		if strings.HasPrefix(line, "@page") {
			a.Page = true
			continue
		}
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("want a header, have %q", line)
		}
		a.Headers = append(a.Headers, Header{m[1], m[2]})
	}
	return nil
}

func (a *Answer) readBody(lines []string) error {
	if len(lines) == 1 && strings.HasPrefix(lines[0], "@sha256 ") {
		f := strings.Fields(lines[0])
		if len(f) != 3 {
			return fmt.Errorf("want @sha256 DIGEST LENGTH, have %q", lines[0])
		}
		n, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		a.SHA256, a.Length = f[1], n
		return nil
	}
	a.Body = strings.Join(lines, "\n")
	return nil
}

// expected is the answer that Portico should give: the named version's, or the
// newest recorded one's, with the override applied. nil if nothing was recorded.
func (e *Entry) expected(version string) (*Answer, error) {
	if e.portico == nil {
		return e.next[version], nil
	}
	if e.portico.like != "" {
		version = e.portico.like
	}
	base := e.next[version]
	if base == nil {
		return nil, fmt.Errorf("no answer of next@%s", version)
	}
	a := *base
	a.Headers = slices.Clone(base.Headers)
	a.free = map[string]bool{}
	lines := e.portico.lines
	if len(lines) > 0 && (lines[0] != "" && lines[0][0] >= '1' && lines[0][0] <= '9' || strings.HasPrefix(lines[0], "@")) {
		// A status line begins an answer of its own: nothing of Next's stays.
		a = Answer{free: a.free}
		rest, err := a.line0(lines)
		if err != nil {
			return nil, err
		}
		lines = rest
	}
	set := map[string]bool{}
	for i, line := range lines {
		if line == "" {
			body := lines[i+1:]
			a.Body, a.SHA256, a.Length = "", "", 0
			if len(body) == 1 && body[0] == "{{any}}" {
				a.anyBody = true
				return &a, nil
			}
			return &a, a.readBody(body)
		}
		if line == "@page" {
			a.Page = true
			continue
		}
		if name, ok := strings.CutPrefix(line, "-"); ok {
			a.drop(name)
			continue
		}
		if name, ok := strings.CutPrefix(line, "~"); ok {
			a.drop(name)
			a.free[name] = true
			continue
		}
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("want a header, have %q", line)
		}
		if !set[m[1]] {
			a.drop(m[1])
			set[m[1]] = true
		}
		a.Headers = append(a.Headers, Header{m[1], m[2]})
	}
	return &a, nil
}

func (a *Answer) drop(name string) {
	a.Headers = slices.DeleteFunc(a.Headers, func(h Header) bool { return h.Name == name })
}

// unescape gives the bytes that a written line stands for.
func unescape(s string) ([]byte, error) {
	if !strings.Contains(s, `\`) {
		return []byte(s), nil
	}
	var b bytes.Buffer
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return nil, fmt.Errorf("bad escape in %q", s)
		}
		switch s[i] {
		case '\\':
			b.WriteByte('\\')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			if i+2 >= len(s) {
				return nil, fmt.Errorf("bad escape in %q", s)
			}
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("bad escape in %q", s)
			}
			b.WriteByte(byte(v))
			i += 2
		default:
			return nil, fmt.Errorf("bad escape in %q", s)
		}
	}
	return b.Bytes(), nil
}
