package next

import "strings"

// An osKind is how an operating system's word gives its version.
type osKind uint8

const (
	osValue       osKind = iota // Name 1.2 or Name/1.2
	osName                      // Name, no version
	osDashed                    // as osValue, and the version may hold dashes
	osAndroid                   // Android 14, Android-4.0; HarmonyOS says so after it
	osCrOS                      // CrOS x86_64 14541.0.0
	osConsole                   // PlayStation 5, Nintendo Switch
	osDarwin                    // CFNetwork/1490 Darwin/23: an app of Apple's phones
	osIOS                       // CPU iPhone OS 17_1 like Mac OS X
	osMac                       // Mac OS X 10_15_7
	osPhrase                    // two words, as "RIM Tablet OS" 2.1.0
	osNeeds                     // as osValue, but no version is no match
	osSpace                     // Name 1.2
	osGecko                     // (Mobile; rv:26.0) Gecko/26.0: Firefox OS
	osArch                      // Arch Linux: Arch alone is none
	osSlash                     // Name/1.2
	osVersionOnly               // FreeBSD 13.1 amd64, FreeBSD amd64: what follows, if it is a number
	osWindows
)

type osRule struct {
	name string // "" is the name as it was written
	rank uint8  // lowest wins
	kind osKind
}

// osRules are the words that name an operating system. The lower rank wins
// where a header names several: a Windows phone claims to be Android too, an
// iPhone "like Mac OS X", a distribution is also Linux.
var osRules = map[string]osRule{
	"windows": {"Windows", 1, osWindows},
	"win":     {"Windows", 1, osWindows},
	"win95":   {"Windows", 1, osWindows},
	"win98":   {"Windows", 1, osWindows},

	"os":          {"iOS", 2, osIOS},
	"darwin":      {"iOS", 2, osDarwin},
	"mac":         {"Mac OS", 3, osMac},
	"macintosh":   {"Mac OS", 3, osMac},
	"mac_powerpc": {"Mac OS", 3, osMac},
	"android":     {"Android", 4, osAndroid},
	"android-x86": {"Android", 4, osName},
	"bada":        {"", 5, osValue},
	"bb10":        {"BlackBerry", 5, osName},
	"hpwos":       {"webOS", 5, osSlash},
	"kaios":       {"", 5, osNeeds},
	"maemo":       {"", 5, osValue},
	"meego":       {"", 5, osValue},
	"qnx":         {"", 5, osValue},
	"rim":         {"RIM Tablet OS", 5, osPhrase},
	"sailfish":    {"", 5, osValue},
	"symbianos":   {"Symbian", 5, osValue},
	"symbos":      {"Symbian", 5, osName},
	"series60":    {"Symbian", 5, osNeeds},
	"tizen":       {"", 5, osNeeds},
	"web0s":       {"webOS", 5, osName},
	"webos":       {"webOS", 5, osNeeds},
	"crkey":       {"Chromecast", 5, osSlash},
	"cros":        {"Chromium OS", 5, osCrOS},
	"nintendo":    {"", 6, osConsole},
	"playstation": {"", 6, osConsole},
	"arch":        {"", 7, osArch},
	"centos":      {"", 7, osDashed},
	"contiki":     {"", 7, osDashed},
	"debian":      {"", 7, osDashed},
	"deepin":      {"", 7, osDashed},
	"fedora":      {"", 7, osDashed},
	"fuchsia":     {"", 7, osName},
	"gentoo":      {"", 7, osDashed},
	"kubuntu":     {"", 7, osDashed},
	"linpus":      {"", 7, osDashed},
	"lubuntu":     {"", 7, osDashed},
	"mandriva":    {"", 7, osDashed},
	"manjaro":     {"", 7, osDashed},
	"mint":        {"", 7, osDashed},
	"opensuse":    {"", 7, osDashed},
	"pclinuxos":   {"", 7, osDashed},
	"raspbian":    {"", 7, osDashed},
	"red":         {"Red Hat", 7, osPhrase},
	"redhat":      {"", 7, osDashed},
	"sabayon":     {"", 7, osDashed},
	"serenityos":  {"", 7, osName},
	"slackware":   {"", 7, osDashed},
	"suse":        {"", 7, osDashed},
	"ubuntu":      {"", 7, osDashed},
	"xubuntu":     {"", 7, osDashed},
	"zenwalk":     {"", 7, osDashed},
	"linux":       {"", 8, osValue},
	"gnu":         {"", 9, osName},
	"hurd":        {"", 9, osValue},
	"sunos":       {"Solaris", 9, osValue},
	"solaris":     {"", 9, osValue},
	"opensolaris": {"", 9, osName},
	"dragonfly":   {"", 10, osVersionOnly},
	"freebsd":     {"", 10, osVersionOnly},
	"ghostbsd":    {"", 10, osVersionOnly},
	"netbsd":      {"", 10, osVersionOnly},
	"openbsd":     {"", 10, osVersionOnly},
	"pc-bsd":      {"", 10, osVersionOnly},
	"haiku":       {"", 10, osSpace},
	"mobile":      {"Firefox OS", 6, osGecko},
	"tablet":      {"Firefox OS", 6, osGecko},
	"amigaos":     {"", 11, osName},
	"beos":        {"", 11, osName},
	"hp-ux":       {"", 11, osName},
	"minix":       {"", 11, osValue},
	"morphos":     {"", 11, osName},
	"openvms":     {"", 11, osName},
	"unix":        {"", 11, osName},
}

// windowsNames are the names of Windows NT's versions.
var windowsNames = map[string]string{
	"5.0": "2000", "5.01": "2000", "5.1": "XP", "5.2": "XP", "6.0": "Vista",
	"6.1": "7", "6.2": "8", "6.3": "8.1", "6.4": "10", "10.0": "10",
}

// os is the operating system of the lowest rank, and of equals the first.
func (s *uaScan) os() (name, version string) {
	best := ^uint8(0)
	for i := range s.words {
		w := s.word(i)
		rule, ok := osRules[w]
		if !ok {
			switch {
			case strings.HasPrefix(w, "winnt"):
				rule, ok = osRule{"Windows", 1, osWindows}, true
			case strings.HasPrefix(w, "android-"):
				rule, ok = osRule{"Android", 4, osAndroid}, true
			case strings.HasPrefix(w, "debian-"): // (Debian-3.0.3-3)
				rule, ok = osRules["debian"], true
			case strings.HasPrefix(w, "blackberry"):
				rule, ok = osRule{"BlackBerry", 5, osSlash}, true
			}
		}
		if !ok || rule.rank >= best {
			continue
		}
		if n, v, ok := s.system(i, rule); ok {
			name, version, best = n, v, rule.rank
		}
	}
	return name, version
}

// system is the name and version of an operating system that word i names.
func (s *uaScan) system(i int, rule osRule) (name, version string, ok bool) {
	if name = rule.name; name == "" {
		name = s.written(i)
	}
	switch rule.kind {
	case osName:
		if s.word(i) == "web0s" {
			version = "TV"
		}
		if s.word(i) == "bb10" {
			return name, "10", s.gap(i) == '('
		}
	case osValue:
		version = s.version(i, true)
	case osNeeds:
		version = s.version(i, true)
		return name, version, version != ""
	case osSpace:
		if s.gap(i+1) == ' ' {
			version = s.version(i, true)
		}
		return name, version, version != ""
	case osGecko:
		rv := s.find(i, "rv")
		if s.gap(i) != '(' || s.after(i) != ';' || rv < 0 || s.gap(rv+1) != ':' || s.find(rv, "gecko") < 0 {
			return "", "", false
		}
		return name, plainVersion(s.written(rv + 1)), true
	case osSlash:
		version = s.version(i, false)
		return name, version, version != ""
	case osDashed:
		if distribution, v, ok := strings.Cut(s.written(i), "-"); ok {
			return distribution, v, true
		}
		if g := s.gap(i + 1); g == '/' || g == ' ' && startsWithDigit(s.word(i+1)) {
			version = s.written(i + 1)
		}
	case osVersionOnly:
		if version = s.version(i, true); !startsWithDigit(version) {
			version = ""
		}
	case osAndroid:
		if w := s.word(i); w != "android" {
			version = plainVersion(s.written(i)[len("android-"):])
		} else {
			version = s.version(i, true)
		}
		if s.find(i, "harmonyos") >= 0 {
			name = "HarmonyOS"
		}
	case osCrOS:
		if v := i + 2; s.gap(i+1) == ' ' && s.gap(v) == ' ' {
			version = plainVersion(s.written(v))
		}
		return name, version, s.gap(i+1) == ' '
	case osConsole:
		version = s.console(i)
		return name, version, version != ""
	case osDarwin:
		return name, "", s.word(0) != "" && s.find(0, "cfnetwork") >= 0
	case osIOS:
		if version = s.version(i, true); startsWithDigit(version) && s.word(i+2) == "like" && s.word(i+3) == "mac" {
			return name, strings.ReplaceAll(version, "_", "."), true
		}
		return "OS/2", "", s.gap(i+1) == '/' && s.word(i+1) == "2"
	case osMac:
		if s.word(i) == "mac" {
			if s.word(i+1) != "os" {
				return "", "", false
			}
			if s.word(i+2) == "x" && s.gap(i+2) == ' ' {
				if version = s.version(i+2, true); !startsWithDigit(version) {
					version = ""
				}
			}
			return name, strings.ReplaceAll(version, "_", "."), true
		}
		if mac := s.find(i, "mac"); mac >= 0 && s.word(mac+1) == "os" { // the rest says more
			return s.system(mac, rule)
		}
	case osArch:
		return name, "", s.gap(i+1) == ' ' && s.word(i+1) == "linux"
	case osPhrase:
		words := strings.Count(name, " ") + 1
		last := i + words - 1
		if last >= len(s.words) || s.low[s.words[i].start:s.words[last].end] != strings.ToLower(name) {
			return "", "", false
		}
		return name, s.version(last, true), true
	case osWindows:
		return s.windows(i)
	}
	return name, version, true
}

// console is the model that follows a console's name.
func (s *uaScan) console(i int) string {
	if s.gap(i+1) != ' ' {
		return ""
	}
	switch s.word(i + 1) {
	case "3", "4", "5", "portable", "vita", "switch", "wii", "wiiu", "3ds", "ds":
		return s.written(i + 1)
	}
	return ""
}

func (s *uaScan) windows(i int) (name, version string, ok bool) {
	switch w := s.word(i); {
	case w == "win95" || w == "win98":
		return "Windows", w[3:], true
	case w == "win":
		return "Windows", "ME", s.word(i+1) == "9x" && s.word(i+2) == "4.90"
	case w != "windows":
		return windowsVersion(w[len("winnt"):])
	}
	if s.gap(i+1) != ' ' {
		return "", "", false
	}
	switch next := s.word(i + 1); next {
	case "phone":
		name, last := "Windows Phone", i+1
		if s.gap(i+2) == ' ' && s.word(i+2) == "os" {
			name, last = "Windows Phone OS", i+2
		}
		return name, s.version(last, true), true
	case "mobile":
		return "Windows Mobile", s.version(i+1, true), true
	case "ce":
		return "Windows", "CE", true
	case "nt":
		v := s.version(i+1, true)
		// The console's browser says Windows too.
		if box := s.find(i, "xbox"); box >= 0 {
			for last := s.find(box+1, "xbox"); last >= 0; last = s.find(box+1, "xbox") {
				box = last
			}
			end := box + 1
			for end < len(s.words) && s.gap(end) == ' ' {
				end++
			}
			if end == box+1 {
				return "", "", false
			}
			return "Xbox", s.text[s.words[box+1].start:s.words[end-1].end], true
		}
		if v == "6.2" && s.gap(i+3) == ';' && s.word(i+3) == "arm" {
			return "Windows", "RT", true
		}
		return windowsVersion(v)
	default:
		return "Windows", s.version(i, true), startsWithDigit(next)
	}
}

func windowsVersion(nt string) (name, version string, ok bool) {
	if v, ok := windowsNames[nt]; ok {
		return "Windows", v, true
	}
	return "Windows", strings.TrimRight("NT "+nt, " "), true
}

// architecture is the processor.
func (s *uaScan) architecture() string {
	best, name := 99, ""
	offer := func(rank int, arch string) {
		if rank < best {
			best, name = rank, arch
		}
	}
	for i := range s.words {
		end := s.after(i) == ';' || s.after(i) == ')' // the comment's part ends here
		switch w := s.word(i); w {
		case "x86_64", "x86-64", "amd64", "x64", "win64", "wow64":
			if end {
				offer(1, "amd64")
			}
		case "i386", "i686", "x86":
			if end {
				offer(2, "ia32")
			}
		case "arm64", "aarch64", "arm_64", "armv8l":
			offer(3, "arm64")
		case "armv6l", "armv7l":
			offer(4, "arm")
		case "arm":
			if s.after(i) == ';' {
				offer(5, "arm")
			}
		case "ppc64", "ppc", "mac_powerpc":
			if end || s.gap(i+1) == ' ' && s.word(i+1) == "mac" {
				offer(6, strings.Replace(w, "mac_powerpc", "ppc", 1))
			}
		case "sun4u", "sun4v":
			offer(7, "sparc")
		case "68k", "avr32", "mips", "mips64", "sparc", "sparc64":
			if end {
				offer(8, w)
			}
		default:
			if strings.HasSuffix(w, ".arm64") { // an app's version: GSA/9.53.7.21.arm64
				offer(3, "arm64")
			}
		}
	}
	return name
}
