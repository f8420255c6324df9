package files

import (
	"slices"
	"strings"
)

// Type is the media type of a file, as Next.js answers it: by the extension
// alone, whatever the system's own table says.
func Type(name string) string {
	ext := extension(name)
	if ext == "" {
		return octets
	}
	if t, ok := types[ext]; ok {
		return t
	}
	return octets
}

const octets = "application/octet-stream"

// extension is what stands behind the last dot of a name, in small letters;
// empty where there is none. A name that is all extension has none.
func extension(name string) string {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		return strings.ToLower(base[dot+1:])
	}
	return ""
}

// types are those of the files that a frontend is made of. Text has a charset,
// and so have JSON and JavaScript, which Next.js calls application/javascript;
// other types that are text in fact (SVG, XML, manifests) say it themselves.
var types = map[string]string{
	"html": "text/html; charset=UTF-8", "htm": "text/html; charset=UTF-8", "shtml": "text/html; charset=UTF-8",
	"css": "text/css; charset=UTF-8",
	"js":  "application/javascript; charset=UTF-8", "mjs": "application/javascript; charset=UTF-8",
	"json": "application/json; charset=UTF-8", "map": "application/json; charset=UTF-8", "json5": "application/json5; charset=UTF-8",
	"jsonld": "application/ld+json", "geojson": "application/geo+json", "webmanifest": "application/manifest+json",
	"manifest": "text/cache-manifest; charset=UTF-8", "appcache": "text/cache-manifest; charset=UTF-8",
	"xml": "application/xml", "xsl": "application/xml", "xslt": "application/xslt+xml", "xhtml": "application/xhtml+xml", "dtd": "application/xml-dtd",
	"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml", "wsdl": "application/wsdl+xml",
	"txt": "text/plain; charset=UTF-8", "text": "text/plain; charset=UTF-8", "log": "text/plain; charset=UTF-8", "conf": "text/plain; charset=UTF-8", "ini": "text/plain; charset=UTF-8",
	"md": "text/markdown; charset=UTF-8", "markdown": "text/markdown; charset=UTF-8",
	"csv": "text/csv; charset=UTF-8", "tsv": "text/tab-separated-values; charset=UTF-8",
	"yaml": "text/yaml; charset=UTF-8", "yml": "text/yaml; charset=UTF-8",
	"ics": "text/calendar; charset=UTF-8", "vcf": "text/x-vcard; charset=UTF-8", "vcard": "text/vcard; charset=UTF-8",
	"vtt": "text/vtt; charset=UTF-8", "srt": "application/x-subrip",
	"jsx": "text/jsx; charset=UTF-8", "less": "text/less; charset=UTF-8", "scss": "text/x-scss; charset=UTF-8", "sass": "text/x-sass; charset=UTF-8",
	"c": "text/x-c; charset=UTF-8", "h": "text/x-c; charset=UTF-8", "java": "text/x-java-source; charset=UTF-8", "coffee": "text/coffeescript; charset=UTF-8",
	"n3": "text/n3; charset=UTF-8", "ttl": "text/turtle; charset=UTF-8", "rtx": "text/richtext; charset=UTF-8",
	"sh": "application/x-sh", "sql": "application/x-sql", "php": "application/x-httpd-php",
	"wasm": "application/wasm", "pdf": "application/pdf", "rtf": "application/rtf", "epub": "application/epub+zip",

	"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
	"svg": "image/svg+xml", "ico": "image/x-icon", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff",
	"apng": "image/apng", "heic": "image/heic", "jxl": "image/jxl", "icns": "image/x-icns", "psd": "image/vnd.adobe.photoshop",

	// A TypeScript file is MPEG to Next.js's table: it is no use to a browser either way.
	"mp4": "video/mp4", "m4v": "video/x-m4v", "mpg": "video/mpeg", "mpeg": "video/mpeg", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime",
	"avi": "video/x-msvideo", "mkv": "video/x-matroska", "ts": "video/mp2t", "flv": "video/x-flv", "wmv": "video/x-ms-wmv", "3gp": "video/3gpp", "3g2": "video/3gpp2",
	"m3u8": "application/vnd.apple.mpegurl", "mpd": "application/dash+xml",
	"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "oga": "audio/ogg", "wav": "audio/wav", "weba": "audio/webm", "aac": "audio/x-aac",
	"flac": "audio/x-flac", "mid": "audio/midi", "midi": "audio/midi", "aif": "audio/x-aiff", "aiff": "audio/x-aiff",

	"woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf", "ttc": "font/collection", "eot": "application/vnd.ms-fontobject",

	"zip": "application/zip", "gz": "application/gzip", "tar": "application/x-tar", "bz2": "application/x-bzip2", "7z": "application/x-7z-compressed",
	"rar": "application/x-rar-compressed", "xz": "application/x-xz", "jar": "application/java-archive", "apk": "application/vnd.android.package-archive",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"odt":  "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet", "odp": "application/vnd.oasis.opendocument.presentation",
	"gpx": "application/gpx+xml", "kml": "application/vnd.google-earth.kml+xml", "kmz": "application/vnd.google-earth.kmz",
	"glb": "model/gltf-binary", "gltf": "model/gltf+json",
	"pem": "application/x-x509-ca-cert", "crt": "application/x-x509-ca-cert", "cer": "application/pkix-cert", "asc": "application/pgp-signature", "sig": "application/pgp-signature",
	"torrent": "application/x-bittorrent", "eml": "message/rfc822", "mathml": "application/mathml+xml",
	"bin": octets, "exe": octets, "dmg": octets, "iso": octets, "deb": octets, "msi": octets,
}

// hashed reports whether a name carries a hash of what the file holds, as
// bundlers write it: name-BxYz12ab.js (Vite, Rollup, esbuild),
// name.3f2a9c1b.css (webpack, Parcel), 0f1e2d3c4b5a6978.css, and everything in
// Next.js's and SvelteKit's own folders. It would rather not see one: a file
// that is asked for again costs little, and one that is wrongly kept for a year
// cannot be taken back. So a hash is what no word, date or version could be.
func hashed(name string) bool {
	if strings.HasPrefix(name, "_next/static/") || strings.HasPrefix(name, "_app/immutable/") {
		return true
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	parts := strings.Split(base, ".")
	for i, p := range parts[:len(parts)-1] { // the last is the extension
		if tail, ok := tailOf(p); ok && mixed(tail) {
			return true
		}
		tail := p[strings.LastIndexByte(p, '-')+1:]
		switch {
		case i == 0 && tail == p: // a name that is all hash
			if len(p) >= 16 && hexadecimal(p) {
				return true
			}
		case hexadecimal(tail), mixed(tail):
			return true
		}
	}
	return false
}

// tailOf is the hash of a name-XXXXXXXX, if it is one: eight characters of
// base64url, in which a dash may be.
func tailOf(p string) (string, bool) {
	if len(p) < 10 || p[len(p)-9] != '-' {
		return "", false
	}
	tail := p[len(p)-8:]
	for i := 0; i < len(tail); i++ {
		if class(tail[i]) == 0 {
			return "", false
		}
	}
	return tail, true
}

// hexadecimal reports whether s is a hash in small hexadecimal digits: at least
// eight, letters and digits in turns. Without letters it could be a date,
// without digits a word, and a word with a number is decade90.
func hexadecimal(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	cuts := 0
	for i := 0; i < len(s); i++ {
		k := class(s[i])
		if k != '0' && (k != 'a' || s[i] > 'f') {
			return false
		}
		if i > 0 && class(s[i-1]) != k {
			cuts++
		}
	}
	return cuts >= 2
}

// class tells the characters of base64url apart; 0 is none of them.
func class(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	case c >= '0' && c <= '9':
		return '0'
	case c == '-' || c == '_':
		return '-'
	}
	return 0
}

// mixed reports whether s is a hash in base64url: small and capital letters in
// a disorder that names do not have. Cut where the kind of character changes,
// but with a capital left before small letters, names fall into few pieces, or
// into pieces that are words (iPhone6S, Mac-Book).
func mixed(s string) bool {
	if len(s) < 8 || len(s) > 44 {
		return false
	}
	var small, capital, symbol bool
	cuts, word := 0, 0
	for i := 0; i < len(s); i++ {
		k := class(s[i])
		switch k {
		case 0:
			return false
		case 'a':
			small = true
			if word++; word >= 4 {
				return false
			}
		case 'A':
			capital, word = true, 1
		default:
			symbol, word = symbol || k == '-', 0
		}
		if i > 0 {
			if last := class(s[i-1]); last != k && !(last == 'A' && k == 'a') {
				cuts++
			}
		}
	}
	need := 3
	if symbol {
		need = 5
	}
	return small && capital && cuts >= max(need, len(s)*3/8)
}

// bundled finds the folders that a bundler has written as a whole: all their
// scripts and style sheets are name-XXXXXXXX, and one has what can only be a
// hash. There the others are hashes, too.
func (f *Folder) bundled() {
	if f.o.NoImmutable {
		return
	}
	type folder struct{ other, sure bool }
	folders := map[string]*folder{}
	dirOf := func(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }
	shape := func(name string) (string, bool) {
		base, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
		return tailOf(base)
	}
	for name := range f.list {
		if !slices.Contains([]string{"js", "mjs", "css"}, extension(name)) {
			continue
		}
		d := folders[dirOf(name)]
		if d == nil {
			d = &folder{}
			folders[dirOf(name)] = d
		}
		if tail, ok := shape(name); !ok {
			d.other = true
		} else if mixed(tail) {
			d.sure = true
		}
	}
	for name, e := range f.list {
		d := folders[dirOf(name)]
		if d == nil || d.other || !d.sure {
			continue
		}
		if tail, ok := shape(name); ok && (slices.Contains([]string{"js", "mjs", "css", "map"}, extension(name)) || !word(tail)) {
			e.immutable = true
		}
	}
}

// word reports whether s could be a plain word, a number or an abbreviation.
func word(s string) bool {
	for i := 1; i < len(s); i++ {
		if a, b := class(s[i-1]), class(s[i]); a != b && !(i == 1 && a == 'A' && b == 'a') {
			return false
		}
	}
	return true
}
