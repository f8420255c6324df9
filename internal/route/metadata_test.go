package route

import (
	"slices"
	"strings"
	"testing"
)

// Where metadata files are served: recorded from Next.js 16.4.6, where not said
// otherwise.
func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		name    string
		files   []string
		exts    []string
		want    []string // "file pattern", with a file's pattern for many after it
		ignored []string
	}{
		{
			name: "the root",
			files: []string{
				"app/favicon.ico", "app/robots.ts", "app/manifest.json", "app/sitemap.xml",
				"app/icon.svg", "app/icon1.png", "app/icon2.tsx", "app/apple-icon.jpg", "app/opengraph-image.gif", "app/twitter-image9.jpeg", "app/twitter-image9.alt.txt",
			},
			want: []string{
				"app/apple-icon.jpg /apple-icon.jpg", "app/favicon.ico /favicon.ico", "app/icon.svg /icon.svg", "app/icon1.png /icon1.png",
				"app/icon2.tsx /icon2 /icon2/[__metadata_id__]", "app/manifest.json /manifest.json", "app/opengraph-image.gif /opengraph-image.gif",
				"app/robots.ts /robots.txt", "app/sitemap.xml /sitemap.xml", "app/twitter-image9.jpeg /twitter-image9.jpeg",
			},
		},
		{
			name:  "other names at the root",
			files: []string{"app/robots.txt", "app/manifest.js", "app/sitemap.js"},
			want:  []string{"app/manifest.js /manifest.webmanifest", "app/robots.txt /robots.txt", "app/sitemap.js /sitemap.xml /sitemap/[__metadata_id__]"},
		},
		{
			name:    "below the root",
			files:   []string{"app/a/robots.ts", "app/a/manifest.webmanifest", "app/a/favicon.ico", "app/a/sitemap.ts", "app/a/icon.ico", "app/(g)/robots.txt"},
			want:    []string{"app/a/icon.ico /a/icon.ico", "app/a/sitemap.ts /a/sitemap.xml /a/sitemap/[__metadata_id__]"},
			ignored: []string{"app/(g)/robots.txt: robots.txt is served from app itself only", "app/a/favicon.ico: ", "app/a/manifest.webmanifest: ", "app/a/robots.ts: "},
		},
		{
			name: "groups and slots",
			files: []string{
				"app/(mkt)/promo/icon1.png", "app/(mkt)/promo/icon2.svg", "app/(mkt)/opengraph-image.tsx", "app/@modal/apple-icon.png", "app/blog/(x)/deep/sitemap.ts",
				"app/@children/icon.png", "app/(mkt)/sitemap.xml",
			},
			want: []string{
				"app/(mkt)/opengraph-image.tsx /opengraph-image-xgdn2p /opengraph-image-xgdn2p/[__metadata_id__]",
				"app/(mkt)/promo/icon1.png /promo/icon1-tz0mul.png",
				"app/(mkt)/promo/icon2.svg /promo/icon2-tz0mul.svg",
				"app/(mkt)/sitemap.xml /sitemap.xml",
				"app/@children/icon.png /icon.png",
				"app/@modal/apple-icon.png /apple-icon-1i33gb.png",
				"app/blog/(x)/deep/sitemap.ts /blog/deep/sitemap.xml /blog/deep/sitemap/[__metadata_id__]",
			},
		},
		{
			name:  "parameters",
			files: []string{"app/blog/[slug]/icon.png", "app/blog/[slug]/opengraph-image.tsx"},
			want:  []string{"app/blog/[slug]/icon.png /blog/[slug]/icon.png", "app/blog/[slug]/opengraph-image.tsx /blog/[slug]/opengraph-image /blog/[slug]/opengraph-image/[__metadata_id__]"},
		},
		{
			name: "what is none",
			files: []string{
				"app/icon.gif", "app/icon10.png", "app/icona.png", "app/apple-icon.svg", "app/opengraph-image.svg", "app/favicon.png", "app/favicon.ts", "app/favicon1.ico",
				"app/sitemap1.ts", "app/robots1.txt", "app/manifest.txt", "app/Icon.png", "app/icon.d.ts", "app/_x/icon.png", "app/icon.mts", "app/sitemap.txt", "app/robots.xml", "app/1.png", "app/icon",
			},
		},
		{
			name:    "one of two",
			files:   []string{"app/robots.txt", "app/robots.ts", "app/icon.png", "app/icon.tsx", "app/sitemap.ts", "app/sitemap.xml", "app/manifest.webmanifest", "app/manifest.ts", "app/x/(.)y/icon.png"},
			want:    []string{"app/icon.png /icon.png", "app/icon.tsx /icon /icon/[__metadata_id__]", "app/manifest.webmanifest /manifest.webmanifest", "app/robots.txt /robots.txt", "app/sitemap.xml /sitemap.xml"},
			ignored: []string{"app/manifest.ts: it is not asked, as app/manifest.webmanifest has the same path /manifest.webmanifest", "app/robots.ts: it is not asked", "app/sitemap.ts: it is not asked", "app/x/(.)y/icon.png: a file in an intercepting folder"},
		},
		{
			name:  "own extensions",
			files: []string{"app/sitemap.page.ts", "app/robots.ts", "app/icon.page.ts", "app/icon.png"},
			exts:  []string{"page.ts"},
			want:  []string{"app/icon.page.ts /icon /icon/[__metadata_id__]", "app/icon.png /icon.png", "app/sitemap.page.ts /sitemap.xml /sitemap/[__metadata_id__]"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, err := Scan(files(c.files...), c.exts)
			if err != nil {
				t.Fatal(err)
			}
			var got, ignored []string
			for _, m := range tree.Metadata {
				text := m.Path + " " + m.Pattern.String()
				if m.Lists() {
					text += " " + m.Many.String()
				}
				got = append(got, text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			for i, ig := range tree.Ignored {
				ignored = append(ignored, ig.Path+": "+ig.Reason)
				if i >= len(c.ignored) || !strings.HasPrefix(ignored[i], c.ignored[i]) {
					t.Errorf("ignored, and not in the list at %d: %s", i, ignored[i])
				}
			}
			if len(ignored) < len(c.ignored) {
				t.Errorf("ignored %q, want %q", ignored, c.ignored)
			}
		})
	}
}

// The tags of a metadata file's answers have its place in the app directory.
func TestMetadataPlace(t *testing.T) {
	tree, err := Scan(files("src/app/(shop)/cart/opengraph-image.tsx", "src/app/sitemap.ts", "src/app/icon.png"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range tree.Metadata {
		got = append(got, m.Place+" "+m.PlaceMany+" "+m.Kind.String())
	}
	url := strings.TrimPrefix(tree.Metadata[0].Pattern.String(), "/cart/")
	want := []string{
		"/(shop)/cart/" + url + " /(shop)/cart/" + url + "/[__metadata_id__] opengraph-image",
		"/icon.png  icon",
		"/sitemap.xml /sitemap/[__metadata_id__] sitemap",
	}
	if !slices.Equal(got, want) || !strings.HasPrefix(url, "opengraph-image-") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What a metadata file's folders say wrongly is a problem, as a route's.
func TestMetadataProblems(t *testing.T) {
	tree, err := Scan(files("app/[...all]/icon.png", "app/[...all]/x/sitemap.ts", "app/ok/icon.png"), nil)
	if err == nil || !strings.Contains(err.Error(), "app/[...all]/icon.png: catch-all must be the last part") || !strings.Contains(err.Error(), "app/[...all]/x/sitemap.ts: catch-all") {
		t.Errorf("%v", err)
	}
	if len(tree.Metadata) != 1 {
		t.Errorf("%+v", tree.Metadata)
	}
}
