package next

import (
	"strings"
	"unicode/utf8"
)

// userAgent is what next/server's userAgent() tells of a User-Agent header.
// An empty string is a part that is not known.
type userAgent struct {
	UA      string
	Browser struct{ Name, Version, Major string }
	Engine  struct{ Name, Version string }
	OS      struct{ Name, Version string }
	Device  struct{ Vendor, Model, Type string }
	CPU     struct{ Architecture string }
	IsBot   bool
}

// maxUserAgent is how much of a header is looked at, in UTF-16 code units.
// Next.js 15 and 16: a longer string is trimmed at its left and cut there, and
// the cut string is also what `ua` holds. isBot alone sees the whole string.
const maxUserAgent = 350

// parseUserAgent reads a User-Agent header (RFC 9110 §10.1.5: products with
// versions, and comments in parentheses). isBot is one pass over the whole
// string; the rest sees no more than maxUserAgent of it, so the time is linear
// in the header's length and small for the longest.
func parseUserAgent(ua string) userAgent {
	var out userAgent
	out.IsBot = isBot(ua)
	out.UA = clipUserAgent(ua)
	if out.UA == "" {
		return out
	}
	var s uaScan
	s.scan(out.UA)
	if b := s.browser(); b.name != "" {
		out.Browser.Name, out.Browser.Version = b.name, b.version
		out.Browser.Major = majorVersion(b.version)
	}
	out.Engine.Name, out.Engine.Version = s.engine()
	out.OS.Name, out.OS.Version = s.os()
	out.Device.Vendor, out.Device.Model, out.Device.Type = s.device()
	out.CPU.Architecture = s.architecture()
	return out
}

// clipUserAgent applies maxUserAgent.
func clipUserAgent(ua string) string {
	if len(ua) <= maxUserAgent { // a UTF-16 unit takes at least one byte of UTF-8
		return ua
	}
	units := 0
	for _, r := range ua {
		if units++; r >= 0x10000 {
			units++
		}
		if units > maxUserAgent {
			break
		}
	}
	if units <= maxUserAgent {
		return ua
	}
	ua = strings.TrimLeft(ua, "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
	units = 0
	for i, r := range ua {
		n := 1
		if r >= 0x10000 {
			n = 2
		}
		if units+n > maxUserAgent {
			return ua[:i]
		}
		units += n
	}
	return ua
}

// majorVersion is the digits before the first dot, whatever else the version
// holds: "13b2.1" has the major 132.
func majorVersion(version string) string {
	v, _, _ := strings.Cut(version, ".")
	for i := 0; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, v)
		}
	}
	return v
}

// botNames are the crawlers and link previewers that Next.js 16 calls bots,
// lower case. It matches them anywhere in the string. Others (ClaudeBot,
// CCBot, curl) are not bots there, so they are not bots here.
var botNames = []string{
	"adsbot-google", "applebot", "baiduspider", "bingbot", "bingpreview",
	"bitlybot", "discordbot", "duckduckbot", "facebookcatalog",
	"facebookexternalhit", "google-inspectiontool", "google-pagerenderer",
	"googlebot", "googleweblight", "gptbot", "ia_archiver", "linkedinbot",
	"mediapartners-google", "quora link preview", "redditbot",
	"skypeuripreview", "slackbot", "slurp", "sogou", "storebot-google",
	"tumblr", "twitterbot", "vkshare", "whatsapp", "yandex",
}

// botNamesByByte has the names under their first letter.
var botNamesByByte = func() (index ['z' + 1][]string) {
	for _, name := range botNames {
		index[name[0]] = append(index[name[0]], name)
	}
	return index
}()

func isBot(ua string) bool {
	for i := 0; i < len(ua); i++ {
		c := lowerByte(ua[i])
		if c > 'z' {
			continue
		}
		for _, name := range botNamesByByte[c] {
			if len(ua)-i >= len(name) && equalFold(ua[i:i+len(name)], name) {
				return true
			}
		}
	}
	return false
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// equalFold reports whether s is lower but for ASCII case.
func equalFold(s, lower string) bool {
	for i := 0; i < len(lower); i++ {
		if lowerByte(s[i]) != lower[i] {
			return false
		}
	}
	return true
}

// uaWord is a run of letters, digits and ".", "_", "-" or non-ASCII bytes.
type uaWord struct {
	start, end uint16
	// gap says what stands between the word before and this one: '(', ';', ')'
	// or '[' where one of them does (the last one), else the character if it is
	// one alone, else 0. The first word has its own gap, or ';' for none.
	gap   byte
	depth uint8 // of parentheses
}

// uaScan is a User-Agent header in words.
type uaScan struct {
	text, low string // as written; in ASCII lower case, at the same offsets
	words     []uaWord
	buffer    [64]uaWord // enough for any browser's header
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' ||
		c == '_' || c == '.' || c == '-' || c >= utf8.RuneSelf
}

func (s *uaScan) scan(ua string) {
	s.text = ua
	s.words = s.buffer[:0]
	var lower [3 * maxUserAgent]byte
	depth := 0
	for i := 0; i < len(ua); {
		gap, from := byte(0), i
		for ; i < len(ua) && !wordByte(ua[i]); i++ {
			c := ua[i]
			lower[i] = c
			switch c {
			case '(':
				depth, gap = depth+1, c
			case ')':
				depth, gap = max(depth-1, 0), c
			case ';', '[':
				gap = c
			}
		}
		if i == len(ua) {
			break
		}
		if gap == 0 {
			if i-from == 1 {
				gap = ua[from]
			} else if from == 0 && i == 0 {
				gap = ';'
			}
		}
		start := i
		for ; i < len(ua) && wordByte(ua[i]); i++ {
			lower[i] = lowerByte(ua[i])
		}
		s.words = append(s.words, uaWord{uint16(start), uint16(i), gap, uint8(min(depth, 255))})
	}
	s.low = string(lower[:len(ua)])
}

// word is the word i in lower case, or "".
func (s *uaScan) word(i int) string {
	if i < 0 || i >= len(s.words) {
		return ""
	}
	return s.low[s.words[i].start:s.words[i].end]
}

func (s *uaScan) written(i int) string { return s.text[s.words[i].start:s.words[i].end] }

// gap is what stands before word i; see uaWord. Past the end it is 0.
func (s *uaScan) gap(i int) byte {
	if i >= len(s.words) {
		return 0
	}
	return s.words[i].gap
}

// after is the character that follows word i, or 0.
func (s *uaScan) after(i int) byte {
	if end := int(s.words[i].end); end < len(s.text) {
		return s.text[end]
	}
	return 0
}

// find is the first word from i on that is name, or -1.
func (s *uaScan) find(i int, name string) int {
	for ; i < len(s.words); i++ {
		if s.word(i) == name {
			return i
		}
	}
	return -1
}

// findSuffix is the first word from i on that ends in suffix, or -1.
func (s *uaScan) findSuffix(i int, suffix string) int {
	for ; i < len(s.words); i++ {
		if strings.HasSuffix(s.word(i), suffix) {
			return i
		}
	}
	return -1
}

// version is what follows word i after a slash, or also after a space: its
// letters, digits, dots and underscores.
func (s *uaScan) version(i int, space bool) string {
	if g := s.gap(i + 1); g != '/' && (g != ' ' || !space) {
		return ""
	}
	return plainVersion(s.written(i + 1))
}

func plainVersion(v string) string {
	for i := 0; i < len(v); i++ {
		if v[i] == '-' || v[i] >= utf8.RuneSelf {
			return v[:i]
		}
	}
	return v
}

func startsWithDigit(v string) bool { return v != "" && '0' <= v[0] && v[0] <= '9' }

// uaBrowser is a browser that was found. Rank says how much it says about who
// made the request: a brand more than the browser it is made of.
type uaBrowser struct {
	name, version string
	rank          uint8
}

const (
	rankChromeIOS uint8 = iota + 1
	rankShell           // Edge, Opera and others: never part of another
	rankBrand
	rankRebrand // engines of in-app browsers that carry a name of their own
	rankApp     // an app's web view
	rankChromium
	rankPlainApp
	rankHeadless
	rankWebView
	rankAndroid
	rankChrome
	rankSafari
	rankOldSafari
	rankWebKit
	rankGecko
	rankFirefox
	rankText
	rankMozilla
	rankNone
)

// A browserKind is how a browser's word gives its version.
type browserKind uint8

const (
	kindSlash        browserKind = iota // Name/1.2
	kindSpace                           // Name/1.2 or Name 1.2
	kindBare                            // Name, never a version
	kindBeforeSafari                    // Name/1.2, and Safari somewhere after it
	kindOpera                           // Opera/9.80 … Version/12.16, Opera Mini/7, Opera Mobi
	kindMSIE                            // MSIE 10.0
	kindElectron                        // Electron/27.0.2 Safari/…
	kindFacebook                        // [FBAN/FBIOS;…;FBAV/4.1;…]
	kindLinkedIn                        // [LinkedInApp]
	kindLine                            // Line/1.2/IAB, Safari Line/1.2
	kindNaver                           // NAVER(inapp; search; 1000; 11.1.1)
	kindTikTok                          // musical_ly app_version/31.5.3
	kindTesla                           // Tesla/2022.44 at the end
	kindLinks                           // Links (2.21; …
	kindTizen                           // Tizen Browser/1.2
)

type browserRule struct {
	name string // "" is the name as it was written
	rank uint8
	kind browserKind
}

// browserRules are the words that name a browser.
var browserRules = map[string]browserRule{
	"crios": {"Chrome", rankChromeIOS, kindSlash},
	"crmo":  {"Chrome", rankChromeIOS, kindSlash},

	"edge":     {"Edge", rankShell, kindSlash},
	"edg":      {"Edge", rankShell, kindSlash},
	"edga":     {"Edge", rankShell, kindSlash},
	"edgios":   {"Edge", rankShell, kindSlash},
	"msie":     {"IE", rankBrand, kindMSIE},
	"iemobile": {"IEMobile", rankShell, kindSpace},
	"opera":    {"Opera", rankShell, kindOpera},
	"opr":      {"Opera", rankShell, kindSlash},
	"opios":    {"Opera Mini", rankShell, kindSpace},
	"kindle":   {"Kindle", rankShell, kindSlash},
	"maxthon":  {"Maxthon", rankShell, kindSpace},

	"arora":           {"", rankBrand, kindSlash},
	"avast":           {"Avast Secure Browser", rankBrand, kindSlash},
	"avg":             {"AVG Secure Browser", rankBrand, kindSlash},
	"bolt":            {"Bolt", rankBrand, kindSlash},
	"brave":           {"Brave", rankBrand, kindSlash},
	"coast":           {"Opera Coast", rankBrand, kindSlash},
	"coc_coc_browser": {"Coc Coc", rankBrand, kindSlash},
	"comodo_dragon":   {"Comodo Dragon", rankBrand, kindSlash},
	"dolfin":          {"Dolphin", rankBrand, kindSlash},
	"duckduckgo":      {"DuckDuckGo", rankBrand, kindSlash},
	"epiphany":        {"", rankBrand, kindSlash},
	"falkon":          {"", rankBrand, kindSlash},
	"flock":           {"", rankBrand, kindSlash},
	"focus":           {"Firefox Focus", rankBrand, kindSlash},
	"fxios":           {"Firefox", rankBrand, kindSlash},
	"heytapbrowser":   {"HeyTap", rankBrand, kindSlash},
	"huaweibrowser":   {"Huawei Browser", rankBrand, kindSlash},
	"iridium":         {"", rankBrand, kindSlash},
	"iron":            {"", rankBrand, kindSlash},
	"konqueror":       {"Konqueror", rankBrand, kindSlash},
	"lunascape":       {"", rankBrand, kindSpace},
	"micromessenger":  {"WeChat", rankBrand, kindSlash},
	"midori":          {"", rankBrand, kindSlash},
	"miuibrowser":     {"MIUI Browser", rankBrand, kindSlash},
	"netfront":        {"", rankBrand, kindSpace},
	"oculusbrowser":   {"Oculus Browser", rankBrand, kindSlash},
	"opt":             {"Opera Touch", rankBrand, kindSlash},
	"phantomjs":       {"", rankBrand, kindSlash},
	"puffin":          {"", rankBrand, kindSlash},
	"qihoobrowser":    {"360 Browser", rankBrand, kindBare},
	"qihu":            {"360 Browser", rankBrand, kindBare},
	"qq":              {"", rankBrand, kindSlash},
	"quark":           {"", rankBrand, kindSlash},
	"qupzilla":        {"", rankBrand, kindSlash},
	"rekonq":          {"", rankBrand, kindSlash},
	"rockmelt":        {"", rankBrand, kindSlash},
	"sailfishbrowser": {"Sailfish Browser", rankBrand, kindSlash},
	"samsungbrowser":  {"Samsung Browser", rankBrand, kindSlash},
	"silk":            {"", rankBrand, kindSlash},
	"skyfire":         {"", rankBrand, kindSlash},
	"tesla":           {"Tesla", rankBrand, kindTesla},
	"ubrowser":        {"UCBrowser", rankBrand, kindSpace},
	"ucbrowser":       {"UCBrowser", rankBrand, kindSpace},
	"vivaldi":         {"", rankBrand, kindSlash},
	"whale":           {"", rankBrand, kindSlash},
	"yabrowser":       {"Yandex", rankBrand, kindSlash},
	"yasearchbrowser": {"Yandex", rankBrand, kindSlash},

	"2345explorer":  {"", rankRebrand, kindSpace},
	"baiduboxapp":   {"", rankRebrand, kindSpace},
	"baidubrowser":  {"", rankRebrand, kindSpace},
	"electron":      {"Electron", rankRebrand, kindElectron},
	"lbbrowser":     {"", rankRebrand, kindBare},
	"metasr":        {"", rankRebrand, kindBare},
	"mqqbrowser":    {"QQBrowser", rankRebrand, kindSpace},
	"qqbrowser":     {"", rankRebrand, kindSpace},
	"qqbrowserlite": {"", rankRebrand, kindSlash},

	"fb_iab":      {"Facebook", rankApp, kindFacebook},
	"fban":        {"Facebook", rankApp, kindFacebook},
	"kakaostory":  {"", rankApp, kindSpace},
	"kakaotalk":   {"", rankApp, kindSpace},
	"line":        {"Line", rankApp, kindLine},
	"linkedinapp": {"LinkedIn", rankApp, kindLinkedIn},
	"naver":       {"", rankApp, kindNaver},

	"chromium": {"", rankChromium, kindSpace},

	"gsa":        {"", rankPlainApp, kindBeforeSafari},
	"instagram":  {"", rankPlainApp, kindSpace},
	"musical_ly": {"TikTok", rankPlainApp, kindTikTok},

	"headlesschrome": {"Chrome Headless", rankHeadless, kindSlash},

	"basilisk":   {"", rankGecko, kindSlash},
	"camino":     {"", rankGecko, kindSpace},
	"cobalt":     {"", rankText, kindSlash},
	"conkeror":   {"", rankGecko, kindSpace},
	"fennec":     {"", rankGecko, kindSpace},
	"firebird":   {"", rankGecko, kindSlash},
	"icecat":     {"", rankGecko, kindSlash},
	"icedragon":  {"", rankGecko, kindSpace},
	"iceweasel":  {"", rankGecko, kindSpace},
	"k-meleon":   {"", rankGecko, kindSlash},
	"klar":       {"", rankGecko, kindSpace},
	"navigator":  {"Netscape", rankGecko, kindSlash},
	"netscape":   {"Netscape", rankGecko, kindSlash},
	"palemoon":   {"", rankGecko, kindSlash},
	"phoenix":    {"", rankGecko, kindSlash},
	"seamonkey":  {"", rankGecko, kindSlash},
	"waterfox":   {"", rankGecko, kindSlash},
	"firefox":    {"", rankFirefox, kindSlash},
	"amaya":      {"", rankText, kindSpace},
	"dillo":      {"", rankText, kindSpace},
	"doris":      {"", rankText, kindSpace},
	"icab":       {"", rankText, kindSpace},
	"icebrowser": {"", rankText, kindSpace},
	"links":      {"", rankText, kindLinks},
	"lynx":       {"", rankText, kindSpace},
	"mosaic":     {"", rankText, kindSpace},
	"netsurf":    {"", rankText, kindSpace},
	"obigo":      {"", rankText, kindSpace},
	"polaris":    {"", rankText, kindSpace},
	"up.browser": {"", rankText, kindSpace},
	"w3m":        {"", rankText, kindSpace},

	"tizen": {"", rankSafari, kindTizen},
}

// browser is the highest ranked browser in the header, and of equals the first.
func (s *uaScan) browser() uaBrowser {
	best := uaBrowser{rank: rankNone}
	offer := func(name, version string, rank uint8) {
		if rank < best.rank {
			best = uaBrowser{name, version, rank}
		}
	}
	var version, android, webkit, trident, rv = -1, -1, -1, -1, -1 // first of each
	for i := range s.words {
		w := s.word(i)
		if rule, ok := browserRules[w]; ok {
			if rule.rank < best.rank {
				if name, v, ok := s.named(i, rule); ok {
					offer(name, v, rule.rank)
				}
			}
			continue
		}
		switch w {
		case "android":
			first(&android, i)
		case "trident":
			first(&trident, i)
		case "rv":
			first(&rv, i)
		case "chrome":
			v := s.version(i, true)
			if v == "" {
				break
			}
			// An app's web view on Android ends its comment with "; wv".
			if s.webView(i) {
				offer("Chrome WebView", v, rankWebView)
			}
			offer(s.written(i), v, rankChrome)
		case "version":
			if s.gap(i+1) == '/' {
				first(&version, i)
			}
		case "safari":
			s.safari(i, version, android, webkit, offer)
		case "gecko":
			if rv >= 0 && s.gap(i+1) == '/' && s.word(0) == "mozilla" && s.gap(1) == '/' {
				offer(s.written(0), s.version(0, false), rankMozilla)
			}
		case "khtml":
			if v := s.version(i, true); startsWithDigit(v) {
				offer(s.written(i), v, rankWebKit)
			}
		default:
			switch {
			case strings.HasSuffix(w, "webkit"):
				first(&webkit, i)
				if v := s.version(i, false); v != "" {
					offer(s.webkit(i), v, rankWebKit)
				}
			case strings.HasPrefix(w, "musical_ly_"):
				offer("TikTok", plainVersion(s.written(i)[len("musical_ly_"):]), rankPlainApp)
			}
		}
	}
	// Internet Explorer 11 no longer says MSIE.
	if trident >= 0 && rv > trident && rv+1 < len(s.words) && s.gap(rv+1) == ':' {
		offer("IE", plainVersion(s.written(rv+1)), rankBrand)
	}
	return best
}

func first(at *int, i int) {
	if *at < 0 {
		*at = i
	}
}

// webView reports whether a comment that ends in "wv" stands before word i.
func (s *uaScan) webView(i int) bool {
	for j := range i {
		if s.word(j) == "wv" && s.words[j].depth > 0 && s.after(j) == ')' && j > 0 && s.gap(j) != '(' {
			return true
		}
	}
	return false
}

// named is the name and version of a browser that word i names.
func (s *uaScan) named(i int, rule browserRule) (name, version string, ok bool) {
	if name = rule.name; name == "" {
		name = s.written(i)
	}
	switch rule.kind {
	case kindSlash, kindSpace:
		version = s.version(i, rule.kind == kindSpace)
		return name, version, version != ""
	case kindBare:
		return name, "", true
	case kindMSIE:
		version = s.version(i, true)
		return name, version, startsWithDigit(version)
	case kindBeforeSafari:
		version = s.version(i, false)
		return name, version, version != "" && s.find(i, "safari") > 0
	case kindElectron:
		version = s.version(i, false)
		return name, version, version != "" && s.gap(i+2) == ' ' && s.word(i+2) == "safari"
	case kindOpera:
		if next := s.word(i + 1); s.gap(i+1) == ' ' && (next == "mini" || next == "mobi" || next == "tablet") {
			name = s.text[s.words[i].start:s.words[i+1].end]
			version = s.version(i+1, false)
			if next == "mini" {
				return name, version, version != ""
			}
		} else {
			// Opera/9.80 (…; Opera Mini/36.2; …) is the second of the two.
			if o := s.find(i+1, "opera"); o >= 0 && (s.word(o+1) == "mini" || s.word(o+1) == "mobi") {
				return "", "", false
			}
			version = s.version(i, true)
		}
		// Since Opera 10 the number after the name has stayed at 9.80.
		if v := s.find(i, "version"); v >= 0 && s.gap(v+1) == '/' {
			version = s.version(v, false)
		}
		return name, version, version != ""
	case kindFacebook:
		if s.gap(i) != '[' || s.gap(i+1) != '/' || s.word(i+1) == "ema" {
			return "", "", false
		}
		if v := s.find(i, "fbav"); v >= 0 {
			version = s.version(v, false)
		}
		return name, version, true
	case kindLinkedIn:
		return name, "", s.gap(i) == '[' && s.after(i) == ']'
	case kindLine:
		version = s.version(i, false)
		inApp := s.gap(i+2) == '/' && s.word(i+2) == "iab" || s.gap(i) == ' ' && s.word(i-1) == "safari"
		return name, version, version != "" && inApp
	case kindNaver:
		if s.gap(i+1) == '(' && s.word(i+1) == "inapp" && i+4 < len(s.words) {
			version = plainVersion(s.written(i + 4))
		}
		return name, version, version != ""
	case kindTikTok:
		if v := s.find(i, "app_version"); v >= 0 {
			version = s.version(v, false)
		}
		return name, version, version != ""
	case kindTesla:
		version = s.version(i, false)
		return name, version, startsWithDigit(version) && s.find(i, "safari") < 0
	case kindLinks:
		if s.gap(i+1) == '(' {
			version = plainVersion(s.written(i + 1))
		}
		return name, version, startsWithDigit(version)
	case kindTizen:
		if s.gap(i+1) == ' ' && s.word(i+1) == "browser" {
			version = s.version(i+1, false)
			name = s.text[s.words[i].start:s.words[i+1].end]
		}
		return name, version, version != ""
	}
	return "", "", false
}

// safari offers what "Safari" at word i means: Apple's browser if it gives its
// own version, the old Android browser if Android did so, else a guess by the
// build of Safari itself.
func (s *uaScan) safari(i, version, android, webkit int, offer func(name, version string, rank uint8)) {
	if version >= 0 {
		v := s.version(version, false)
		switch {
		case android >= 0 && android < version && s.gap(i+1) == '/':
			offer("Android Browser", v, rankAndroid)
		case s.word(version+2) == "mobile" && s.gap(version+3) == '/' && i == version+4:
			offer("Mobile Safari", v, rankSafari)
		default:
			offer("Safari", v, rankSafari)
		}
	}
	if webkit >= 0 && s.gap(i+1) == '/' {
		name := s.written(i)
		if s.gap(i) == ' ' && s.word(i-1) == "mobile" {
			name = s.text[s.words[i-1].start:s.words[i].end]
		}
		offer(name, oldSafari(s.word(i+1)), rankOldSafari)
	}
}

// oldSafari is the version of a Safari that named only its build, as they did
// before 3.0.
func oldSafari(build string) string {
	for _, r := range [...][2]string{
		{"8", "1.0"}, {"1", "1.2"}, {"3", "1.3"},
		{"412", "2.0"}, {"416", "2.0.2"}, {"417", "2.0.3"}, {"419", "2.0.4"},
	} {
		if strings.HasPrefix(build, r[0]) {
			return r[1]
		}
	}
	return ""
}

// engineNames are the engines that say so themselves, in the form Name/1.2.
var engineNames = map[string]string{
	"amaya": "Amaya", "ekiohflow": "Flow", "goanna": "Goanna", "lynx": "Lynx",
	"netfront": "NetFront", "netsurf": "NetSurf", "presto": "Presto",
	"tasman": "Tasman", "trident": "Trident", "w3m": "w3m",
}

// engine is the layout engine.
func (s *uaScan) engine() (name, version string) {
	webkit, rv := -1, -1
	for i := range s.words {
		w := s.word(i)
		if name, ok := engineNames[w]; ok {
			if v := s.version(i, false); v != "" {
				return name, v
			}
			continue
		}
		switch w {
		case "khtml":
			if v := s.version(i, true); startsWithDigit(v) {
				return "KHTML", v
			}
		case "links":
			if g := s.gap(i + 1); g == '(' || g == '/' {
				if v := plainVersion(s.written(i + 1)); startsWithDigit(v) {
					return "Links", v
				}
			}
		case "rv":
			if s.gap(i+1) == ':' {
				first(&rv, i)
			}
		default:
			if strings.HasSuffix(w, "webkit") && s.version(i, false) != "" {
				first(&webkit, i)
			}
		}
	}
	if webkit >= 0 {
		build := s.version(webkit, false)
		if edge := s.find(webkit, "edge"); edge >= 0 && s.find(0, "windows") >= 0 {
			if v := s.version(edge, false); v != "" {
				return "EdgeHTML", v
			}
		}
		// Chrome 28 left WebKit, whose number has stayed at 537.36 since.
		if build == "537.36" {
			for i := s.findSuffix(webkit, "chrome"); i >= 0; i = s.findSuffix(i+1, "chrome") {
				if v := s.version(i, false); v != "" && sinceBlink(v) {
					return "Blink", v
				}
			}
		}
		return s.webkit(webkit), build
	}
	if rv >= 0 && s.findSuffix(rv, "gecko") >= 0 {
		return "Gecko", geckoVersion(plainVersion(s.written(rv + 1)))
	}
	return "", ""
}

// webkit is the engine's name as word i ends in it: some televisions write Webkit.
func (s *uaScan) webkit(i int) string {
	w := s.written(i)
	return w[len(w)-len("webkit"):]
}

func sinceBlink(chrome string) bool {
	major, _, _ := strings.Cut(chrome, ".")
	return len(major) != 2 || major >= "28"
}

// geckoVersion is at most nine characters of a revision, and no part of a number.
func geckoVersion(v string) string {
	if len(v) <= 9 {
		return v
	}
	if i := strings.LastIndexByte(v[:9], '.'); i >= 0 {
		return v[:i+1]
	}
	return ""
}
