package next

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// text makes a metadata file of what a script returns.
func text(t *testing.T, make func(goja.Value) ([]byte, error), src string) (out string, err error) {
	t.Helper()
	rt := goja.New()
	v, err := rt.RunString("(" + src + ")")
	if err != nil {
		t.Fatal(err)
	}
	if thrown := rt.Try(func() {
		var b []byte
		b, err = make(v)
		out = string(b)
	}); thrown != nil {
		return "", thrown
	}
	return out, err
}

// The bytes of robots.txt, as Next.js 16.4.6 writes them.
func TestRobotsText(t *testing.T) {
	for _, c := range []struct{ name, in, want, err string }{
		{"one rule", `{ rules: { userAgent: '*', allow: '/', disallow: '/private/' }, sitemap: 'https://a.example/sitemap.xml' }`,
			"User-Agent: *\nAllow: /\nDisallow: /private/\n\nSitemap: https://a.example/sitemap.xml\n", ""},
		{"all of it", `{ rules: [{ userAgent: ['a', 'b'], allow: '/', disallow: ['/x', '/y'], crawlDelay: 3, other: { 'Content-Signal': ['a', 'b'], n: null, k: 1 } }, { disallow: '' }],
			host: 'h.example', sitemap: ['https://h.example/s.xml', 'https://h.example/t.xml'] }`,
			"User-Agent: a\nUser-Agent: b\nAllow: /\nDisallow: /x\nDisallow: /y\nCrawl-delay: 3\nContent-Signal: a\nContent-Signal: b\nk: 1\n\nUser-Agent: *\n\nHost: h.example\nSitemap: https://h.example/s.xml\nSitemap: https://h.example/t.xml\n", ""},
		{"no rule in the list", `{ rules: [] }`, "", ""},
		{"an empty rule", `{ rules: {} }`, "User-Agent: *\n\n", ""},
		{"empty lists", `{ rules: { userAgent: [], allow: [], crawlDelay: 0 } }`, "\n", ""},
		{"a URL", `{ rules: [{ allow: { toString: () => '/u' } }] }`, "User-Agent: *\nAllow: /u\n\n", ""},
		{"letters", `{ rules: [{ allow: '/ü😀' }] }`, "User-Agent: *\nAllow: /ü😀\n\n", ""},
		{"no rules", `{ sitemap: 'x' }`, "", "robots returned no rules\nhint: export default function robots()"},
		{"nothing", `undefined`, "", "robots returned a value that is not there, want an object with rules"},
		{"text", `'User-Agent: *'`, "", "robots returned a string, want an object with rules"},
		{"a rule that is text", `{ rules: ['*'] }`, "", "rule 0 of robots is a string, want an object"},
		{"a getter that throws", `{ rules: { get allow() { throw new Error('away') } } }`, "", "away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := text(t, robotsText, c.in)
			check(t, got, c.want, err, c.err)
		})
	}
}

func check(t *testing.T, got, want string, err error, wantErr string) {
	t.Helper()
	switch {
	case (err == nil) != (wantErr == ""):
		t.Fatalf("error %v, want %q", err, wantErr)
	case err != nil && !strings.Contains(err.Error(), wantErr):
		t.Errorf("error %v, want %q", err, wantErr)
	case got != want:
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

const urlset = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\""

// The bytes of a sitemap, as Next.js 16.4.6 writes them, but escaped.
func TestSitemapText(t *testing.T) {
	const (
		imageNS = ` xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"`
		videoNS = ` xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"`
		xhtmlNS = ` xmlns:xhtml="http://www.w3.org/1999/xhtml"`
	)
	one := func(ns, inner string) string {
		return urlset + ns + ">\n<url>\n<loc>https://a.example</loc>\n" + inner + "</url>\n</urlset>\n"
	}
	for _, c := range []struct{ name, in, want, err string }{
		{"nothing in it", `[]`, urlset + ">\n</urlset>\n", ""},
		{"plain", `[{ url: 'https://a.example', lastModified: new Date(0), changeFrequency: 'yearly', priority: 1 }, { url: 'https://a.example/b', lastModified: '2024-01-01', priority: 0.5 }]`,
			urlset + ">\n<url>\n<loc>https://a.example</loc>\n<lastmod>1970-01-01T00:00:00.000Z</lastmod>\n<changefreq>yearly</changefreq>\n<priority>1</priority>\n</url>\n" +
				"<url>\n<loc>https://a.example/b</loc>\n<lastmod>2024-01-01</lastmod>\n<priority>0.5</priority>\n</url>\n</urlset>\n", ""},
		{"priority 0", `[{ url: 'https://a.example', priority: 0 }]`, one("", "<priority>0</priority>\n"), ""},
		{"priority that is text", `[{ url: 'https://a.example', priority: '1' }]`, one("", ""), ""},
		{"what is empty", `[{ url: 'https://a.example', lastModified: '', changeFrequency: '', images: [], videos: [], alternates: {} }]`, one("", ""), ""},
		{"a URL object", `[{ url: { toString: () => 'https://a.example' } }]`, one("", ""), ""},
		{"languages", `[{ url: 'https://a.example', alternates: { languages: { es: 'https://a.example/es', 'de-AT': 'https://a.example/de?a=1&b="2"', no: undefined } } }]`,
			one(xhtmlNS, "<xhtml:link rel=\"alternate\" hreflang=\"es\" href=\"https://a.example/es\" />\n<xhtml:link rel=\"alternate\" hreflang=\"de-AT\" href=\"https://a.example/de?a=1&amp;b=&quot;2&quot;\" />\n"), ""},
		{"other alternates", `[{ url: 'https://a.example', alternates: { canonical: 'x' } }]`, one(xhtmlNS, ""), ""},
		{"images", `[{ url: 'https://a.example', images: ['https://a.example/1.png', 'https://a.example/2.png?a&b'] }]`,
			one(imageNS, "<image:image>\n<image:loc>https://a.example/1.png</image:loc>\n</image:image>\n<image:image>\n<image:loc>https://a.example/2.png?a&amp;b</image:loc>\n</image:image>\n"), ""},
		{"a video", `[{ url: 'https://a.example', videos: [{ title: 't & u', thumbnail_loc: 'https://a.example/t.jpg', description: 'd', content_loc: 'c', player_loc: 'p', duration: 10, view_count: 0, tag: 'x', rating: 4.5,
			expiration_date: '2030-01-01', publication_date: '2020-01-01', family_friendly: 'yes', requires_subscription: 'no', live: 'no',
			restriction: { relationship: 'allow', content: 'DE AT' }, platform: { relationship: 'deny', content: 'tv' }, uploader: { info: 'https://a.example/"me"', content: 'me' } }] }]`,
			one(videoNS, "<video:video>\n<video:title>t &amp; u</video:title>\n<video:thumbnail_loc>https://a.example/t.jpg</video:thumbnail_loc>\n<video:description>d</video:description>\n"+
				"<video:content_loc>c</video:content_loc>\n<video:player_loc>p</video:player_loc>\n<video:duration>10</video:duration>\n<video:tag>x</video:tag>\n<video:rating>4.5</video:rating>\n"+
				"<video:expiration_date>2030-01-01</video:expiration_date>\n<video:publication_date>2020-01-01</video:publication_date>\n<video:family_friendly>yes</video:family_friendly>\n"+
				"<video:requires_subscription>no</video:requires_subscription>\n<video:live>no</video:live>\n<video:restriction relationship=\"allow\">DE AT</video:restriction>\n"+
				"<video:platform relationship=\"deny\">tv</video:platform>\n<video:uploader info=\"https://a.example/&quot;me&quot;\">me</video:uploader>\n</video:video>\n"), ""},
		{"an uploader without info", `[{ url: 'https://a.example', videos: [{ title: '', thumbnail_loc: '', description: '', uploader: { content: 'me' } }] }]`,
			one(videoNS, "<video:video>\n<video:title></video:title>\n<video:thumbnail_loc></video:thumbnail_loc>\n<video:description></video:description>\n<video:uploader>me</video:uploader>\n</video:video>\n"), ""},
		{"all together", `[{ url: 'https://a.example', images: ['i'] }, { url: 'b', videos: [{ title: 't', thumbnail_loc: 'l', description: 'd' }], alternates: { languages: { e: 'f' } } }]`,
			urlset + imageNS + videoNS + xhtmlNS + ">\n<url>\n<loc>https://a.example</loc>\n<image:image>\n<image:loc>i</image:loc>\n</image:image>\n</url>\n<url>\n<loc>b</loc>\n<xhtml:link rel=\"alternate\" hreflang=\"e\" href=\"f\" />\n" +
				"<video:video>\n<video:title>t</video:title>\n<video:thumbnail_loc>l</video:thumbnail_loc>\n<video:description>d</video:description>\n</video:video>\n</url>\n</urlset>\n", ""},

		{"no list", `{ url: 'x' }`, "", "sitemap returned an object, want an array\nhint: export default function sitemap()"},
		{"text", `'<urlset/>'`, "", "sitemap returned a string, want an array"},
		{"nothing", `undefined`, "", "sitemap returned a value that is not there, want an array"},
		{"no url", `[{ url: 'x' }, { loc: 'y' }]`, "", "entry 1 of the sitemap has no url"},
		{"an empty url", `[{ url: '' }]`, "", "entry 0 of the sitemap has no url"},
		{"a list of text", `['https://a.example']`, "", "entry 0 of the sitemap is a string, want an object with a url"},
		{"a hole", `[, { url: 'x' }]`, "", "entry 0 of the sitemap is a value that is not there"},
		{"no date", `[{ url: 'x', lastModified: new Date('x') }]`, "", "lastModified of entry 0 of the sitemap is a Date that is none\nhint: "},
		{"a video without a title", `[{ url: 'x' }, { url: 'x', videos: [{ thumbnail_loc: 'l', description: 'd' }] }]`, "", "video 0 of entry 1 of the sitemap has no title\nhint: "},
		{"a restriction of text", `[{ url: 'x', videos: [{ title: 't', thumbnail_loc: 'l', description: 'd', restriction: 'DE' }] }]`, "", "video 0 of entry 0 of the sitemap: restriction has no content\nhint: restriction: { relationship: '…', content: '…' }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := text(t, sitemapText, c.in)
			check(t, got, c.want, err, c.err)
			if err == nil {
				wellFormed(t, got)
			}
		})
	}
}

// wellFormed reads all of an XML document and returns its text.
func wellFormed(t *testing.T, doc string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	var b strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatalf("%v in %q", err, doc)
		}
		if data, ok := tok.(xml.CharData); ok {
			b.Write(data)
		}
	}
}

func TestAppendXML(t *testing.T) {
	for _, c := range []struct {
		in, text, attribute string
	}{
		{"a&b", "a&amp;b", "a&amp;b"},
		{"<a> \"q\" 'r'", "&lt;a&gt; \"q\" 'r'", "&lt;a&gt; &quot;q&quot; 'r'"},
		{"]]>", "]]&gt;", "]]&gt;"},
		{"&amp;&lt;&gt;&quot;&apos;", "&amp;&lt;&gt;&quot;&apos;", "&amp;&lt;&gt;&quot;&apos;"},
		{"&#38;&#x26;&#x1F600;", "&#38;&#x26;&#x1F600;", "&#38;&#x26;&#x1F600;"},
		{"&#0;&#x;&#;&#xD800;&#x110000;&#99999999999;&#3a;&#X26;", "&amp;#0;&amp;#x;&amp;#;&amp;#xD800;&amp;#x110000;&amp;#99999999999;&amp;#3a;&amp;#X26;", "&amp;#0;&amp;#x;&amp;#;&amp;#xD800;&amp;#x110000;&amp;#99999999999;&amp;#3a;&amp;#X26;"},
		{"&nbsp;&copy=1", "&amp;nbsp;&amp;copy=1", "&amp;nbsp;&amp;copy=1"},
		{"&", "&amp;", "&amp;"},
		{"a\x00b\x1fc\ufffe\xff", "a\ufffdb\ufffdc\ufffd\ufffd", "a\ufffdb\ufffdc\ufffd\ufffd"},
		{"é😀\t\n\r", "é😀\t\n&#13;", "é😀\t\n&#13;"},
	} {
		if got := string(appendXML(nil, c.in, false)); got != c.text {
			t.Errorf("%q: got %q, want %q", c.in, got, c.text)
		}
		if got := string(appendXML(nil, c.in, true)); got != c.attribute {
			t.Errorf("%q as an attribute: got %q, want %q", c.in, got, c.attribute)
		}
	}
}

// Whatever a sitemap holds, it is XML, and has the text that it was given.
func FuzzSitemap(f *testing.F) {
	f.Add("https://a.example/?a=1&b=2", "t & <u>", "de\"", "2024-01-01")
	f.Add("&amp;", "&#0;", "\x00", "]]>")
	f.Add("\xff", "&#x110000;", "<!--", "\r\n")
	f.Fuzz(func(t *testing.T, url, title, language, modified string) {
		if url == "" {
			return
		}
		rt := goja.New()
		object := func(pairs ...any) *goja.Object {
			o := rt.NewObject()
			for i := 0; i < len(pairs); i += 2 {
				if err := o.Set(pairs[i].(string), pairs[i+1]); err != nil {
					t.Fatal(err)
				}
			}
			return o
		}
		b, err := sitemapText(rt.NewArray(object("url", url, "lastModified", modified, "images", rt.NewArray(title),
			"alternates", object("languages", object(language, url)),
			"videos", rt.NewArray(object("title", title, "thumbnail_loc", url, "description", language, "uploader", object("info", title, "content", language))))))
		if err != nil {
			t.Fatal(err)
		}
		got := wellFormed(t, string(b))
		if !strings.ContainsAny(url, "&") && valid(url) && !strings.Contains(got, url) {
			t.Errorf("%q is not in %q", url, got)
		}
	})
}

// valid reports whether XML can hold a text.
func valid(text string) bool {
	for _, r := range text {
		if !xmlChar(r) || r == '\uFFFD' {
			return false
		}
	}
	return true
}
