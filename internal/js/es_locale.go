package js

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a static binary may run where there is no zone database

	"github.com/dop251/goja"
)

// The toLocale functions of Number, BigInt and Date. There is no Intl here:
// whatever the locale that is asked for, the text is that of en-US, which is
// what servers mostly write. Options are honoured.

// localeOptions reads one options object.
type localeOptions struct {
	iso    *Isolate
	o      *goja.Object // nil for undefined
	method string
}

func (iso *Isolate) localeOptions(c goja.FunctionCall, method string) *localeOptions {
	iso.checkLocales(c.Argument(0))
	v := c.Argument(1)
	if goja.IsUndefined(v) {
		return &localeOptions{iso: iso, method: method}
	}
	if goja.IsNull(v) {
		panic(iso.TypeError("Cannot convert undefined or null to object"))
	}
	return &localeOptions{iso: iso, o: v.ToObject(iso.rt), method: method}
}

// checkLocales refuses what is no language tag at all.
func (iso *Isolate) checkLocales(v goja.Value) {
	if goja.IsUndefined(v) {
		return
	}
	check := func(v goja.Value) {
		for i, part := range strings.Split(v.String(), "-") {
			ok := part != "" && len(part) <= 8 && (i > 0 || len(part) >= 2)
			for k := range len(part) {
				c := part[k]
				ok = ok && (c|0x20 >= 'a' && c|0x20 <= 'z' || i > 0 && c >= '0' && c <= '9')
			}
			if !ok {
				panic(iso.RangeError("Incorrect locale information provided"))
			}
		}
	}
	switch x := v.(type) {
	case goja.String:
		check(x)
	case *goja.Object:
		for i := range min(toLength(x.Get("length")), 100) {
			if item := x.Get(strconv.FormatInt(i, 10)); item != nil {
				check(item)
			}
		}
	default:
		panic(iso.TypeError("Incorrect locale information provided"))
	}
}

// text reads a string option; allowed may be nil.
func (l *localeOptions) text(name, otherwise string, allowed ...string) string {
	if l.o == nil {
		return otherwise
	}
	v := orUndefined(l.o.Get(name))
	if goja.IsUndefined(v) {
		return otherwise
	}
	s := l.iso.asString(v).String()
	if len(allowed) > 0 && !slices.Contains(allowed, s) {
		panic(l.iso.RangeError("Value " + s + " out of range for " + l.method + " options property " + name))
	}
	return s
}

// number reads a whole number; -1 stands for undefined.
func (l *localeOptions) number(name string, least, most int) int {
	if l.o == nil {
		return -1
	}
	v := orUndefined(l.o.Get(name))
	if goja.IsUndefined(v) {
		return -1
	}
	f := v.ToFloat()
	if !(f >= float64(least) && f <= float64(most)) {
		panic(l.iso.RangeError(name + " value is out of range."))
	}
	return int(f)
}

// flag reads a boolean; the second result says whether it is there.
func (l *localeOptions) flag(name string) (on, ok bool) {
	if l.o == nil {
		return false, false
	}
	v := orUndefined(l.o.Get(name))
	return v.ToBoolean(), !goja.IsUndefined(v)
}

func (iso *Isolate) installLocale() {
	rt := iso.rt
	proto := func(name string) *goja.Object {
		return rt.Get(name).(*goja.Object).Get("prototype").(*goja.Object)
	}
	replace := func(o *goja.Object, name string, fn nativeFunc) {
		iso.intercept(o, name, func(_ nativeFunc, c goja.FunctionCall) goja.Value { return fn(c) })
	}
	numberValue := iso.methodOf("Number", "valueOf")
	replace(proto("Number"), "toLocaleString", func(c goja.FunctionCall) goja.Value {
		v, err := iso.Call(numberValue, c.This)
		if err != nil {
			panic(err)
		}
		o := iso.localeOptions(c, "Number.prototype.toLocaleString")
		f := v.ToFloat()
		return rt.ToValue(o.formatNumber(decimalOf(f), math.Signbit(f), special(f)))
	})
	bigValue := iso.methodOf("BigInt", "valueOf")
	replace(proto("BigInt"), "toLocaleString", func(c goja.FunctionCall) goja.Value {
		v, err := iso.Call(bigValue, c.This)
		if err != nil {
			panic(err)
		}
		o := iso.localeOptions(c, "BigInt.prototype.toLocaleString")
		n, _ := v.Export().(*big.Int)
		return rt.ToValue(o.formatNumber(decimal{digits: strings.TrimRight(new(big.Int).Abs(n).String(), "0"), point: len(new(big.Int).Abs(n).String())}.trim(), n.Sign() < 0, ""))
	})
	getTime := iso.methodOf("Date", "getTime")
	for name, need := range map[string]string{"toLocaleString": "any", "toLocaleDateString": "date", "toLocaleTimeString": "time"} {
		method := "Date.prototype." + name
		replace(proto("Date"), name, func(c goja.FunctionCall) goja.Value {
			v, err := iso.Call(getTime, c.This)
			if err != nil {
				panic(iso.TypeError("Method %s called on incompatible receiver %s", method, iso.describeValue(c.This)))
			}
			ms := v.ToFloat()
			if ms != ms {
				return rt.ToValue("Invalid Date")
			}
			return rt.ToValue(iso.localeOptions(c, method).formatDate(time.UnixMilli(int64(ms)), need))
		})
	}
}

// methodOf returns a method of a class's prototype as it is before scripts run.
func (iso *Isolate) methodOf(class, name string) goja.Callable {
	f, _ := goja.AssertFunction(iso.rt.Get(class).(*goja.Object).Get("prototype").(*goja.Object).Get(name))
	return f
}

// decimal is a number as its decimal digits: 0.digits × 10^point. Zero has none.
type decimal struct {
	digits string
	point  int
}

func (d decimal) trim() decimal {
	d.digits = strings.TrimRight(d.digits, "0")
	n := len(d.digits)
	d.digits = strings.TrimLeft(d.digits, "0")
	d.point -= n - len(d.digits)
	if d.digits == "" {
		d.point = 0
	}
	return d
}

// decimalOf gives the shortest digits that name the number, as ICU begins.
func decimalOf(f float64) decimal {
	if special(f) != "" || f == 0 {
		return decimal{}
	}
	s := strconv.FormatFloat(math.Abs(f), 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exponent)
	return decimal{digits: strings.Replace(mantissa, ".", "", 1), point: e + 1}.trim()
}

func special(f float64) string {
	switch {
	case f != f:
		return "NaN"
	case math.IsInf(f, 0):
		return "∞"
	}
	return ""
}

// round keeps n digits, half away from zero.
func (d decimal) round(n int) decimal {
	if n >= len(d.digits) {
		return d
	}
	if n < 0 {
		return decimal{}
	}
	up := d.digits[n] >= '5'
	b := []byte(d.digits[:n])
	if up {
		i := n - 1
		for ; i >= 0 && b[i] == '9'; i-- {
			b[i] = '0'
		}
		if i < 0 {
			b = append([]byte{'1'}, b...)
			d.point++
		} else {
			b[i]++
		}
	}
	d.digits = string(b)
	return d.trim()
}

// split gives the digits before and after the decimal point.
func (d decimal) split() (whole, fraction string) {
	switch {
	case d.point <= 0:
		return "0", strings.Repeat("0", -d.point) + d.digits
	case d.point >= len(d.digits):
		return d.digits + strings.Repeat("0", d.point-len(d.digits)), ""
	}
	return d.digits[:d.point], d.digits[d.point:]
}

// numberFormat is what the digit options of Number.prototype.toLocaleString say.
type numberFormat struct {
	minInteger, minFraction, maxFraction int
	minSignificant, maxSignificant       int // 0: not by significant digits
	grouping                             int // the least digits that are grouped, 0 for none
}

func (f numberFormat) format(d decimal) string {
	var whole, fraction string
	if f.maxSignificant > 0 {
		d = d.round(f.maxSignificant)
		whole, fraction = d.split()
		have := len(d.digits)
		if d.digits == "" {
			have = 1
		}
		if d.point > len(d.digits) {
			have = d.point
		}
		if have < f.minSignificant {
			fraction += strings.Repeat("0", f.minSignificant-have)
		}
	} else {
		d = d.round(d.point + f.maxFraction)
		whole, fraction = d.split()
		if d.digits == "" {
			fraction = ""
		}
		if len(fraction) < f.minFraction {
			fraction += strings.Repeat("0", f.minFraction-len(fraction))
		}
	}
	if len(whole) < f.minInteger {
		whole = strings.Repeat("0", f.minInteger-len(whole)) + whole
	}
	if f.grouping > 0 && len(whole) >= f.grouping {
		var b strings.Builder
		for i, c := range whole {
			if i > 0 && (len(whole)-i)%3 == 0 {
				b.WriteByte(',')
			}
			b.WriteRune(c)
		}
		whole = b.String()
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// currencySymbols are those that en-US has a symbol for.
var currencySymbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "CAD": "CA$", "AUD": "A$", "MXN": "MX$", "NZD": "NZ$",
	"HKD": "HK$", "TWD": "NT$", "BRL": "R$", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫", "PHP": "₱", "XAF": "FCFA", "XOF": "F\u202fCFA", "XPF": "CFPF", "XCD": "EC$"}

// currencyDigits are the currencies without two decimals (ISO 4217).
var currencyDigits = map[string]int{"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0,
	"VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4}

func (l *localeOptions) formatNumber(d decimal, negative bool, other string) string {
	style := l.text("style", "decimal", "decimal", "percent", "currency", "unit")
	currency := l.text("currency", "")
	if currency != "" {
		currency = strings.ToUpper(currency)
		if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			panic(l.iso.RangeError("Invalid currency code : " + l.text("currency", "")))
		}
	}
	unit := l.text("unit", "")
	notation := l.text("notation", "standard", "standard", "scientific", "engineering", "compact")
	f := numberFormat{minInteger: 1, maxFraction: 3, grouping: 4}
	switch style {
	case "currency":
		if currency == "" {
			panic(l.iso.TypeError("Currency code is required with currency style."))
		}
		n, ok := currencyDigits[currency]
		if !ok {
			n = 2
		}
		if notation == "standard" {
			f.minFraction, f.maxFraction = n, n
		} else {
			f.maxFraction = n
		}
	case "percent":
		f.maxFraction = 0
		d.point += 2
	case "unit":
		if unit == "" {
			panic(l.iso.TypeError("Unit is required with unit style."))
		}
	}
	d = d.trim()
	if n := l.number("minimumIntegerDigits", 1, 21); n > 0 {
		f.minInteger = n
	}
	lo, hi := l.number("minimumFractionDigits", 0, 100), l.number("maximumFractionDigits", 0, 100)
	slo, shi := l.number("minimumSignificantDigits", 1, 21), l.number("maximumSignificantDigits", 1, 21)
	switch {
	case slo > 0 || shi > 0:
		f.minSignificant, f.maxSignificant = max(slo, 1), shi
		if shi < 0 {
			f.maxSignificant = 21
		}
		if f.minSignificant > f.maxSignificant {
			panic(l.iso.RangeError("maximumSignificantDigits value is out of range."))
		}
	case lo >= 0 && hi >= 0:
		if lo > hi {
			panic(l.iso.RangeError("maximumFractionDigits value is out of range."))
		}
		f.minFraction, f.maxFraction = lo, hi
	case lo >= 0:
		f.minFraction, f.maxFraction = lo, max(f.maxFraction, lo)
	case hi >= 0:
		f.minFraction, f.maxFraction = min(f.minFraction, hi), hi
	}
	digitsGiven := lo >= 0 || hi >= 0 || slo > 0 || shi > 0
	if on, ok := l.flag("useGrouping"); ok && (!on || l.text("useGrouping", "") == "false") {
		f.grouping = 0
	}
	text, suffix := other, ""
	if text == "" {
		switch notation {
		case "compact":
			text, suffix = f.compact(d, digitsGiven, l.text("compactDisplay", "short", "short", "long"))
		case "scientific", "engineering":
			text = f.scientific(d, notation == "engineering")
		default:
			text = f.format(d)
		}
	}
	text += suffix
	switch style {
	case "percent":
		text += "%"
	case "unit":
		text += " " + unit
	case "currency":
		switch display := l.text("currencyDisplay", "symbol", "symbol", "narrowSymbol", "code", "name"); {
		case display == "name":
			text += " " + currency
		default:
			symbol, ok := currencySymbols[currency]
			if !ok || display == "code" {
				symbol = currency
			}
			if last := symbol[len(symbol)-1]; last >= 'A' && last <= 'Z' && other == "" {
				symbol += "\u00a0"
			}
			text = symbol + text
		}
	}
	zero := strings.Trim(text, "0123456789") == text || strings.IndexAny(text, "123456789") < 0 && other == ""
	sign := l.text("signDisplay", "auto", "auto", "never", "always", "exceptZero", "negative")
	switch {
	case other == "NaN":
		negative = false
	case sign == "never", sign == "negative" && zero, sign == "exceptZero" && zero:
		negative = false
	}
	switch {
	case negative && style == "currency" && l.text("currencySign", "standard", "standard", "accounting") == "accounting":
		return "(" + text + ")"
	case negative:
		return "-" + text
	case sign == "always", sign == "exceptZero" && !zero && other != "NaN":
		return "+" + text
	}
	return text
}

// compact is 1.2K: without digit options two digits are shown, or all before
// the point.
func (f numberFormat) compact(d decimal, digitsGiven bool, display string) (text, suffix string) {
	show := func(power int) (decimal, numberFormat) {
		g := f
		x := d
		x.point -= power
		if !digitsGiven {
			g.maxSignificant, g.minSignificant = max(2, x.point), 1
		}
		if g.grouping > 0 {
			g.grouping = 5
		}
		return x, g
	}
	power := 0
	if d.digits != "" {
		power = min(max((d.point-1)/3*3, 0), 12)
	}
	x, g := show(power)
	text = g.format(x)
	if strings.HasPrefix(text, "1000") && !strings.Contains(text, ",") && power < 12 && d.point-power <= 3 { // rounded up to the next
		power += 3
		x, g = show(power)
		text = g.format(x)
	}
	names := [][2]string{{"", ""}, {"K", " thousand"}, {"M", " million"}, {"B", " billion"}, {"T", " trillion"}}[power/3]
	if display == "long" {
		return text, names[1]
	}
	return text, names[0]
}

func (f numberFormat) scientific(d decimal, engineering bool) string {
	e := 0
	if d.digits != "" {
		e = d.point - 1
		if engineering {
			e = int(math.Floor(float64(e)/3)) * 3
		}
	}
	d.point -= e
	if d.digits == "" {
		d.point = 0
	}
	if f.maxSignificant == 0 && !engineering {
		if r := d.round(1 + f.maxFraction); r.point > d.point { // 9.9995E5 is 1E6
			r.point--
			d = r
			e++
		}
	}
	return f.format(d) + "E" + strconv.Itoa(e)
}

// dateFormat is what the options of Date.prototype.toLocaleString say.
type dateFormat struct {
	weekday, year, month, day, hour, minute, second, zone string
	fraction                                              int
	cycle                                                 string // h11, h12, h23 or h24
}

func (l *localeOptions) formatDate(t time.Time, need string) string {
	t = t.In(l.location())
	short := []string{"numeric", "2-digit"}
	names := []string{"narrow", "short", "long"}
	f := dateFormat{
		weekday: l.text("weekday", "", names...),
		year:    l.text("year", "", short...),
		month:   l.text("month", "", append(short, names...)...),
		day:     l.text("day", "", short...),
		hour:    l.text("hour", "", short...),
		minute:  l.text("minute", "", short...),
		second:  l.text("second", "", short...),
	}
	f.fraction = max(l.number("fractionalSecondDigits", 1, 3), 0)
	f.zone = l.text("timeZoneName", "", "short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric")
	f.cycle = l.text("hourCycle", "h12", "h11", "h12", "h23", "h24")
	if on, ok := l.flag("hour12"); ok {
		f.cycle = "h24" // en-US has this for "not 12", midnight being 24
		if on {
			f.cycle = "h12"
		}
	}
	dateStyle := l.text("dateStyle", "", "full", "long", "medium", "short")
	timeStyle := l.text("timeStyle", "", "full", "long", "medium", "short")
	if dateStyle != "" || timeStyle != "" {
		for _, o := range []struct{ name, value string }{{"weekday", f.weekday}, {"year", f.year}, {"month", f.month}, {"day", f.day}, {"hour", f.hour}, {"minute", f.minute}, {"second", f.second}, {"timeZoneName", f.zone}} {
			if o.value != "" {
				which := "dateStyle"
				if dateStyle == "" {
					which = "timeStyle"
				}
				panic(l.iso.TypeError("Can't set option %s when %s is used", o.name, which))
			}
		}
		if need == "date" && timeStyle != "" {
			panic(l.iso.TypeError("Invalid option : timeStyle"))
		}
		if need == "time" && dateStyle != "" {
			panic(l.iso.TypeError("Invalid option : dateStyle"))
		}
		switch dateStyle {
		case "full":
			f.weekday = "long"
			fallthrough
		case "long":
			f.year, f.month, f.day = "numeric", "long", "numeric"
		case "medium":
			f.year, f.month, f.day = "numeric", "short", "numeric"
		case "short":
			f.year, f.month, f.day = "2-digit", "numeric", "numeric"
		}
		switch timeStyle {
		case "full":
			f.zone = "long"
		case "long":
			f.zone = "short"
		}
		if timeStyle != "" {
			f.hour, f.minute = "numeric", "2-digit"
			if timeStyle != "short" {
				f.second = "2-digit"
			}
		}
	} else {
		hasDate := f.weekday != "" || f.year != "" || f.month != "" || f.day != ""
		hasTime := f.hour != "" || f.minute != "" || f.second != "" || f.fraction > 0
		if need == "date" && !hasDate || need == "any" && !hasDate && !hasTime {
			f.year, f.month, f.day = "numeric", "numeric", "numeric"
		}
		if need == "time" && !hasTime || need == "any" && !hasDate && !hasTime {
			f.hour, f.minute, f.second = "numeric", "2-digit", "2-digit"
		}
	}
	date, clock := f.date(t), f.clock(t)
	switch {
	case date == "":
		return clock
	case clock == "":
		return date
	case f.month == "long":
		return date + " at " + clock
	case f.weekday != "" && f.year == "" && f.month == "" && f.day == "":
		return date + " " + clock
	}
	return date + ", " + clock
}

func (l *localeOptions) location() *time.Location {
	name := l.text("timeZone", "")
	switch strings.ToUpper(name) {
	case "":
		if l.o != nil && !goja.IsUndefined(orUndefined(l.o.Get("timeZone"))) {
			break
		}
		return time.Local
	case "UTC", "GMT", "ETC/UTC", "ETC/GMT":
		return time.UTC
	}
	if name != "" && name != "Local" && !strings.HasPrefix(name, "/") {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	panic(l.iso.RangeError("Invalid time zone specified: " + name))
}

func digits(n int, form string) string {
	if form == "2-digit" {
		return fmt.Sprintf("%02d", n%100)
	}
	return strconv.Itoa(n)
}

func (f dateFormat) date(t time.Time) string {
	name := func(s, form string) string {
		switch form {
		case "short":
			return s[:3]
		case "narrow":
			return s[:1]
		}
		return s
	}
	var weekday, year, month, day string
	if f.weekday != "" {
		weekday = name(t.Weekday().String(), f.weekday)
	}
	if f.year != "" {
		y := t.Year()
		if y <= 0 {
			y = 1 - y // the year before 1 is 1 BC
		}
		year = digits(y, f.year)
	}
	if f.day != "" {
		day = digits(t.Day(), f.day)
	}
	if f.month == "" {
		switch {
		case year != "" && day != "":
			year += " (day: " + day + ")"
		case year == "":
			year = day
		}
		switch {
		case weekday == "":
			return year
		case year == "":
			return weekday
		}
		return year + " " + weekday
	}
	if f.month == "numeric" || f.month == "2-digit" {
		parts := slices.DeleteFunc([]string{digits(int(t.Month()), f.month), day, year}, func(s string) bool { return s == "" })
		month = strings.Join(parts, "/")
	} else {
		month = name(t.Month().String(), f.month)
		if day != "" {
			month += " " + day
		}
		if year != "" {
			if day != "" {
				month += ","
			}
			month += " " + year
		}
		if weekday != "" && day == "" {
			return month + " " + weekday
		}
	}
	if weekday != "" {
		return weekday + ", " + month
	}
	return month
}

func (f dateFormat) clock(t time.Time) string {
	var b strings.Builder
	if f.hour != "" {
		h := t.Hour()
		form := f.hour
		switch f.cycle {
		case "h12":
			if h %= 12; h == 0 {
				h = 12
			}
		case "h11":
			h %= 12
		case "h24":
			if h == 0 {
				h = 24
			}
			form = "2-digit"
		default:
			form = "2-digit"
		}
		b.WriteString(digits(h, form))
	}
	if f.minute != "" {
		form := f.minute
		switch {
		case f.hour != "":
			b.WriteByte(':')
			form = "2-digit"
		case f.second != "":
			form = "2-digit"
		default:
			form = "numeric"
		}
		b.WriteString(digits(t.Minute(), form))
	}
	if f.second != "" || f.fraction > 0 {
		form := "numeric"
		if f.hour != "" || f.minute != "" {
			b.WriteByte(':')
			form = "2-digit"
		}
		if f.second != "" {
			b.WriteString(digits(t.Second(), form))
		}
		if f.fraction > 0 {
			if f.second != "" {
				b.WriteByte('.')
			}
			b.WriteString(fmt.Sprintf("%03d", t.Nanosecond()/1e6)[:f.fraction])
		}
	}
	if f.hour != "" && (f.cycle == "h12" || f.cycle == "h11") {
		if t.Hour() < 12 {
			b.WriteString(" AM")
		} else {
			b.WriteString(" PM")
		}
	}
	if f.zone != "" {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(zoneName(t, f.zone))
	}
	return b.String()
}

var zoneNames = map[string]string{"UTC": "Coordinated Universal Time", "EST": "Eastern Standard Time", "EDT": "Eastern Daylight Time", "CST": "Central Standard Time",
	"CDT": "Central Daylight Time", "MST": "Mountain Standard Time", "MDT": "Mountain Daylight Time", "PST": "Pacific Standard Time", "PDT": "Pacific Daylight Time",
	"AKST": "Alaska Standard Time", "AKDT": "Alaska Daylight Time", "HST": "Hawaii-Aleutian Standard Time"}

// zoneName names a zone as en-US does: by letters at home, else by its offset.
func zoneName(t time.Time, form string) string {
	abbreviation, offset := t.Zone()
	loc := t.Location().String()
	if long, ok := zoneNames[abbreviation]; ok && !strings.HasSuffix(form, "Offset") &&
		(abbreviation == "UTC" || strings.HasPrefix(loc, "America/") || strings.HasPrefix(loc, "US/") || loc == "Pacific/Honolulu" || loc == "Local") {
		if strings.HasPrefix(form, "long") {
			return long
		}
		return abbreviation
	}
	if offset == 0 {
		return "GMT"
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	h, m := offset/3600, offset/60%60
	if strings.HasPrefix(form, "long") {
		return fmt.Sprintf("GMT%c%02d:%02d", sign, h, m)
	}
	if m == 0 {
		return fmt.Sprintf("GMT%c%d", sign, h)
	}
	return fmt.Sprintf("GMT%c%d:%02d", sign, h, m)
}
