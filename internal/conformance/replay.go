package conformance

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Options says how a transcript is replayed.
type Options struct {
	// Version is the version of Next.js whose answers are expected; empty means
	// the newest in the transcript.
	Version string
	// Upstream is the server that the app fetches from; nil if it has none. It is
	// reset before the first request.
	Upstream *Upstream
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
	vars := Vars{Addr: addr}
	if o.Upstream != nil {
		vars.Upstream = o.Upstream.Addr()
		o.Upstream.Reset()
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
	if e.toUpstream || e.open != "" {
		if upstream == nil {
			return []string{"the entry needs an upstream"}
		}
	}
	if e.toUpstream {
		addr = upstream.Addr()
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	got, err := exchange(ctx, addr, method, out, func(coding string, body []byte) bool {
		// The error is that the body has not ended yet.
		body, _ = decode(coding, body)
		if e.open != "" && bytes.Contains(body, []byte(e.openWhen)) {
			upstream.Open(e.open)
		}
		return e.hangup != "" && bytes.Contains(body, []byte(e.hangup))
	})
	if err != nil {
		return []string{err.Error()}
	}
	return e.compare(want, got, method, vars)
}
