package js

import (
	"strconv"

	"github.com/dop251/goja"
)

// textBuilder builds a script string of ASCII and UTF-16 parts.
type textBuilder struct {
	iso   *Isolate
	ascii []byte
	wide  []uint16 // holds all once a part was not ASCII
	isW   bool
}

func (b *textBuilder) len() int {
	if b.isW {
		return len(b.wide)
	}
	return len(b.ascii)
}

func (b *textBuilder) add(t rxText, from, to int) {
	if b.len()+to-from > b.iso.json.longest {
		panic(b.iso.RangeError("Invalid string length"))
	}
	if t.wide == nil && !b.isW {
		b.ascii = append(b.ascii, t.ascii[from:to]...)
		return
	}
	if !b.isW {
		b.isW = true
		b.wide = make([]uint16, 0, len(b.ascii)+to-from+64)
		for _, c := range b.ascii {
			b.wide = append(b.wide, uint16(c))
		}
		b.ascii = nil
	}
	if t.wide != nil {
		b.wide = append(b.wide, t.wide[from:to]...)
		return
	}
	for i := from; i < to; i++ {
		b.wide = append(b.wide, uint16(t.ascii[i]))
	}
}

func (b *textBuilder) unit(c uint16) {
	if c < 0x80 {
		b.add(rxText{ascii: string(rune(c))}, 0, 1)
	} else {
		b.add(rxText{wide: []uint16{c}}, 0, 1)
	}
}

func (b *textBuilder) value() goja.Value {
	if b.isW {
		return goja.StringFromUTF16(b.wide)
	}
	s := string(b.ascii)
	if b.iso.rx.direct {
		return b.iso.eng.boxString(&s)
	}
	return b.iso.rt.ToValue(s)
}

func (t rxText) at(i int) uint16 {
	if t.wide != nil {
		return t.wide[i]
	}
	return uint16(t.ascii[i])
}

// rxMatch is one match as a replacement sees it.
type rxMatch struct {
	from, to int // in the subject
	captures []rxText
	has      []bool
	named    func(name goja.Value) (rxText, bool) // nil without named groups
}

// substitute is ECMA-262 GetSubstitution.
func (b *textBuilder) substitute(template, subject rxText, m *rxMatch) {
	n := template.len()
	done := 0
	for i := 0; i < n; i++ {
		if template.at(i) != '$' || i+1 >= n {
			continue
		}
		b.add(template, done, i)
		done = i
		switch c := template.at(i + 1); {
		case c == '$':
			b.add(template, i, i+1)
			done = i + 2
		case c == '&':
			b.add(subject, m.from, m.to)
			done = i + 2
		case c == '`':
			b.add(subject, 0, m.from)
			done = i + 2
		case c == '\'':
			b.add(subject, min(m.to, subject.len()), subject.len())
			done = i + 2
		case c >= '0' && c <= '9':
			group, size := int(c-'0'), 2
			if i+2 < n {
				if d := template.at(i + 2); d >= '0' && d <= '9' && group*10+int(d-'0') <= len(m.captures) {
					group, size = group*10+int(d-'0'), 3
				}
			}
			if group < 1 || group > len(m.captures) {
				continue // stands for itself; a $ may follow
			}
			if m.has[group-1] {
				b.add(m.captures[group-1], 0, m.captures[group-1].len())
			}
			done = i + size
		case c == '<' && m.named != nil:
			end := i + 2
			for end < n && template.at(end) != '>' {
				end++
			}
			if end == n {
				continue
			}
			var name []uint16
			for k := i + 2; k < end; k++ {
				name = append(name, template.at(k))
			}
			if t, ok := m.named(goja.StringFromUTF16(name)); ok {
				b.add(t, 0, t.len())
			}
			done = end + 1
		}
		if done > i {
			i = done - 1
		}
	}
	b.add(template, done, n)
}

func (iso *Isolate) regExpReplace(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "[Symbol.replace]")
	s := iso.asString(c.Argument(0))
	with := c.Argument(1)
	fn, isFn := goja.AssertFunction(with)
	var template rxText
	if !isFn {
		template = iso.subject(iso.asString(with))
	}
	if p := iso.quick(o); p != nil {
		return iso.replaceQuick(o, p, s, template, fn)
	}
	return iso.replaceSlow(o, s, template, fn)
}

// replaceQuick replaces where nothing but the replacement function is a
// script's. All matches are found before that is called, as the standard says.
func (iso *Isolate) replaceQuick(o *goja.Object, p *rxProgram, s goja.String, template rxText, fn goja.Callable) goja.Value {
	t := iso.subject(s)
	var all []int32
	if p.flags.global {
		iso.each(o, p, t, func(caps []int32) { all = append(all, caps...) })
	} else if caps := iso.execRaw(o, p, t); caps != nil {
		all = append(all, caps...)
	}
	if all == nil {
		return s
	}
	b := textBuilder{iso: iso}
	done := 0
	for ; len(all) > 0; all = all[p.slots:] {
		caps := all[:p.slots]
		from, to := int(caps[0]), int(caps[1])
		b.add(t, done, from)
		done = to
		if fn == nil {
			b.substitute(template, t, iso.matchOf(p, s, t, caps))
			continue
		}
		args := make([]goja.Value, 0, len(caps)/2+3)
		for i := 0; i < len(caps); i += 2 {
			if caps[i] < 0 || caps[i+1] < 0 {
				args = append(args, goja.Undefined())
			} else {
				args = append(args, iso.part(s, t, int(caps[i]), int(caps[i+1])))
			}
		}
		items := args
		args = append(args, iso.rt.ToValue(from), s)
		if len(p.names) > 0 {
			args = append(args, iso.groups(p, caps, items))
		}
		v, err := iso.Call(fn, goja.Undefined(), args...)
		if err != nil {
			panic(err)
		}
		r := iso.subject(iso.asString(v))
		b.add(r, 0, r.len())
	}
	b.add(t, done, t.len())
	return b.value()
}

func (iso *Isolate) matchOf(p *rxProgram, s goja.String, t rxText, caps []int32) *rxMatch {
	m := &rxMatch{from: int(caps[0]), to: int(caps[1])}
	part := func(i int) (rxText, bool) {
		a, z := caps[2*i], caps[2*i+1]
		if a < 0 || z < 0 {
			return rxText{}, false
		}
		if t.wide != nil {
			return rxText{wide: t.wide[a:z:z]}, true
		}
		return rxText{ascii: t.ascii[a:z]}, true
	}
	if n := p.slots/2 - 1; n > 0 {
		m.captures, m.has = make([]rxText, n), make([]bool, n)
		for i := range n {
			m.captures[i], m.has[i] = part(i + 1)
		}
	}
	if len(p.names) > 0 {
		m.named = func(name goja.Value) (rxText, bool) {
			for _, g := range p.names {
				if g.name != name.String() {
					continue
				}
				for _, i := range g.groups {
					if t, ok := part(i); ok {
						return t, true
					}
				}
			}
			return rxText{}, false
		}
	}
	return m
}

// replaceSlow is the standard's steps one by one.
func (iso *Isolate) replaceSlow(o *goja.Object, s goja.String, template rxText, fn goja.Callable) goja.Value {
	flags := iso.flagsOf(o)
	global, wide := hasFlag(flags, 'g'), hasFlag(flags, 'u') || hasFlag(flags, 'v')
	t := iso.subject(s)
	if global {
		iso.setLastIndex(o, 0)
	}
	var results []*goja.Object
	for {
		r := iso.regExpExec(o, s)
		if r == nil {
			break
		}
		results = append(results, r)
		if !global {
			break
		}
		if iso.asString(orUndefined(r.Get("0"))).Length() == 0 {
			iso.setLastIndex(o, advance(t, iso.getLastIndex(o), wide))
		}
	}
	b := textBuilder{iso: iso}
	done := 0
	for _, r := range results {
		n := max(toLength(r.Get("length"))-1, 0)
		matched := iso.asString(orUndefined(r.Get("0")))
		at := int(max(min(orUndefined(r.Get("index")).ToInteger(), int64(t.len())), 0))
		m := &rxMatch{from: at, to: min(at+matched.Length(), t.len())}
		args := []goja.Value{matched}
		for i := int64(1); i <= n; i++ {
			v := orUndefined(r.Get(strconv.FormatInt(i, 10)))
			var text rxText
			has := !goja.IsUndefined(v)
			if has {
				x := iso.asString(v)
				v, text = x, iso.subject(x)
			}
			args = append(args, v)
			m.captures = append(m.captures, text)
			m.has = append(m.has, has)
		}
		named := orUndefined(r.Get("groups"))
		var out rxText
		if fn != nil {
			args = append(args, iso.rt.ToValue(at), s)
			if !goja.IsUndefined(named) {
				args = append(args, named)
			}
			v, err := iso.Call(fn, goja.Undefined(), args...)
			if err != nil {
				panic(err)
			}
			out = iso.subject(iso.asString(v))
		} else {
			if !goja.IsUndefined(named) {
				groups := named.ToObject(iso.rt)
				m.named = func(name goja.Value) (rxText, bool) {
					v := iso.getKey(groups, toKey(name))
					if goja.IsUndefined(v) {
						return rxText{}, false
					}
					return iso.subject(iso.asString(v)), true
				}
			}
			part := textBuilder{iso: iso}
			part.substitute(template, t, m)
			out = iso.subject(iso.asString(part.value()))
		}
		if at >= done {
			b.add(t, done, at)
			b.add(out, 0, out.len())
			done = at + matched.Length()
		}
	}
	if done < t.len() {
		b.add(t, done, t.len())
	}
	return b.value()
}
