package files

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/fstest"
)

func TestType(t *testing.T) {
	// As Next.js 16 answers them.
	for name, want := range map[string]string{
		"a.html": "text/html; charset=UTF-8", "a.css": "text/css; charset=UTF-8", "a.txt": "text/plain; charset=UTF-8", "a.js": "application/javascript; charset=UTF-8",
		"a.mjs": "application/javascript; charset=UTF-8", "a.json": "application/json; charset=UTF-8", "a.js.map": "application/json; charset=UTF-8", "a.md": "text/markdown; charset=UTF-8",
		"a.xml": "application/xml", "a.svg": "image/svg+xml", "a.webmanifest": "application/manifest+json", "a.wasm": "application/wasm", "a.woff2": "font/woff2", "a.mp4": "video/mp4",
		"a.ts": "video/mp2t", "a.avif": "image/avif", "favicon.ico": "image/x-icon", "a.JPG": "image/jpeg", "a.b.PNG": "image/png",
		"a": octets, "a.": octets, "a.unknown": octets, "a.cjs": octets, "a.js.br": octets, "js": octets, ".well-known/acme": octets, "x.js/a": octets, ".js": octets,
	} {
		if got := Type(name); got != want {
			t.Errorf("Type(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHashed(t *testing.T) {
	for _, name := range []string{
		"assets/index-BxYz12ab.js", "assets/react-CHdo91hT.svg", "assets/vendor-B4xq-9Zk.js", "assets/x-C_7Qp2-a.js", "assets/index-BxYz12ab.js.map",
		"main.3f2a9c1b.css", "static/js/main.0a1b2c3d.chunk.js", "index.3f2a9c1b.js", "css/0a1b2c3d4e5f6a7b.css", "chunks/main-app-0a1b2c3d4e5f6a7b.js", "0123456789abcdef0123.png",
		"chunk-7XR2QcdT.js", "_next/static/chunks/main.js", "_next/static/BUILD/_buildManifest.js", "_app/immutable/entry/start.js", "_astro/index.BxYz12ab.css",
	} {
		if !hashed(name) {
			t.Errorf("%s is not seen to have a hash", name)
		}
	}
	for _, name := range []string{
		"index.html", "favicon.ico", "app.js", "main.min.js", "app.bundle.js", "jquery-3.7.1.min.js", "jquery-migrate.js", "app-settings.json", "my-favorite.png", "report-20240101.pdf", "report.20240101.pdf", "2024-01-01-12345678.log",
		"hero-background.webp", "font-RobotoMono.woff2", "RobotoMono-BoldItalic.ttf", "photo-IMG_1234.jpg", "IMG_20240101_120000.jpg", "case-iPhone6S.png", "new-MacBook2.png", "logo-GitHub24.svg", "README-FRANCAIS.md", "hi-Hi-Res2x.png", "icon-x86_64v2.bin",
		"logo-Portrait.svg", "logo-PORTRAIT.svg", "a-deadbeef.js", "a-decade90.png", "a-12345678.js", "a-00000000.css", "site.webmanifest", "apple-touch-icon-180x180.png", "android-chrome-512x512.png", "0a1b2c3d.png", "v1.2.3.js",
		"assets", "assets/x", "a.BxYz12ab", "", "a-MyPhotos.jpg", "a-camelCase.js", "Something-YouTube4.png", "_next/image", "x/_next/static/a.js", "user-4KVideo1.mp4", "index-abcdefgh.js", "assets/index-DiwrgTda.css",
	} {
		if hashed(name) {
			t.Errorf("%s is taken for one with a hash", name)
		}
	}
}

// hash gives n random bytes, the same each time.
func hash(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b []byte
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

// What bundlers write is mostly seen, and whole folders of it always.
func TestHashedBundles(t *testing.T) {
	const n = 2000
	seen := map[string]int{}
	folder := fstest.MapFS{"index.html": {}, "other/app.js": {}}
	for i := range uint64(n) {
		rollup := "chunk-" + base64.RawURLEncoding.EncodeToString(hash(6, i)) + ".js"
		folder["assets/"+rollup] = &fstest.MapFile{}
		folder["other/"+rollup] = &fstest.MapFile{}
		for kind, name := range map[string]string{
			"rollup": rollup, "webpack 8": "main." + hex.EncodeToString(hash(4, i)) + ".js", "webpack 20": "main." + hex.EncodeToString(hash(10, i)) + ".js",
		} {
			if hashed(name) {
				seen[kind]++
			}
		}
	}
	for kind, least := range map[string]int{"rollup": 50, "webpack 8": 90, "webpack 20": 99} {
		if got := seen[kind] * 100 / n; got < least {
			t.Errorf("of the names of %s %d %% are seen, want %d", kind, got, least)
		}
	}
	folder["assets/logo-Portrait.svg"] = &fstest.MapFile{}
	folder["assets/logo-DIWRGTD4.svg"] = &fstest.MapFile{}
	f, err := New(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	assets, other := 0, 0
	for i := range uint64(n) {
		rollup := "chunk-" + base64.RawURLEncoding.EncodeToString(hash(6, i)) + ".js"
		if f.list["assets/"+rollup].immutable {
			assets++
		}
		if f.list["other/"+rollup].immutable {
			other++
		}
	}
	if assets != n || other != seen["rollup"] {
		t.Errorf("%d of assets/ and %d of other/ are immutable, want %d and %d", assets, other, n, seen["rollup"])
	}
	for name, want := range map[string]bool{"assets/logo-Portrait.svg": false, "assets/logo-DIWRGTD4.svg": true, "index.html": false, "other/app.js": false} {
		if f.list[name].immutable != want {
			t.Errorf("%s: immutable is %v", name, !want)
		}
	}
	for _, o := range []struct {
		Options
		want string
	}{
		{Options{NoImmutable: true}, "false false"},
		{Options{NoImmutable: true, Immutable: []string{"other"}}, "false false"},
		{Options{Immutable: []string{"/other/"}}, "true true"},
		{Options{Immutable: []string{"oth"}}, "true false"},
	} {
		f, err := New(folder, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(f.list["assets/logo-DIWRGTD4.svg"].immutable, f.list["other/app.js"].immutable); got != o.want {
			t.Errorf("%+v: got %s, want %s", o.Options, got, o.want)
		}
	}
}
