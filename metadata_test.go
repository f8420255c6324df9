package portico_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// Metadata files answer as under Next.js 16.4.6, whose answers to such files
// were recorded.
func TestMetadataFiles(t *testing.T) {
	dir := onDisk(t,
		"app/robots.ts", "import type { MetadataRoute } from 'next'\nexport default function robots(): MetadataRoute.Robots { return { rules: { userAgent: '*', disallow: '/private' } } }",
		"app/manifest.ts", "import { MetadataRoute, type Metadata } from 'next'\nexport default async function manifest(): Promise<MetadataRoute.Manifest> { return { name: 'A & <b>', icons: [{ src: '/i.png' }], start_url: undefined } }",
		"app/sitemap.ts", "export const revalidate = 60\nexport default () => [{ url: 'https://a.example/?a=1&b=2' }]",
		"app/favicon.ico", "ICO",
		"app/icon.png", "PNG", "app/icon.alt.txt", "an icon",
		"app/(g)/deep/icon1.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>",
		"app/nested/sitemap.xml", "<urlset/>",
		"app/blog/[slug]/apple-icon.jpeg", "JPEG",
		"app/blog/[slug]/opengraph-image.tsx", "export const alt = 'x', size = { width: 1, height: 1 }, contentType = 'image/png'\nexport default async function Image(props: any, ...rest: any[]) { return new Response(JSON.stringify([Object.keys(props), await props.params, rest.length]), { headers: { 'content-type': 'image/png' } }) }",
		"app/blog/[slug]/twitter-image.tsx", "export const generateImageMetadata = ({ params }: any) => [{ id: params.slug + 1 }, { id: 2 }]\nexport default async function Image(props: any) { return new Response(JSON.stringify([Object.keys(props), await props.params, await props.id])) }",
		"app/shop/opengraph-image.tsx", "export default (props: any) => new Response(JSON.stringify([Object.keys(props), typeof props.params]))",
		"app/shop/twitter-image.gif", "GIF",
		"app/multi/icon.tsx", "export async function generateImageMetadata() { return [{ id: 'small' }, { id: 2 }] }\nexport default async (p: any) => new Response(JSON.stringify([await p.params, await p.id, typeof await p.id]), { headers: { 'content-type': 'image/png', 'cache-control': 'max-age=5' } })",
		"app/tags/[tag]/icon.ts", "export const generateStaticParams = async () => [{ tag: 'go' }]\nexport default async (p: any) => new Response((await p.params).tag)",
		"app/many/sitemap.ts", "export async function generateSitemaps() { return [{ id: 0 }, { id: 'x' }] }\nexport default async function sitemap(props: any) { const id = await props.id; return [{ url: typeof id + id + Object.keys(props) }] }",
		"app/asks/sitemap.ts", "import { headers } from 'next/headers'\nexport default async function sitemap() { return [{ url: (await headers()).get('x-who') ?? 'nobody' }] }",
		"app/fresh/sitemap.ts", "export const dynamic = 'force-dynamic'\nlet n = 0\nexport default () => [{ url: String(++n) }]",
		"app/edge/icon.tsx", "export const runtime = 'edge'\nexport default () => new Response('x')",
		"app/gone/icon.tsx", "import { notFound } from 'next/navigation'\nexport default () => notFound()",
	)
	var routes []portico.RouteInfo
	s := porticotest.New(t, portico.Config{Dir: dir, Environ: []string{}, Isolates: 1, Cache: "memory", OnLoad: func(l portico.Loaded) { routes = l.Routes }})
	const fresh, year = "public, max-age=0, must-revalidate", "s-maxage=31536000"
	site := func(url string) string {
		return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n<url>\n<loc>" + url + "</loc>\n</url>\n</urlset>\n"
	}
	for _, c := range []struct {
		path, body, typ, control, cache string
		status                          int
	}{
		{"/robots.txt", "User-Agent: *\nDisallow: /private\n\n", "text/plain", fresh, "HIT", 200},
		{"/manifest.webmanifest", `{"name":"A & <b>","icons":[{"src":"/i.png"}]}`, "application/manifest+json", fresh, "HIT", 200},
		{"/sitemap.xml", site("https://a.example/?a=1&amp;b=2"), "application/xml", fresh, "HIT", 200},
		{"/sitemap/x.xml", "", "", "", "", 404},
		{"/favicon.ico", "ICO", "image/x-icon", fresh, "HIT", 200},
		{"/icon.png", "PNG", "image/png", fresh, "HIT", 200},
		{"/icon.alt.txt", "", "", "", "", 404},
		{"/nested/sitemap.xml", "<urlset/>", "application/xml", fresh, "HIT", 200},
		{"/blog/any/apple-icon.jpeg", "JPEG", "image/jpeg", fresh, "HIT", 200},
		{"/blog/%C3%BC/apple-icon.jpeg", "JPEG", "image/jpeg", fresh, "HIT", 200},
		{"/blog/a/opengraph-image", `[["params"],{"slug":"a"},0]`, "image/png", "", "", 200},
		{"/blog/a/twitter-image/a1", `[["params","id"],{"slug":"a"},"a1"]`, "text/plain;charset=UTF-8", year, "MISS", 200},
		{"/blog/a/twitter-image/a1", `[["params","id"],{"slug":"a"},"a1"]`, "text/plain;charset=UTF-8", year, "HIT", 200},
		{"/blog/b/twitter-image/a1", "Not Found", "text/plain;charset=UTF-8", year, "MISS", 404},
		{"/blog/a/twitter-image", "", "", "", "", 404},
		{"/shop/opengraph-image", `[["params"],"undefined"]`, "text/plain;charset=UTF-8", year, "HIT", 200},
		{"/shop/twitter-image.gif", "GIF", "image/gif", fresh, "HIT", 200},
		{"/multi/icon/small", `[{},"small","string"]`, "image/png", "max-age=5", "HIT", 200},
		{"/multi/icon/2", `[{},"2","string"]`, "image/png", "max-age=5", "HIT", 200},
		{"/multi/icon/9", "Not Found", "text/plain;charset=UTF-8", year, "MISS", 404},
		{"/multi/icon", "", "", "", "", 404},
		{"/tags/go/icon", "go", "text/plain;charset=UTF-8", year, "HIT", 200},
		{"/tags/ts/icon", "ts", "text/plain;charset=UTF-8", year, "MISS", 200},
		{"/many/sitemap/0.xml", site("string0id"), "application/xml", fresh, "HIT", 200},
		{"/many/sitemap/x.xml", site("stringxid"), "application/xml", fresh, "HIT", 200},
		{"/many/sitemap/1.xml", "Not Found", "text/plain;charset=UTF-8", year, "MISS", 404},
		{"/many/sitemap/0", "Not Found", "text/plain;charset=UTF-8", year, "MISS", 404},
		{"/many/sitemap.xml", "", "", "", "", 404},
		{"/asks/sitemap.xml", site("me"), "application/xml", fresh, "", 200},
		{"/fresh/sitemap.xml", site("1"), "application/xml", fresh, "", 200},
		{"/fresh/sitemap.xml", site("2"), "application/xml", fresh, "", 200},
		{"/edge/icon", "x", "text/plain;charset=UTF-8", "", "", 200},
		{"/gone/icon", "", "", year, "HIT", 404},
	} {
		a := getFile(t, s, "GET", c.path, "X-Who: me")
		if a.status != c.status || c.typ != "" && (a.body != c.body || a.header.Get("Content-Type") != c.typ || a.header.Get("Cache-Control") != c.control) || a.header.Get("X-Nextjs-Cache") != c.cache {
			t.Errorf("%s: %d %q %v", c.path, a.status, a.body, a.header)
		}
	}
	// The hash of a group's place: of the folder /(g)/deep.
	var svg string
	for _, r := range routes {
		if strings.HasPrefix(r.Pattern, "/deep/icon1-") {
			svg = r.Pattern
		}
	}
	for _, path := range []string{"/favicon.ico", "/robots.txt", "/many/sitemap/0.xml", svg} {
		a := getFile(t, s, "GET", path)
		if a.status != 200 || a.header.Get("Etag") == "" {
			t.Fatalf("%s: %d %v", path, a.status, a.header)
		}
		if b := getFile(t, s, "GET", path, "If-None-Match: "+a.header.Get("Etag")); b.status != 304 || b.body != "" {
			t.Errorf("%s again: %d %q", path, b.status, b.body)
		}
		if b := getFile(t, s, "HEAD", path); b.status != 200 || b.body != "" || b.header.Get("Content-Length") != a.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %q %v", path, b.status, b.body, b.header)
		}
		for _, method := range []string{"POST", "DELETE"} {
			if b := getFile(t, s, method, path); b.status != 405 || b.header.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("%s %s: %d %v", method, path, b.status, b.header)
			}
		}
		if b := getFile(t, s, "OPTIONS", path); b.status != 204 || b.header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("OPTIONS %s: %d %v", path, b.status, b.header)
		}
	}
	a := getFile(t, s, "GET", "/favicon.ico", "Range: bytes=1-")
	if a.status != 206 || a.body != "CO" {
		t.Errorf("a range: %d %q", a.status, a.body)
	}
	modified := getFile(t, s, "GET", "/favicon.ico").header.Get("Last-Modified")
	if b := getFile(t, s, "GET", "/favicon.ico", "If-Modified-Since: "+modified); modified == "" || b.status != 304 {
		t.Errorf("not modified since %q: %d", modified, b.status)
	}
}

// What a metadata module makes is dropped by tags and by its path.
func TestMetadataRevalidate(t *testing.T) {
	s := porticotest.New(t, portico.Config{Isolates: 1, Cache: "memory", FS: sources(
		"app/sitemap.ts", "import { unstable_cache } from 'next/cache'\nconst read = unstable_cache(async () => 1, ['x'], { tags: ['posts'] })\nlet n = 0\nexport default async () => { await read(); return [{ url: 'n' + ++n }] }",
		"app/(g)/many/sitemap.ts", "let n = 0\nexport const generateSitemaps = () => [{ id: 'a' }]\nexport default () => [{ url: 'n' + ++n }]",
		"app/drop/route.ts", "import { revalidatePath, revalidateTag } from 'next/cache'\nexport async function POST(r: Request) { const { path, type, tag } = await r.json(); tag ? revalidateTag(tag) : revalidatePath(path, type); return new Response('') }",
	)})
	n := func(path string) string {
		_, rest, _ := strings.Cut(getFile(t, s, "GET", path).body, "<loc>")
		text, _, _ := strings.Cut(rest, "<")
		return text
	}
	drop := func(body string) {
		t.Helper()
		if a := ask(t, s, "POST", "/drop", body, "Content-Type", "application/json"); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	const many = "/many/sitemap/a.xml"
	first, other := n("/sitemap.xml"), n(many)
	if first == "" || other == "" || n("/sitemap.xml") != first || n(many) != other {
		t.Fatalf("%q %q", first, other)
	}
	for _, body := range []string{`{"path":"/sitemap.xml"}`, `{"tag":"posts"}`} {
		drop(body)
		second := n("/sitemap.xml")
		if second == first || n(many) != other {
			t.Errorf("after %s: %q was %q, %q was %q", body, second, first, n(many), other)
		}
		first = second
	}
	for _, body := range []string{`{"path":"` + many + `"}`, `{"path":"/(g)/many","type":"layout"}`} {
		drop(body)
		second := n(many)
		if second == other || n("/sitemap.xml") != first {
			t.Errorf("after %s: %q was %q, %q was %q", body, second, other, n("/sitemap.xml"), first)
		}
		other = second
	}
}

// What a metadata file says wrongly at the start is an error of the load, with
// its place and a hint.
func TestMetadataErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"no default", []string{"app/sitemap.ts", "export const GET = () => new Response('')"}, "app/sitemap.ts: there is no default export, which makes the sitemap\nhint: export default function sitemap()"},
		{"no function", []string{"app/robots.ts", "export default { rules: [] }"}, "app/robots.ts:1:8: the default export is not a function but an object\nhint: export default function robots()"},
		{"no list function", []string{"app/sitemap.ts", "export const generateSitemaps = [1]\nexport default () => []"}, "app/sitemap.ts:1:14: export generateSitemaps is not a function but an array"},
		{"no id", []string{"app/sitemap.ts", "export const generateSitemaps = () => [{ id: 0 }, {}]\nexport default () => []"}, "app/sitemap.ts:2:8: the id property is required for every item that generateSitemaps returns: item 1 has none\nhint: return an array"},
		{"no list", []string{"app/icon.tsx", "export const generateImageMetadata = () => 1\nexport default () => []"}, "generateImageMetadata returned a number, want an array"},
		{"it throws", []string{"app/icon.ts", "throw new Error('away')"}, "the module threw while it was loaded: Error: away"},
		{"segment", []string{"app/icon.ts", "export const revalidate = 'x'\nexport default () => 1"}, `app/icon.ts:1:14: invalid revalidate value "x"`},
		{"static that asks", []string{"app/icon.ts", "import { headers } from 'next/headers'\nexport const dynamic = 'error'\nexport default async () => new Response(await headers())"}, "couldn't be rendered statically because it used `headers"},
		{"a route of the same path", []string{"app/sitemap.ts", "export default () => []", "app/sitemap.xml/route.ts", "export const GET = () => new Response('')"}, "conflicting routes at /sitemap.xml: it is declared in "},
		{"two of one path", []string{"app/(a)/sitemap.ts", "export default () => []", "app/(b)/sitemap.xml", "<urlset/>", "app/(c)/sitemap.xml", "<urlset/>"}, "conflicting routes at /sitemap.xml: it is declared in app/(b)/sitemap.xml too"},
		{"two modules", []string{"app/icon.ts", "export default () => 1", "app/icon.tsx", "export default () => 1"}, "conflicting routes at /icon"},
		{"below a catch-all", []string{"app/[...all]/icon.png", "x"}, "app/[...all]/icon.png: catch-all must be the last part"},
		{"too large", []string{"app/twitter-image.png", strings.Repeat("x", 5<<20+1)}, "app/twitter-image.png: the file is larger than 5 MiB, the most that a twitter-image may have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := portico.New(portico.Config{FS: sources(c.files...), Cache: "memory", Isolates: 1})
			defer app.Close(t.Context())
			err := app.Load(t.Context())
			if err == nil {
				t.Fatal("it loaded")
			}
			if got := err.Error(); !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// What a metadata module returns wrongly is a 500 whose line in the log has the
// place; the server starts all the same, as the next time it may be right.
func TestMetadataShapes(t *testing.T) {
	for _, c := range []struct{ name, file, text, path, want string }{
		{"robots", "app/robots.ts", "\nexport default () => ({ host: 'x' })", "/robots.txt", "app/robots.ts:2:8: robots returned no rules"},
		{"sitemap", "app/sitemap.ts", "export const dynamic = 'force-dynamic'\nexport default () => [{ url: 'x' }, { loc: 'y' }]", "/sitemap.xml", "app/sitemap.ts:2:8: entry 1 of the sitemap has no url"},
		{"manifest", "app/manifest.ts", "export default () => 'x'", "/manifest.webmanifest", "app/manifest.ts:1:8: manifest returned a string, want an object"},
		{"a circle", "app/manifest.ts", "export default () => { const a: any = {}; a.a = a; return a }", "/manifest.webmanifest", "circular"},
		{"image", "app/icon.tsx", "export default () => 'x'", "/icon", "app/icon.tsx"},
		{"ImageResponse", "app/icon.tsx", "import { ImageResponse } from 'next/og'\nexport default () => new ImageResponse(null)", "/icon", "ImageResponse is not available yet"},
		{"it throws", "app/sitemap.ts", "export default async () => { throw new Error('away') }", "/sitemap.xml", "away"},
		{"the list throws", "app/sitemap.ts", "export const generateSitemaps = async () => { throw new Error('away') }\nexport default () => []", "/sitemap/0.xml", "away"},
		{"an item that throws", "app/sitemap.ts", "export default () => [{ get url() { throw new Error('away') } }]", "/sitemap.xml", "away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log lockedText
			s := porticotest.New(t, portico.Config{FS: sources(c.file, c.text), Cache: "memory", Isolates: 1, Logger: log.logger()})
			if got := log.String(); !strings.Contains(c.text, "force-dynamic") && !strings.Contains(strings.ToLower(got), strings.ToLower(c.want)) {
				t.Errorf("at the start the log has %s\nwant %s", got, c.want)
			}
			a := getFile(t, s, "GET", c.path)
			if got := log.String(); a.status != http.StatusInternalServerError || strings.Contains(a.body, c.want) || !strings.Contains(strings.ToLower(got), strings.ToLower(c.want)) {
				t.Errorf("%d %q, and the log has %s\nwant %s", a.status, a.body, got, c.want)
			}
		})
	}
}

// No file outside of the project is served under the name of a metadata file.
func TestMetadataLinks(t *testing.T) {
	dir, outside := onDisk(t, "app/real/icon.png", "PNG", "shared.png", "SHARED"), onDisk(t, "secret.png", "SECRET")
	link := func(to, name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	link(filepath.Join(outside, "secret.png"), "app/icon.png")
	link("../../shared.png", "app/in/icon.png")
	link(outside, "app/out")
	var warnings []string
	s := porticotest.New(t, portico.Config{Dir: dir, Environ: []string{}, Isolates: 1, OnLoad: func(l portico.Loaded) { warnings = append(warnings, l.Warnings...) }})
	for path, want := range map[string]string{"/real/icon.png": "PNG", "/in/icon.png": "SHARED", "/icon.png": ""} {
		if a := getFile(t, s, "GET", path); want != "" && a.body != want || want == "" && a.status != 404 {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
	}
	if got := strings.Join(warnings, "\n"); !strings.Contains(got, "app/icon.png: this symbolic link leads to no file inside of the project") {
		t.Errorf("the warnings are %s", got)
	}
}

// A project in an embedded file system has no times of change.
func TestMetadataEmbedded(t *testing.T) {
	fsys := sources("app/favicon.ico", "ICO", "app/robots.ts", "export default () => ({ rules: {} })")
	fsys["app/favicon.ico"].ModTime = time.Time{}
	s := porticotest.New(t, portico.Config{FS: fsys, Isolates: 1})
	a := getFile(t, s, "GET", "/favicon.ico")
	if a.status != 200 || a.body != "ICO" || a.header.Get("Last-Modified") != "" || a.header.Get("Etag") == "" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	if b := getFile(t, s, "GET", "/robots.txt"); b.body != "User-Agent: *\n\n" {
		t.Errorf("%d %q", b.status, b.body)
	}
}

// In development both kinds change as soon as the file does.
func TestMetadataDev(t *testing.T) {
	p := newDevProject(t, nil, "app/icon.svg", "<svg>1</svg>", "app/robots.ts", "export default () => ({ rules: { allow: '/1' } })")
	p.await("/icon.svg", 200, "1")
	p.await("/robots.txt", 200, "/1")
	p.write("app/icon.svg", "<svg>2</svg>")
	p.await("/icon.svg", 200, "2")
	p.write("app/robots.ts", "export default () => ({ rules: { allow: '/2' } })")
	p.await("/robots.txt", 200, "/2")
	p.write("app/favicon.ico", "ICO")
	p.await("/favicon.ico", 200, "ICO")
	p.write("app/robots.txt", "plain")
	p.await("/robots.txt", 200, "plain")
	p.remove("app/favicon.ico")
	p.await("/favicon.ico", 404, "")
}

// public/ comes before a metadata file, as before a route, and says so.
func TestMetadataAndPublic(t *testing.T) {
	var warnings []string
	s := porticotest.New(t, portico.Config{FS: sources("app/robots.txt", "app", "public/robots.txt", "public"), Isolates: 1, OnLoad: func(l portico.Loaded) { warnings = append(warnings, l.Warnings...) }})
	a := getFile(t, s, "GET", "/robots.txt")
	if got := strings.Join(warnings, "\n"); a.body != "public" || !strings.Contains(got, "public/robots.txt: this file and the route app/robots.txt both answer /robots.txt") {
		t.Errorf("%q, with %s", a.body, got)
	}
}

// An export has the metadata files that need no request, ids and all.
func TestMetadataExport(t *testing.T) {
	files := []string{
		"app/robots.ts", "export default () => ({ rules: {} })",
		"app/favicon.ico", "ICO",
		"app/blog/[slug]/icon.png", "PNG",
		"app/many/sitemap.ts", "export const generateSitemaps = () => [{ id: 0 }, { id: 'x' }]\nexport default async ({ id }: any) => [{ url: 'u' + await id }]",
		"app/(g)/a/opengraph-image.tsx", "export default () => new Response('OG')",
	}
	x, dir, err := exportOf(t, "", append(files, "next.config.js", "module.exports = { output: 'export' }")...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"404.html", "a/opengraph-image-", "blog/-/icon.png", "favicon.ico", "many/sitemap/0.xml", "many/sitemap/x.xml", "robots.txt"}
	if len(x.Files) != len(want) {
		t.Fatalf("files %q\nwant  %q", x.Files, want)
	}
	for i, name := range x.Files {
		if !strings.HasPrefix(name, want[i]) {
			t.Errorf("file %q, want %q", name, want[i])
		}
	}
	for name, text := range map[string]string{"robots.txt": "User-Agent: *\n\n", "favicon.ico": "ICO", "blog/-/icon.png": "PNG", x.Files[1]: "OG"} {
		if b, err := os.ReadFile(filepath.Join(dir, "out", name)); err != nil || string(b) != text {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	for _, c := range []struct{ file, text, want string }{
		{"app/sitemap.ts", "export const dynamic = 'force-dynamic'\nexport default () => []", "app/sitemap.ts:1:14: export const dynamic = \"force-dynamic\" on page \"/sitemap.xml\" cannot be used"},
		{"app/blog/[slug]/icon.tsx", "export default () => new Response('')", `app/blog/[slug]/icon.tsx: export const dynamic = "force-static"/export const revalidate not configured on route "/blog/[slug]/icon"`},
		{"app/blog/[slug]/icon.tsx", "export const generateImageMetadata = () => [{ id: 1 }]\nexport default () => new Response('')", "app/blog/[slug]/icon.tsx: /blog/[slug]/icon/[__metadata_id__] cannot be exported: nothing says for which"},
		{"app/sitemap.ts", "import { headers } from 'next/headers'\nexport default async () => { await headers(); return [] }", "because it used `headers"},
	} {
		if _, _, err := exportOf(t, "", c.file, c.text, "next.config.js", "module.exports = { output: 'export' }"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.text, err, c.want)
		}
		if x, _, err := exportOf(t, "", c.file, c.text, "app/robots.txt", "x"); strings.Contains(c.text, "headers") {
			continue // it is asked, and fails
		} else if err != nil || !strings.Contains(strings.Join(x.Warnings, "\n"), "left out") {
			t.Errorf("%s: %v, %+v", c.text, err, x)
		}
	}
}

// The example answers as its README says.
func TestMetadataExample(t *testing.T) {
	s := porticotest.New(t, portico.Config{Dir: "examples/metadata", Environ: []string{}, Isolates: 1, Cache: "memory"})
	for _, c := range []struct{ path, typ, want string }{
		{"/robots.txt", "text/plain", "Disallow: /private/\n\nSitemap: https://acme.example/sitemap.xml\n"},
		{"/manifest.webmanifest", "application/manifest+json", `"name":"Acme"`},
		{"/sitemap.xml", "application/xml", "<loc>https://acme.example/articles/anvils?from=sitemap&amp;lang=en</loc>\n<lastmod>2025-11-03</lastmod>"},
		{"/articles/sitemap/2025.xml", "application/xml", "<loc>https://acme.example/articles/anvils</loc>"},
		{"/icon.svg", "image/svg+xml", "<svg"},
		{"/articles/anvils/opengraph-image", "image/svg+xml", "Anvils &amp; how to drop them"},
		{"/llms.txt", "text/plain; charset=utf-8", "# Acme"},
	} {
		if a := getFile(t, s, "GET", c.path); a.status != 200 || a.header.Get("Content-Type") != c.typ || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %q %v", c.path, a.status, a.body, a.header)
		}
	}
	if a := getFile(t, s, "GET", "/articles/none/opengraph-image"); a.status != 404 {
		t.Errorf("an article that is not there: %d", a.status)
	}
	if a := getFile(t, s, "POST", "/publish"); a.status != 204 {
		t.Errorf("publish: %d %q", a.status, a.body)
	}
	if a := getFile(t, s, "GET", "/sitemap.xml"); a.header.Get("X-Nextjs-Cache") == "HIT" {
		t.Errorf("after it, the sitemap is the old one: %v", a.header)
	}
}
