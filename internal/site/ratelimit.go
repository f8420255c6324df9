package site

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/route"
)

// rateLimits compiles the rules of the settings. Two rules without a name have
// two, so that neither counts for the other.
func rateLimits(set *config.Settings) ([]*pipeline.RateLimit, error) {
	var out []*pipeline.RateLimit
	var problems []error
	sources := map[string]int{}
	for _, r := range set.RateLimits {
		l := &pipeline.RateLimit{Name: r.Name, Methods: r.Methods, Rate: limit.Rule{Limit: r.Limit, Window: r.Window}}
		fail := func(text, hint string) {
			problems = append(problems, &route.Error{File: r.Place, Text: text, Hint: hint})
		}
		if err := l.Rate.Check(); err != nil {
			fail(err.Error(), "write limit: 100, window: '1m'")
		}
		var err error
		if l.By, err = edge.ParseBy(r.By, set.RateLimit.SessionCookies); err != nil {
			var wrong *edge.Error
			errors.As(err, &wrong) // all of ParseBy's are
			fail("by: "+wrong.Text, wrong.Hint)
		}
		if r.Source != "" || len(r.Has)+len(r.Missing) > 0 {
			o := route.RuleOptions{BasePath: set.BasePath, CaseSensitive: set.CaseSensitive, Backtrack: backtrack}
			spec := route.MatcherSpec{Source: r.Source, Has: r.Has, Missing: r.Missing, Place: r.Place}
			if spec.Source == "" {
				spec.Source, o.BasePath = "/:path*", ""
			}
			if l.Match, err = route.NewGuard(spec, o); err != nil {
				problems = append(problems, err)
			}
		}
		if l.Name == "" {
			l.Name = r.Source
			if l.Name == "" {
				l.Name = "every path"
			}
			if sources[l.Name]++; sources[l.Name] > 1 {
				l.Name += " " + strconv.Itoa(sources[l.Name])
			}
		}
		out = append(out, l)
	}
	return out, errors.Join(problems...)
}

// Household is the address by which the client of a request is counted: as the
// pipeline has found it where the request has come through it, and else by the
// settings of this site.
func (s *Site) Household(r *http.Request) string {
	if x := pipeline.ExchangeOf(r.Context()); x != nil {
		return edge.Household(x.Peer.Addr)
	}
	own := *r
	own.Header = r.Header.Clone() // Peer cleans it
	peer, err := s.clients.Peer(&own)
	if err != nil { // the request is refused when it comes to that
		return edge.Household(peer.Via)
	}
	return edge.Household(peer.Addr)
}

// Kept reports whether a request is that of an answer which is made to be kept:
// nobody's.
func Kept(ctx context.Context) bool {
	_, ok := ctx.Value(collectorKey{}).(*Collector)
	return ok
}

// Refuse answers a request for which Go's side has an error. What goes into the
// header beside that is set already.
func Refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	pipeline.Refuse(w, r, &pipeline.StatusError{Status: status, Err: err})
}

// describe is a rule in the listing: "POST 5/15m by header:x-api-key".
func describe(r config.RateLimit) string {
	window := r.Window.String()
	if short, ok := strings.CutSuffix(window, "m0s"); ok {
		window = short + "m"
	}
	if short, ok := strings.CutSuffix(window, "h0m"); ok {
		window = short + "h"
	}
	text := strconv.Itoa(r.Limit) + "/" + window + " by " + cmp.Or(r.By, "ip")
	if r.Methods != nil {
		text = strings.Join(r.Methods, ", ") + " " + text
	}
	return text
}
