package next

import "strings"

// The kinds of device, as Next.js spells them. A desktop has none.
const (
	typeConsole  = "console"
	typeEmbedded = "embedded"
	typeMobile   = "mobile"
	typeTablet   = "tablet"
	typeTV       = "smarttv"
	typeWearable = "wearable"
)

// A modelEnd is where the model in a piece of a comment ends.
type modelEnd uint8

const (
	endWord  modelEnd = iota // with the word that the shape ends in: SM-G991B
	endPiece                 // with the piece: Redmi Note 9 Pro
	endShape                 // with the shape: Nexus 5X is "Nexus 5"
)

// A modelRule says who makes the models of some shapes.
//
// A shape is compared with the beginning of a piece of a comment, in lower
// case: '#' is a digit, '@' a letter, '~' one of " -_", '>' nothing but where
// the model begins if that is after the maker's name, and a final '*' is
// anything; a shape without it must end where a word does, and for endPiece
// where the piece does.
type modelRule struct {
	vendor, typ string
	end         modelEnd
	needsBuild  bool // only before "Build/…", that is on a phone's own word
	shapes      string
}

// modelRules are tried in order. The shapes are separated by "|". They are the
// forms in which makers number their models; a model of another form keeps the
// name that it has in the header and has no vendor.
var modelRules = []modelRule{
	{"Samsung", typeTablet, endWord, false, "sm-p##*|sm-t##*|sm-x##*|gt-p#*|gt-n#*|sgh-t8#9"},
	{"Samsung", typeMobile, endWord, false, "sm-*|gt-*|sch-*|sgh-*|sph-*"},
	{"Samsung", typeMobile, endPiece, false, "galaxy nexus"},
	{"Samsung", typeMobile, endShape, false, "sc-##*"},
	{"Google", typeTablet, endPiece, false, "pixel c"},
	{"Google", typeMobile, endPiece, false, "pixel|pixel xl|pixel #|pixel #@|pixel ##|pixel # xl|pixel #@ xl"},
	{"LG", typeMobile, endShape, false, "nexus 4|nexus 5*"},
	{"Huawei", typeMobile, endPiece, false, "nexus 6p"},
	{"Motorola", typeMobile, endPiece, false, "nexus 6"},
	{"ASUS", typeTablet, endPiece, false, "nexus 7"},
	{"HTC", typeTablet, endPiece, false, "nexus 9"},
	{"Samsung", typeTablet, endPiece, false, "nexus 10"},

	{"Xiaomi", typeTablet, endPiece, false, "mi pad*"},
	{"Xiaomi", typeMobile, endPiece, false, "redmi *|poco*|mi #*|mi a#*|mi max*"},
	{"Xiaomi", typeMobile, endPiece, true, "hm note*"},
	{"Xiaomi", typeTV, endPiece, true, "mitv*"},

	{"Huawei", typeTablet, endWord, false, "ags-*|ags#-*|bah#-l##|bah#-w##|sht-*"},
	{"Huawei", typeMobile, endWord, false, "@@@-l##*|@@@-lx#*|@@@-al##*|@@@-an##*|@@@-nx#*|@@@-tl##*|@@@#-l##*|@@@#-w##*"},
	{"Huawei", typeMobile, endPiece, false, "huawei >*|honor >*"},
	{"OPPO", typeMobile, endWord, false, "cph####*|pa@m##|pb@m##|pc@m##"},
	{"OPPO", typeMobile, endPiece, true, "oppo >*"},
	{"OPPO", typeMobile, endWord, false, "oppo >cph####"},
	{"Vivo", typeMobile, endWord, false, "vivo >*"},
	{"Vivo", typeMobile, endWord, true, "v####@@"},
	{"Realme", typeMobile, endWord, false, "rmx1###|rmx2###"},
	{"OnePlus", typeMobile, endWord, false, "oneplus >a####|one >a####"},
	{"OnePlus", typeMobile, endWord, false, "be20##|in20#5"},

	{"Motorola", typeTablet, endWord, true, "xoom|mz60#"},
	{"Motorola", typeMobile, endPiece, false, "moto *|motoe*|motog*"},
	{"Motorola", typeMobile, endPiece, true, "droid*|milestone*"},
	{"Motorola", typeMobile, endWord, false, "motorola >*|mot->*"},
	{"Motorola", typeMobile, endWord, false, "xt###|xt####"},

	{"LG", typeTablet, endWord, true, "vk###|v4##"},
	{"LG", typeMobile, endWord, false, "lm-*"},
	{"LG", typeMobile, endWord, false, "lg~>*"},
	{"LG", typeMobile, endWord, true, "lg>*"},

	{"Sony", typeTV, endPiece, false, "bravia*"},
	{"Sony", typeMobile, endWord, false, "xq-a@##|so-##*|c####|d####|e####|f####|g####"},
	{"Sony", typeMobile, endWord, false, "sony>*"},
	{"Nokia", typeMobile, endWord, false, "nokia>*"},
	{"HTC", typeMobile, endPiece, false, "htc~>*"},
	{"ASUS", typeTablet, endShape, false, "asus >transformer pad"},
	{"ASUS", typeTablet, endPiece, false, "transformer *|padfone*"},
	{"ASUS", typeMobile, endPiece, false, "zenfone*"},
	{"ASUS", typeMobile, endWord, false, "asus~>*"},
	{"ZTE", typeMobile, endPiece, false, "zte~>*"},

	{"Lenovo", typeTablet, endPiece, false, "lenovo >tab*|lenovo >tb*|lenovo >yt*|lenovo >yoga*"},
	{"Lenovo", typeTablet, endPiece, false, "ideatab*"},
	{"Lenovo", typeMobile, endPiece, false, "lenovo>*"},
	{"Acer", typeTablet, endWord, false, "a#-a##|b#-a##|b#-###*|a1##|a2##|a5##|a7##"},
	{"Acer", typeMobile, endWord, false, "acer~>*"},
	{"Alcatel", typeMobile, endWord, false, "alcatel~>*"},
	{"Sharp", typeMobile, endShape, false, "sh-##*|shv##"},
	{"Meizu", typeMobile, endWord, false, "meizu~>*"},
	{"Fairphone", typeMobile, endWord, false, "fp#"},
	{"Essential", typeMobile, endWord, true, "ph-1"},
	{"Microsoft", typeTablet, endPiece, false, "surface duo"},
	{"BlackBerry", typeMobile, endWord, false, "bb@100-#|sth100-#|stv100-#"},
	{"RIM", typeTablet, endWord, false, "playbook"},
	{"Siemens", typeMobile, endWord, false, "sie->*"},

	{"Amazon", typeTablet, endWord, false, "kf@@@@|kf@@@|kf@@@@@"},
	{"Amazon", typeTV, endWord, false, "aft>@"},
	{"Amazon", typeEmbedded, endWord, false, "aeobc"},
	{"Nvidia", typeTablet, endPiece, true, "shield *"},
	{"Nvidia", typeConsole, endPiece, true, "shield"},
	{"Google", typeWearable, endWord, false, "glass #"},
	{"Facebook", typeWearable, endPiece, false, "quest|quest 2|quest pro"},
	{"Facebook", typeWearable, endShape, false, "quest*"},
}

// modelShape is one shape of modelRules, ready to be compared.
type modelShape struct {
	shape string // without the '>' and the final '*'
	model int    // where the model begins
	open  bool   // the '*' was there
	rule  *modelRule
}

// modelShapes has the shapes by the byte that they start with.
var modelShapes = func() (index [128][]modelShape) {
	for i := range modelRules {
		r := &modelRules[i]
		for shape := range strings.SplitSeq(r.shapes, "|") {
			text, open := strings.CutSuffix(shape, "*")
			maker, rest, marked := strings.Cut(text, ">")
			m := modelShape{shape: maker + rest, open: open, rule: r}
			if marked {
				m.model = len(maker)
			}
			if text[0] != '@' {
				index[text[0]] = append(index[text[0]], m)
				continue
			}
			for c := 'a'; c <= 'z'; c++ {
				index[c] = append(index[c], m)
			}
		}
	}
	return index
}()

// matches reports whether the piece, in lower case, has the shape.
func (m *modelShape) matches(piece string) bool {
	if len(piece) < len(m.shape) {
		return false
	}
	for i := 0; i < len(m.shape); i++ {
		c := piece[i]
		ok := false
		switch p := m.shape[i]; p {
		case '#':
			ok = '0' <= c && c <= '9'
		case '@':
			ok = 'a' <= c && c <= 'z'
		case '~':
			ok = c == ' ' || c == '-' || c == '_'
		default:
			ok = c == p
		}
		if !ok {
			return false
		}
	}
	n := len(m.shape)
	return m.open || n == len(piece) || m.rule.end != endPiece && !wordByte(piece[n])
}

// piece is the part of a comment that starts with word i: up to ";" or the end
// of the comment, without "Build/…". Parentheses inside a name belong to it.
// built says that a build follows.
func (s *uaScan) piece(i int) (from, to int, built bool) {
	from = int(s.words[i].start)
	to = from
	depth := 0
scan:
	for ; to < len(s.text); to++ {
		switch s.text[to] {
		case ';':
			break scan
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				break scan
			}
		}
	}
	if b := strings.Index(s.low[from:to], " bui"); b >= 0 {
		to, built = from+b, true
	}
	for to > from && s.text[to-1] == ' ' {
		to--
	}
	return from, to, built
}

// device is the maker, the model and the kind of the device.
func (s *uaScan) device() (vendor, model, typ string) {
	if vendor, model, typ = s.apple(); vendor != "" {
		return vendor, model, typ
	}
	if vendor, model, typ = s.thing(); vendor != "" {
		return vendor, model, typ
	}
	android := -1
	for i := range s.words {
		w := s.words[i]
		if w.depth == 0 && i > 0 {
			continue
		}
		if s.word(i) == "android" {
			first(&android, i)
		}
		if w.gap != '(' && w.gap != ';' {
			// A maker's name before a model number of a form of its own.
			if maker := s.word(i - 1); w.gap != ' ' || maker != "samsung" && maker != "sharp" {
				continue
			}
		}
		if vendor, model, typ = s.byModel(i); vendor != "" {
			return vendor, model, typ
		}
	}
	if typ = s.kindWord(true); typ == typeTV {
		return "", "", typ
	}
	if android >= 0 {
		if model, typ = s.anyModel(android); model != "" {
			return "", model, typ
		}
		// An app on Android that is no browser.
		if v := s.version(android, true); typ == "" && v != "" && len(v) <= 8 && s.gap(android+2) == ';' &&
			strings.Contains(s.low[s.words[android+2].start:], "buil") {
			return "Generic", s.text[s.words[android].start:s.words[android+1].end], ""
		}
	}
	return "", "", s.kindWord(false)
}

// apple is the device if Apple made it.
func (s *uaScan) apple() (vendor, model, typ string) {
	for i := range s.words {
		switch w := s.word(i); {
		case w == "macintosh":
			if s.after(i) == ';' {
				return "Apple", "Macintosh", ""
			}
		case w == "appletv" || strings.HasPrefix(w, "appletv") && startsWithDigit(w[len("appletv"):]),
			w == "apple" && s.gap(i+1) == ' ' && s.word(i+1) == "tv":
			return "Apple", "Apple TV", typeTV
		case s.gap(i) != '(':
		case strings.HasPrefix(w, "iphone"), strings.HasPrefix(w, "ipod"), strings.HasPrefix(w, "ipad"):
			// iPhone, iPod touch, iPhone15,2
			from := int(s.words[i].start)
			n := strings.IndexFunc(s.text[from:], func(r rune) bool {
				return r != ' ' && r != ',' && (r > 0x7f || !wordByte(byte(r)) || r == '-' || r == '.')
			})
			if n < 0 || s.text[from+n] != ';' && (s.text[from+n] != '/' || w[2] != 'h') {
				continue
			}
			if !strings.HasPrefix(w, "ipad") {
				return "Apple", s.text[from : from+n], typeMobile
			}
			if w != "ipad" || s.findSuffix(0, "webkit") >= 0 || s.find(0, "applecoremedia") >= 0 {
				return "Apple", "iPad", typeTablet
			}
		}
	}
	return "", "", ""
}

// thing is a console, a television, a headset, a car or an old phone: what
// says its own name rather than a model number.
func (s *uaScan) thing() (vendor, model, typ string) {
	for i := range s.words {
		switch w := s.word(i); w {
		case "netcast":
			if s.kindWord(true) == typeTV {
				return "LG", "", typeTV
			}
		case "playstation", "nintendo":
			name := s.console(i)
			switch {
			case name == "", s.find(i, "smarttv") >= 0: // PlayStation 5 3.03/SmartTV
			case w == "nintendo":
				return "Nintendo", name, typeConsole
			default:
				return "Sony", s.text[s.words[i].start:s.words[i+1].end], typeConsole
			}
		case "xbox":
			if s.words[i].depth == 0 {
				break
			}
			for one := s.find(i, "one"); one >= 0; one = s.find(one+1, "one") {
				if s.word(one-1) == "xbox" && s.gap(one) == ' ' && (s.after(one) == ')' || s.after(one) == ';') {
					return "Microsoft", s.text[s.words[one-1].start:s.words[one].end], typeConsole
				}
			}
			return "Microsoft", "Xbox", typeConsole
		case "ouya":
			return s.written(i), "", typeConsole
		case "crkey":
			return "Google", "Chromecast", typeTV
		case "hbbtv":
			return s.hybridTV(i)
		case "lge":
			if s.after(i) == ';' && s.gap(i+1) == ';' && s.find(0, "web0s") >= 0 {
				return "LG", s.written(i + 1), typeTV
			}
		case "smarttv", "smart-tv":
			if t := s.find(i, "tizen"); t >= 0 && s.find(t, "samsungbrowser") >= 0 {
				return "Samsung", "", typeTV
			}
		case "tesla":
			if s.gap(i+1) == '/' {
				return "Tesla", "", typeEmbedded
			}
		case "kindle":
			if v := s.version(i, false); v != "" {
				return "Kindle", v, typeTablet
			}
		case "bb10":
			if s.gap(i) == '(' && s.gap(i+1) == ';' {
				return "BlackBerry", s.written(i + 1), typeMobile
			}
		case "nokia", "microsoft", "htc", "samsung":
			// A Windows phone has the maker in a piece of its own.
			if s.after(i) != ';' || s.gap(i+1) != ';' {
				break
			}
			maker := strings.ToUpper(w[:1]) + w[1:]
			if w == "htc" {
				maker = "HTC"
			}
			if from, to, _ := s.piece(i + 1); (w == "htc" || w == "samsung" || strings.HasPrefix(s.low[from:to], "lumia")) && s.find(0, "phone") >= 0 {
				return maker, s.text[from:to], typeMobile
			}
		default:
			if model, ok := strings.CutPrefix(w, "blackberry"); ok {
				return "BlackBerry", model, typeMobile
			}
			if strings.HasPrefix(w, "roku") {
				model = ""
				if strings.HasPrefix(s.word(i+1), "dvp-") {
					model = s.written(i + 1)
				}
				return "Roku", model, typeTV
			}
			if strings.HasPrefix(w, "nokia") && s.gap(i) == ' ' { // Series60/5.0 NokiaN97-1/20.0
				return "Nokia", s.written(i)[len("nokia"):], typeMobile
			}
		}
	}
	return "", "", ""
}

// hybridTV reads the comment of HbbTV (TS 102 796 §7.3.2.4): capabilities,
// vendor, model, and more.
func (s *uaScan) hybridTV(i int) (vendor, model, typ string) {
	from := strings.IndexByte(s.text[s.words[i].start:], '(')
	if from < 0 {
		return "", "", ""
	}
	comment, _, _ := strings.Cut(s.text[int(s.words[i].start)+from+1:], ")")
	parts := strings.SplitN(comment, ";", 4)
	if len(parts) < 3 {
		return "", "", ""
	}
	vendor, model = strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2])
	if vendor == "LGE" {
		vendor = "LG"
	}
	if vendor == "" {
		return "", "", ""
	}
	return vendor, model, typeTV
}

// sonyTablet is what Sony's tablets (SGP771) are called together.
const sonyTablet = "Xperia Tablet"

// byModel is the device that the piece of a comment at word i names.
func (s *uaScan) byModel(i int) (vendor, model, typ string) {
	from, to, built := s.piece(i)
	if built {
		// Huawei's builds begin with the maker's or the brand's name.
		for _, brand := range [...]string{" build/huawei", " build/honor"} {
			if strings.HasPrefix(s.low[to:], brand) {
				if model = plainModel(s.text[to+len(brand):]); model != "" {
					return "Huawei", model, typeMobile
				}
			}
		}
	}
	if strings.HasPrefix(s.low[from:to], "samsung-") {
		from += len("samsung-")
	}
	low := s.low[from:to]
	if low == "" || low[0] >= 128 {
		return "", "", ""
	}
	if strings.HasPrefix(low, "sgp") {
		return "Sony", sonyTablet, typeTablet
	}
	shapes := modelShapes[low[0]]
	for i := range shapes {
		m := &shapes[i]
		if m.rule.needsBuild && !built || !m.matches(low) {
			continue
		}
		model = s.text[from+m.model : to]
		if m.rule.end == endShape {
			model = s.text[from+m.model : from+len(m.shape)]
		}
		if m.model > 0 {
			model, _, _ = strings.Cut(strings.TrimLeft(model, " _-"), "/")
			if m.rule.end == endWord {
				model = plainModel(model)
			}
			model = strings.ReplaceAll(model, "_", " ")
		} else if m.rule.end == endWord {
			model = plainModel(model)
		}
		if model == "" {
			continue
		}
		return m.rule.vendor, model, m.rule.typ
	}
	return "", "", ""
}

// plainModel is the first word of a model.
func plainModel(v string) string {
	for i := 0; i < len(v); i++ {
		if !wordByte(v[i]) {
			return v[:i]
		}
	}
	return v
}

// anyModel is the model of a phone or a tablet whose maker is not known: what
// stands last in the comment of Android, before its build if it names that.
func (s *uaScan) anyModel(android int) (model, typ string) {
	for i := android + 1; i < len(s.words) && s.words[i].depth > 0; i++ {
		if s.words[i].gap != ';' {
			continue
		}
		from, to, built := s.piece(i)
		end := to
		if end < len(s.text) && s.text[end] == ')' {
			end++
		}
		if !built && !strings.HasPrefix(s.low[end:], " applew") {
			continue
		}
		if typ = s.mobility(i); typ != "" {
			return s.text[from:to], typ
		}
	}
	return "", ""
}

// mobility says by "Mobile Safari" and "Safari" after word i whether a device
// with Android is a phone or a tablet: Chrome tells them apart in this way.
func (s *uaScan) mobility(i int) string {
	for ; i < len(s.words); i++ {
		switch s.word(i) {
		case "mobile":
			if s.words[i].depth == 0 && s.gap(i) == ' ' {
				return typeMobile
			}
		case "safari":
			return typeTablet
		}
	}
	return ""
}

// kindWord is the kind of device by a word for it. tv asks for televisions only.
func (s *uaScan) kindWord(tv bool) string {
	for i := range s.words {
		w := s.word(i)
		switch {
		case strings.HasSuffix(w, "smarttv"), strings.HasSuffix(w, "smart-tv"),
			(w == "smart" || w == "android") && s.gap(i+1) == ' ' && s.word(i+1) == "tv":
			return typeTV
		}
	}
	if tv {
		return ""
	}
	for i := range s.words {
		w := s.word(i)
		switch {
		case w == "tablet" && (s.after(i) == ';' || s.after(i) == '/'):
			return typeTablet
		case strings.Contains(w, "phone"),
			w == "mobile" && (s.after(i) == ';' || s.after(i) == '/' || s.gap(i+1) == ' ' && strings.HasSuffix(s.word(i+1), "safari")):
			return typeMobile
		}
	}
	return ""
}
