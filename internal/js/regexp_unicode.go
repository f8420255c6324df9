package js

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The properties of ECMA-262's tables 67 to 69 and the strings of table 70.
// The base is package unicode; regexp_unicode.txt has what that lacks, and what
// can be derived is derived as UAX #44 says.

//go:embed regexp_unicode.txt
var unicodeSource string

// unicodeData is the file, read.
type unicodeData struct {
	properties map[string]runeSet
	scripts    map[string]*script // by each of its names
}

type script struct {
	name          string
	more, without runeSet // of Script_Extensions
}

var unicodeExtra = sync.OnceValue(func() *unicodeData {
	d := &unicodeData{properties: map[string]runeSet{}, scripts: map[string]*script{}}
	for line := range strings.Lines(unicodeSource) {
		f := strings.Fields(line)
		switch f[0] {
		case "property":
			d.properties[f[1]] = parseRanges(f[2:])
		case "script":
			s := &script{name: f[1]}
			rest := f[3:]
			if i := slices.Index(rest, "-"); i >= 0 {
				s.without = parseRanges(rest[i+1:])
				rest = rest[:i]
			}
			if len(rest) > 0 {
				s.more = parseRanges(rest[1:])
			}
			d.scripts[s.name] = s
			if f[2] != "-" {
				for _, n := range strings.Split(f[2], ",") {
					d.scripts[n] = s
				}
			}
		}
	}
	return d
})

func parseRanges(list []string) runeSet {
	var pairs []rune
	for _, s := range list {
		lo, hi, ok := strings.Cut(s, "-")
		if !ok {
			hi = lo
		}
		a, err := strconv.ParseUint(lo, 16, 32)
		must(err)
		b, err := strconv.ParseUint(hi, 16, 32)
		must(err)
		pairs = append(pairs, rune(a), rune(b))
	}
	return makeSet(pairs...)
}

// properties caches the sets, which are never changed.
var properties sync.Map // string → runeSet

// unicodeProperty returns the set of \p{text}; ok is false when there is none.
func unicodeProperty(text string) (set runeSet, ok bool) {
	if v, ok := properties.Load(text); ok {
		return v.(runeSet), true
	}
	name, value, isPair := strings.Cut(text, "=")
	if isPair {
		set, ok = pairProperty(name, value)
	} else if set, ok = categorySet(text); !ok {
		set, ok = binaryProperty(text)
	}
	if ok {
		properties.Store(text, set) // the names are finite
	}
	return set, ok
}

func pairProperty(name, value string) (runeSet, bool) {
	switch name {
	case "General_Category", "gc":
		return categorySet(value)
	case "Script", "sc", "Script_Extensions", "scx":
		s := unicodeExtra().scripts[value]
		if s == nil {
			return nil, false
		}
		set := fromTable(unicode.Scripts[s.name])
		if name == "Script_Extensions" || name == "scx" {
			set = set.union(s.more).subtract(s.without)
		}
		return set, true
	}
	return nil, false
}

func categorySet(name string) (runeSet, bool) {
	if short, ok := unicode.CategoryAliases[name]; ok {
		name = short
	}
	t := unicode.Categories[name]
	if t == nil {
		return nil, false
	}
	return fromTable(t), true
}

// binaryNames are the binary properties with their short names (ECMA-262 table 69).
var binaryNames = map[string]string{
	"AHex": "ASCII_Hex_Digit", "Alpha": "Alphabetic", "Bidi_C": "Bidi_Control", "Bidi_M": "Bidi_Mirrored", "CI": "Case_Ignorable",
	"CWCF": "Changes_When_Casefolded", "CWCM": "Changes_When_Casemapped", "CWKCF": "Changes_When_NFKC_Casefolded", "CWL": "Changes_When_Lowercased",
	"CWT": "Changes_When_Titlecased", "CWU": "Changes_When_Uppercased", "DI": "Default_Ignorable_Code_Point", "Dep": "Deprecated", "Dia": "Diacritic",
	"EBase": "Emoji_Modifier_Base", "EComp": "Emoji_Component", "EMod": "Emoji_Modifier", "EPres": "Emoji_Presentation", "ExtPict": "Extended_Pictographic",
	"Ext": "Extender", "Gr_Base": "Grapheme_Base", "Gr_Ext": "Grapheme_Extend", "Hex": "Hex_Digit", "IDC": "ID_Continue", "IDS": "ID_Start",
	"IDSB": "IDS_Binary_Operator", "IDST": "IDS_Trinary_Operator", "Ideo": "Ideographic", "Join_C": "Join_Control", "LOE": "Logical_Order_Exception",
	"Lower": "Lowercase", "NChar": "Noncharacter_Code_Point", "Pat_Syn": "Pattern_Syntax", "Pat_WS": "Pattern_White_Space", "QMark": "Quotation_Mark",
	"RI": "Regional_Indicator", "SD": "Soft_Dotted", "STerm": "Sentence_Terminal", "Term": "Terminal_Punctuation", "UIdeo": "Unified_Ideograph",
	"Upper": "Uppercase", "VS": "Variation_Selector", "XIDC": "XID_Continue", "XIDS": "XID_Start", "space": "White_Space",
}

// goProperties are those that package unicode has as they are.
var goProperties = []string{"ASCII_Hex_Digit", "Bidi_Control", "Dash", "Deprecated", "Diacritic", "Extender", "Hex_Digit", "IDS_Binary_Operator",
	"IDS_Trinary_Operator", "Ideographic", "Join_Control", "Logical_Order_Exception", "Noncharacter_Code_Point", "Pattern_Syntax", "Pattern_White_Space",
	"Quotation_Mark", "Radical", "Regional_Indicator", "Sentence_Terminal", "Soft_Dotted", "Terminal_Punctuation", "Unified_Ideograph",
	"Variation_Selector", "White_Space"}

func binaryProperty(name string) (runeSet, bool) {
	if long, ok := binaryNames[name]; ok {
		name = long
	}
	if slices.Contains(goProperties, name) {
		return fromTable(unicode.Properties[name]), true
	}
	if set, ok := unicodeExtra().properties[name]; ok {
		return set, true
	}
	c := unicode.Categories
	other := func(name string) *unicode.RangeTable { return unicode.Properties["Other_"+name] }
	of := func(name string) runeSet { s, _ := unicodeProperty(name); return s }
	switch name {
	case "Any":
		return setAll, true
	case "ASCII":
		return runeSet{0, 0x7f}, true
	case "Assigned":
		return of("Cn").negate(), true
	case "Alphabetic":
		return fromTable(c["L"], c["Nl"], other(name)), true
	case "Lowercase":
		return fromTable(c["Ll"], other(name)), true
	case "Uppercase":
		return fromTable(c["Lu"], other(name)), true
	case "Math":
		return fromTable(c["Sm"], other(name)), true
	case "Emoji_Modifier":
		return runeSet{0x1f3fb, 0x1f3ff}, true
	case "ID_Start":
		return fromTable(c["L"], c["Nl"], other(name)).subtract(of("Pattern_Syntax")).subtract(of("Pattern_White_Space")), true
	case "ID_Continue":
		return fromTable(c["Mn"], c["Mc"], c["Nd"], c["Pc"], other(name)).union(of("ID_Start")).subtract(of("Pattern_Syntax")).subtract(of("Pattern_White_Space")), true
	case "XID_Start": // UAX #31: closed under normalisation
		return of("ID_Start").subtract(xidContinueLess).subtract(makeSet(0xe33, 0xe33, 0xeb3, 0xeb3, 0xff9e, 0xff9f)), true
	case "XID_Continue":
		return of("ID_Continue").subtract(xidContinueLess), true
	case "Cased":
		return fromTable(c["Lt"]).union(of("Lowercase")).union(of("Uppercase")), true
	case "Case_Ignorable": // with the characters of Word_Break MidLetter, MidNumLet and Single_Quote
		return fromTable(c["Mn"], c["Me"], c["Cf"], c["Lm"], c["Sk"]).union(makeSet('\'', '\'', '.', '.', ':', ':', 0xb7, 0xb7, 0x387, 0x387, 0x55f, 0x55f, 0x5f4, 0x5f4,
			0x2018, 0x2019, 0x2024, 0x2024, 0x2027, 0x2027, 0xfe13, 0xfe13, 0xfe52, 0xfe52, 0xfe55, 0xfe55, 0xff07, 0xff07, 0xff0e, 0xff0e, 0xff1a, 0xff1a)), true
	case "Grapheme_Extend":
		return fromTable(c["Me"], c["Mn"], other(name)), true
	case "Grapheme_Base":
		return fromTable(c["Cc"], c["Cf"], c["Cs"], c["Co"], c["Cn"], c["Zl"], c["Zp"]).union(of("Grapheme_Extend")).negate(), true
	case "Default_Ignorable_Code_Point":
		return fromTable(other(name), c["Cf"]).union(of("Variation_Selector")).subtract(of("White_Space")).
			subtract(makeSet(0xfff9, 0xfffb, 0x13430, 0x13440)).subtract(fromTable(unicode.Properties["Prepended_Concatenation_Mark"])), true
	case "Changes_When_Lowercased":
		return changing(func(r rune) bool { return unicode.ToLower(r) != r }), true
	case "Changes_When_Uppercased":
		return changing(func(r rune) bool { return unicode.ToUpper(r) != r || upperGrows(r) }), true
	case "Changes_When_Titlecased":
		return collect(func(r rune) bool { // the first cased letter gets its title case, others their lower case
			d := []rune(norm.NFD.String(string(r)))
			if len(d) == 1 {
				return unicode.ToTitle(r) != r || titleGrows(r)
			}
			cased, _ := unicodeProperty("Cased")
			first := true
			for _, x := range d {
				if first && cased.has(x) {
					if first = false; unicode.ToTitle(x) != x {
						return true
					}
				} else if unicode.ToLower(x) != x {
					return true
				}
			}
			return false
		}), true
	case "Changes_When_Casefolded":
		return changing(foldChanges), true
	case "Changes_When_Casemapped":
		return of("Changes_When_Lowercased").union(of("Changes_When_Uppercased")).union(of("Changes_When_Titlecased")), true
	case "Changes_When_NFKC_Casefolded":
		ignorable := of("Default_Ignorable_Code_Point")
		return collect(func(r rune) bool {
			if ignorable.has(r) {
				return true
			}
			for _, d := range norm.NFKC.String(string(r)) {
				if ignorable.has(d) || d == 0x130 {
					return true
				}
				// What folds to its own decomposition is put together again.
				for _, x := range norm.NFD.String(string(d)) {
					if foldChanges(x) {
						return true
					}
				}
			}
			return norm.NFKC.String(string(r)) != string(r)
		}), true
	}
	return nil, false
}

var xidContinueLess = makeSet(0x37a, 0x37a, 0x309b, 0x309c, 0xfc5e, 0xfc63, 0xfdfa, 0xfdfb, 0xfe70, 0xfe70, 0xfe72, 0xfe72, 0xfe74, 0xfe74,
	0xfe76, 0xfe76, 0xfe78, 0xfe78, 0xfe7a, 0xfe7a, 0xfe7c, 0xfe7c, 0xfe7e, 0xfe7e)

// upperGrows and titleGrows: the mapping is to more than one character, which
// package unicode does not know. The second halves of the Greek list are title
// case already.
func upperGrows(r rune) bool { return multiUpper.has(r) }

func titleGrows(r rune) bool {
	return multiUpper.has(r) && !(r >= 0x1f80 && r <= 0x1faf) && r != 0x1fb3 && r != 0x1fbc && r != 0x1fc3 && r != 0x1fcc && r != 0x1ff3 && r != 0x1ffc
}

// foldChanges: full case folding changes the character.
func foldChanges(r rune) bool {
	if upperGrows(r) || r == 0x1e9e {
		return true
	}
	if unicode.SimpleFold(r) == r {
		return false
	}
	switch {
	case r >= 0x13a0 && r <= 0x13f5: // Cherokee folds to its capitals
		return false
	case r >= 0x13f8 && r <= 0x13fd || r >= 0xab70 && r <= 0xabbf:
		return true
	}
	return unicode.ToLower(r) != r || unicode.ToLower(unicode.ToUpper(r)) != r
}

// collect asks for every character.
func collect(f func(rune) bool) runeSet {
	var pairs []rune
	for r := rune(0); r <= 0x2fa1d; r++ {
		if r&^0x7ff != 0xd800 && f(r) {
			pairs = append(pairs, r, r)
		}
	}
	for r := rune(0xe0000); r <= 0xe0fff; r++ {
		if f(r) {
			pairs = append(pairs, r, r)
		}
	}
	return makeSet(pairs...)
}

// changing are the characters of whose canonical decomposition f holds for one.
func changing(f func(rune) bool) runeSet {
	return collect(func(r rune) bool {
		if d := norm.NFD.PropertiesString(string(r)).Decomposition(); d != nil {
			for _, x := range string(d) {
				if f(x) {
					return true
				}
			}
			return false
		}
		return f(r)
	})
}

// stringProperty returns a property of strings, for the flag v. zwj: also the
// sequences joined by U+200D, which are not listed here (see rxParser.joined).
func stringProperty(name string) (singles runeSet, strs [][]rune, zwj, ok bool) {
	basic := func() {
		presentation, _ := unicodeProperty("Emoji_Presentation")
		emoji, _ := unicodeProperty("Emoji")
		ri, _ := unicodeProperty("Regional_Indicator")
		singles = presentation.subtract(ri)
		text := emoji.subtract(presentation).subtract(makeSet('#', '#', '*', '*', '0', '9'))
		for i := 0; i < len(text); i += 2 {
			for r := text[i]; r <= text[i+1]; r++ {
				strs = append(strs, []rune{r, 0xfe0f})
			}
		}
	}
	keycaps := func() {
		for _, r := range "#*0123456789" {
			strs = append(strs, []rune{r, 0xfe0f, 0x20e3})
		}
	}
	modifiers := func() {
		base, _ := unicodeProperty("Emoji_Modifier_Base")
		base = base.subtract(runeSet{0x1f46a, 0x1f46a}) // a base, but not recommended with a tone
		for i := 0; i < len(base); i += 2 {
			for r := base[i]; r <= base[i+1]; r++ {
				for m := rune(0x1f3fb); m <= 0x1f3ff; m++ {
					strs = append(strs, []rune{r, m})
				}
			}
		}
	}
	flags := func() {
		for i := 0; i+1 < len(regionCodes); i += 2 {
			strs = append(strs, []rune{0x1f1e6 + rune(regionCodes[i]-'A'), 0x1f1e6 + rune(regionCodes[i+1]-'A')})
		}
	}
	tags := func() {
		for _, s := range []string{"gbeng", "gbsct", "gbwls"} {
			seq := []rune{0x1f3f4}
			for _, c := range s {
				seq = append(seq, 0xe0000+c)
			}
			strs = append(strs, append(seq, 0xe007f))
		}
	}
	switch name {
	case "Basic_Emoji":
		basic()
	case "Emoji_Keycap_Sequence":
		keycaps()
	case "RGI_Emoji_Modifier_Sequence":
		modifiers()
	case "RGI_Emoji_Flag_Sequence":
		flags()
	case "RGI_Emoji_Tag_Sequence":
		tags()
	case "RGI_Emoji_ZWJ_Sequence":
		return nil, nil, true, true
	case "RGI_Emoji":
		basic()
		keycaps()
		modifiers()
		flags()
		tags()
		zwj = true
	default:
		return nil, nil, false, false
	}
	return singles, strs, zwj, true
}

// regionCodes are the regions that have a flag.
const regionCodes = "ACADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCPCQCRCUCVCWCXCYCZDEDGDJDKDMDODZ" +
	"EAECEEEGEHERESETEUFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUICIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLY" +
	"MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ" +
	"TATCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUNUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
