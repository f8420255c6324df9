package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is all that a run has measured.
type report struct {
	When     time.Time         `json:"when"`
	Go       string            `json:"go"`
	Procs    int               `json:"processors"`
	Load     string            `json:"load"`
	Duration float64           `json:"load_seconds"`
	Versions map[string]string `json:"versions"`
	Skipped  map[string]string `json:"skipped,omitempty"`
	Rows     []*result         `json:"rows"`
	Startup  *startup          `json:"startup,omitempty"`
	Keys     *keys             `json:"keys,omitempty"`
	// AtRest and AfterLoad are the servers' memory in bytes.
	AtRest    map[string]int64 `json:"at_rest_bytes,omitempty"`
	AfterLoad map[string]int64 `json:"after_load_bytes,omitempty"`

	b      *bench
	missed int
}

func newReport(b *bench, gen generator, o *options) *report {
	return &report{When: time.Now().UTC(), Go: runtime.Version(), Procs: runtime.NumCPU(), Load: gen.name(), Duration: o.duration.Seconds(), b: b}
}

func (r *report) rest() { r.AtRest = r.memory() }

func (r *report) loaded() { r.AfterLoad = r.memory() }

func (r *report) memory() map[string]int64 {
	m := map[string]int64{}
	for name, c := range r.b.servers {
		if u, ok := c.use(); ok {
			m[name] = u.rss
		}
	}
	return m
}

// rate is the best requests per second of a peer's loads.
func (s *series) rate() float64 {
	var best float64
	for _, l := range s.Loads {
		best = max(best, l.rate())
	}
	return best
}

// cpu is the least server time per request in microseconds; 0 is unknown.
func (s *series) cpu() float64 {
	var best float64
	for _, l := range s.Loads {
		if l.CPU > 0 && (best == 0 || l.CPU < best) {
			best = l.CPU
		}
	}
	return best
}

func (s *series) p99() float64 {
	var best float64
	for _, l := range s.Loads {
		if best == 0 || l.P99 < best {
			best = l.P99
		}
	}
	return best
}

func (s *series) failed() (n int64) {
	for _, l := range s.Loads {
		n += l.Errors
	}
	return n
}

func (r *report) verdict(ok bool) string {
	if ok {
		return "ok"
	}
	r.missed++
	return "MISS"
}

// print writes the table.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "portico beside its peers: %s, %s/%s, %d processors shared with the load (%s)\n", r.Go, runtime.GOOS, runtime.GOARCH, r.Procs, r.Load)
	for _, p := range peerOrder {
		if v := r.Versions[p]; v != "" {
			fmt.Fprintf(w, "%s: %s\n", p, v)
		}
		if v := r.Skipped[p]; v != "" {
			first, _, _ := strings.Cut(v, "\n")
			fmt.Fprintf(w, "%s: left out, %s\n", p, first)
		}
	}
	if len(r.Rows) > 0 {
		fmt.Fprintf(w, "\n%-24s %-22s %10s %10s %9s   %s\n", "row", "peer", "req/s", "CPU µs/req", "p99 ms", "portico against it: by req/s, by CPU, aim")
	}
	for _, res := range r.Rows {
		title := res.Title
		own := res.Peers[us]
		for _, p := range peerOrder {
			s := res.Peers[p]
			if s == nil {
				continue
			}
			fmt.Fprintf(w, "%-24s %-22s ", title, res.row.baseline(p))
			title = ""
			if s.Error != "" {
				first, _, _ := strings.Cut(s.Error, "\n")
				fmt.Fprintf(w, "%s\n", first)
				if p == us {
					r.missed++
				}
				continue
			}
			fmt.Fprintf(w, "%10.0f %10s %9.1f", s.rate(), number(s.cpu()), s.p99()/1e3)
			if p != us && own != nil && own.Error == "" {
				r.ratio(w, res.row, p, own, s)
			}
			if n := s.failed(); n > 0 {
				fmt.Fprintf(w, "   %d requests failed", n)
			}
			fmt.Fprintln(w)
		}
		r.printCost(w, res)
	}
	r.printMemory(w)
	r.printStartup(w)
	r.printKeys(w)
	if r.missed > 0 {
		fmt.Fprintf(w, "\n%d aims were missed\n", r.missed)
	}
}

func (r *report) ratio(w io.Writer, row *row, peer string, own, other *series) {
	x := own.rate() / other.rate()
	fmt.Fprintf(w, "   %6.2f ×", x)
	if a, b := own.cpu(), other.cpu(); a > 0 && b > 0 {
		fmt.Fprintf(w, " %6.2f ×", b/a)
	} else {
		fmt.Fprintf(w, " %8s", "")
	}
	if aim, ok := row.aim(peer); ok {
		fmt.Fprintf(w, "   ≥ %-5v %s", aim, r.verdict(x >= aim))
	}
}

// printCost writes what a row takes more than the one before it.
func (r *report) printCost(w io.Writer, res *result) {
	title := "  of that the middleware"
	for _, p := range peerOrder {
		cost, ok := res.Cost[p]
		if !ok {
			continue
		}
		fmt.Fprintf(w, "%-24s %-22s %10s %10.1f", title, res.row.baseline(p), "", cost)
		title = ""
		if aim := res.row.costAim; p == us && aim > 0 {
			fmt.Fprintf(w, " %9s   ≤ %v µs   %s", "", aim, r.verdict(cost <= aim))
		}
		fmt.Fprintln(w)
	}
}

func number(f float64) string {
	if f == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", f)
}

const mib = 1 << 20

func (r *report) printMemory(w io.Writer) {
	if len(r.AtRest) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-24s %12s %12s\n", "memory (RSS)", "at rest", "after load")
	names := []string{us, us + withRules, us + withFiles, goServer}
	for _, p := range peerOrder[1:] {
		names = append(names, p, p+withRules, p+withFiles)
	}
	for _, p := range names {
		if rest, ok := r.AtRest[p]; ok {
			fmt.Fprintf(w, "%-24s %8.1f MiB %8.1f MiB\n", p, float64(rest)/mib, float64(r.AfterLoad[p])/mib)
		}
	}
}

const (
	aimFirst = 150.0    // ms
	aimRest  = 40 * mib // bytes
)

func (r *report) printStartup(w io.Writer) {
	s := r.Startup
	if s == nil {
		return
	}
	list := slices.Sorted(slices.Values(s.First))
	fmt.Fprintf(w, "\nexamples/guide, %d starts\n", len(list))
	fmt.Fprintf(w, "%-24s %8.0f ms best, %.0f ms median   < %.0f ms   %s\n", "exec to first answer", list[0], list[len(list)/2], aimFirst, r.verdict(list[len(list)/2] < aimFirst))
	if s.Rest > 0 {
		fmt.Fprintf(w, "%-24s %8.1f MiB   < %d MiB   %s\n", "memory at rest", float64(s.Rest)/mib, aimRest/mib, r.verdict(s.Rest < aimRest))
	}
	fmt.Fprintf(w, "%-24s %8.1f MiB\n", "binary", float64(s.Binary)/mib)
}

// write stores the report as JSON.
func (r *report) write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
