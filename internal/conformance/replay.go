package conformance

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Options says how a transcript is replayed.
type Options struct {
	// Version is the version of Next.js whose answers are expected; empty means
	// the newest in the transcript.
	Version string
	// Upstream is the server that the app fetches from; nil if it has none. It is
	// reset before the first request, unless the transcript moves the clock.
	Upstream *Upstream
	// Advance moves the server's clock; nil if it has none to be moved.
	Advance func(time.Duration)
	// NotLoaded says that the app did not load: nothing is sent, and every entry
	// fails that is not expected to.
	NotLoaded bool
	// Only, if it is not nil, picks the entries to send by id.
	Only func(id string) bool
}

// Failure is an entry whose answer was not as expected, or which was expected to
// fail and did not.
type Failure struct {
	// Place is the entry's file:line.
	Place string
	// ID is the entry's name.
	ID string
	// Build: the entry asks whether the app loads.
	Build bool
	// Diff says what differs, one item a difference.
	Diff []string
	// Known is the reason from known_failures.txt; such a failure is expected.
	Known string
	// Passed: the entry is a known failure but the answer was right.
	Passed bool
}

// Expected reports whether the failure is listed and did happen, and so is not
// an error of the run.
func (f Failure) Expected() bool { return f.Known != "" && !f.Passed }

func (f Failure) String() string {
	if f.Passed {
		return fmt.Sprintf("%s: %s passes: take it out of known_failures.txt (%s)", f.Place, f.ID, f.Known)
	}
	return fmt.Sprintf("%s: %s\n%s", f.Place, f.ID, strings.Join(f.Diff, "\n"))
}

// Replay sends a transcript's requests to the server at addr (host:port), one
// after the other, each on a connection of its own, and returns what was not as
// expected. Entries that ask whether the app loads are left to CheckLoad.
func Replay(ctx context.Context, addr string, tr *Transcript, o Options) []Failure {
	vars := Vars{Addr: addr, Captured: map[string]string{}}
	if o.Upstream != nil {
		vars.Upstream = o.Upstream.Addr()
		if !tr.Clocked() {
			o.Upstream.Reset()
		}
	}
	version := o.version(tr)
	var failures []Failure
	for _, e := range tr.Entries {
		if e.Build || o.Only != nil && !o.Only(e.ID) {
			continue
		}
		diff := e.run(ctx, version, vars, o)
		if f, ok := tr.failure(e, diff); ok {
			failures = append(failures, f)
		}
	}
	return failures
}

// CheckLoad judges the entries that ask whether the app loads: whether the server
// started (o.NotLoaded), and what it printed.
func CheckLoad(tr *Transcript, output string, o Options) []Failure {
	loaded := !o.NotLoaded
	var failures []Failure
	for _, e := range tr.Entries {
		if !e.Build {
			continue
		}
		var diff []string
		want, err := e.expected(o.version(tr))
		switch {
		case err != nil:
			diff = append(diff, err.Error())
		case want == nil:
			diff = append(diff, "nothing recorded: run make record")
		case want.Loads != loaded:
			diff = append(diff, fmt.Sprintf("loads:\n  want %v\n  have %v\noutput:\n%s", want.Loads, loaded, output))
		case !loaded && e.portico != nil:
			// What we say is ours; Next.js's words are in the file to compare.
			for _, text := range strings.Split(want.Body, "\n") {
				if !strings.Contains(output, text) {
					diff = append(diff, fmt.Sprintf("output:\n  want %s\n  have %s", text, indent(output)))
				}
			}
		}
		if f, ok := tr.failure(e, diff); ok {
			failures = append(failures, f)
		}
	}
	return failures
}

func (o Options) version(tr *Transcript) string {
	if o.Version == "" && len(tr.Versions) > 0 {
		return tr.Versions[len(tr.Versions)-1]
	}
	return o.Version
}

// failure makes the verdict on an entry, or none.
func (tr *Transcript) failure(e *Entry, diff []string) (Failure, bool) {
	known := tr.Known[e.ID]
	if all := tr.Known[wholeApp]; all != "" && len(diff) > 0 {
		known = all
	}
	f := Failure{
		Place: fmt.Sprintf("%s:%d", tr.File, e.Line), ID: e.ID, Build: e.Build, Diff: diff,
		Known: known, Passed: len(diff) == 0 && known != "",
	}
	return f, len(diff) > 0 || f.Passed
}

// run sends one request and compares the answer.
func (e *Entry) run(ctx context.Context, version string, vars Vars, o Options) []string {
	upstream := o.Upstream
	want, err := e.expected(version)
	if err != nil {
		return []string{err.Error()}
	}
	if want == nil {
		return []string{fmt.Sprintf("no answer of next@%s is recorded: run make record", version)}
	}
	if want.Unserved != o.NotLoaded {
		return []string{fmt.Sprintf("the app loads:\n  want %v\n  have %v", !want.Unserved, !o.NotLoaded)}
	}
	if o.NotLoaded {
		return nil
	}
	method, out, err := e.bytes(vars)
	if err != nil {
		return []string{err.Error()}
	}
	addr := vars.Addr
	if e.toUpstream || e.open != "" || e.after != nil {
		if upstream == nil {
			return []string{"the entry needs an upstream"}
		}
	}
	if e.toUpstream {
		addr = upstream.Addr()
	}
	if e.advance > 0 {
		if o.Advance == nil {
			return []string{"the entry needs a clock"}
		}
		o.Advance(e.advance)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, c := range e.after {
		if !upstream.Counted(ctx, c.key, c.n) {
			return []string{fmt.Sprintf("/counter/%s was not asked %d times", c.key, c.n)}
		}
	}
	ask := func() (*received, error) {
		return exchange(ctx, addr, method, out, func(coding string, body []byte) bool {
			// The error is that the body has not ended yet.
			body, _ = decode(coding, body)
			if e.open != "" && bytes.Contains(body, []byte(e.openWhen)) {
				upstream.Open(e.open)
			}
			return e.hangup != "" && bytes.Contains(body, []byte(e.hangup))
		})
	}
	if e.times > 1 {
		return e.together(want, method, vars, ask)
	}
	got, err := ask()
	for patience := time.Now().Add(untilTimeout); err == nil && e.until != "" && !e.has(got, e.until); got, err = ask() {
		// What is awaited is work that the request before has left behind.
		if time.Now().After(patience) {
			return append([]string{"no answer with " + e.until}, e.compare(want, got, method, vars)...)
		}
	}
	if err != nil {
		return []string{err.Error()}
	}
	for _, c := range e.captures {
		m := c.pattern.FindStringSubmatch(strings.Join(e.lines(got), "\n") + "\n\n" + string(got.body))
		if m == nil {
			return append([]string{"nothing to capture with " + c.pattern.String()}, e.compare(want, got, method, vars)...)
		}
		vars.Captured[c.name] = m[1]
	}
	return e.compare(want, got, method, vars)
}

// untilTimeout is how long an entry with @until is asked again.
const untilTimeout = 5 * time.Second

// together sends the request many times at once: every answer must be as expected.
func (e *Entry) together(want *Answer, method string, vars Vars, ask func() (*received, error)) []string {
	diffs := make(chan []string, e.times)
	for range e.times {
		go func() {
			got, err := ask()
			if err != nil {
				diffs <- []string{err.Error()}
				return
			}
			diffs <- e.compare(want, got, method, vars)
		}()
	}
	var diff []string
	for range e.times {
		if d := <-diffs; diff == nil {
			diff = d
		}
	}
	return diff
}

// lines are the header lines of an answer, with names in lower case.
func (e *Entry) lines(got *received) []string {
	var all []string
	for name, values := range got.header {
		for _, v := range values {
			all = append(all, strings.ToLower(name)+": "+v)
		}
	}
	slices.Sort(all)
	return all
}

// has reports whether a header line or the body of an answer has the text in it.
func (e *Entry) has(got *received, text string) bool {
	return slices.ContainsFunc(e.lines(got), func(l string) bool { return strings.Contains(l, text) }) || bytes.Contains(got.body, []byte(text))
}
