package route

import (
	"net/http"
	"testing"
)

func BenchmarkMatcher(b *testing.B) {
	for _, c := range []struct{ name, source, path string }{
		{"all but some/matches", "/((?!api|_next/static|_next/image|favicon.ico).*)", "/dashboard/settings/team"},
		{"all but some/api", "/((?!api|_next/static|_next/image|favicon.ico).*)", "/api/users/42"},
		{"below/matches", "/dashboard/:path*", "/dashboard/settings/team"},
		{"below/other", "/dashboard/:path*", "/api/users/42"},
		{"one/matches", "/about", "/about"},
		{"one/other", "/about", "/api/users/42"},
		{"no files/matches", "/((?!.*\\..*|_next).*)", "/dashboard/settings/team"},
		{"no files/file", "/((?!.*\\..*|_next).*)", "/images/logo.png"},
		{"everything", "/:path*", "/dashboard/settings/team"},
	} {
		b.Run(c.name, func(b *testing.B) {
			m, err := NewMatcher(MatcherSpec{Source: c.source}, RuleOptions{})
			if err != nil {
				b.Fatal(err)
			}
			r := &Request{Path: c.path, Header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Match(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRule(b *testing.B) {
	no := false
	redirect, err := NewRedirect(RuleSpec{Source: "/old/:path*", Destination: "/new/:path*", Permanent: &no}, RuleOptions{})
	if err != nil {
		b.Fatal(err)
	}
	rewrite, err := NewRewrite(RuleSpec{Source: "/api/:path*", Destination: "https://api.example.com/v1/:path*"}, RuleOptions{})
	if err != nil {
		b.Fatal(err)
	}
	header, err := NewHeaderRule(RuleSpec{Source: "/:path*", Headers: []Field{{"x-frame-options", "DENY"}}}, RuleOptions{})
	if err != nil {
		b.Fatal(err)
	}
	r := &Request{Path: "/api/users/42", RawQuery: "a=1&b=2", Header: http.Header{}}
	b.Run("redirect of another path", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			redirect.Apply(r)
		}
	})
	b.Run("redirect", func(b *testing.B) {
		r := &Request{Path: "/old/users/42", RawQuery: "a=1&b=2"}
		b.ReportAllocs()
		for b.Loop() {
			redirect.Apply(r)
		}
	})
	b.Run("rewrite", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rewrite.Apply(r)
		}
	})
	b.Run("headers", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			header.Apply(r)
		}
	})
}
