package web

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// parseHost is the host parser (URL §3.5); it returns the host serialised.
// special is false for a scheme whose hosts are opaque.
func parseHost(s string, special bool) (string, bool) {
	switch {
	case strings.HasPrefix(s, "["):
		if !strings.HasSuffix(s, "]") {
			return "", false
		}
		a, ok := parseIPv6(s[1 : len(s)-1])
		return "[" + a.String() + "]", ok
	case !special:
		if strings.ContainsAny(s, forbiddenHost) {
			return "", false
		}
		return escapeOpaque(s), true
	}
	domain, ok := domainToASCII(decodeUTF8String(percentDecode(s)))
	if !ok {
		return "", false
	}
	if endsInNumber(domain) {
		return parseIPv4(domain)
	}
	return domain, true
}

const forbiddenHost = "\x00\t\n\r #/:<>?@[\\]^|"

// forbiddenDomain reports a forbidden domain code point.
func forbiddenDomain(c byte) bool {
	return c <= ' ' || c == '%' || c == 0x7F || strings.IndexByte(forbiddenHost, c) >= 0
}

// domains is Unicode's ToASCII with the parameters of URL §3.3, not strict.
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.ValidateLabels(true),
	idna.CheckHyphens(false), idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(false),
)

// domainToASCII is the domain to ASCII algorithm (URL §3.3).
func domainToASCII(s string) (string, bool) {
	ascii := true
	for i := 0; i < len(s); i++ {
		ascii = ascii && s[i] < 0x80
	}
	lower := strings.ToLower(s)
	if !ascii || strings.HasPrefix(lower, "xn--") || strings.Contains(lower, ".xn--") {
		if !properALabels(s) {
			return "", false
		}
		var err error
		if lower, err = domains.ToASCII(s); err != nil {
			return "", false
		}
	}
	for i := 0; i < len(lower); i++ {
		if forbiddenDomain(lower[i]) {
			return "", false
		}
	}
	return lower, lower != ""
}

// properALabels refuses what UTS 46 (§4 step 4) does and x/net lets pass: a
// label that begins with xn-- once it is mapped, and that is then empty or not
// ASCII.
func properALabels(s string) bool {
	mapped := norm.NFKC.String(strings.ToLower(strings.Map(dropIgnored, s)))
	for label := range strings.FieldsFuncSeq(mapped, func(r rune) bool { return r == '.' || r == '。' }) {
		if rest, ok := strings.CutPrefix(label, "xn--"); ok && (rest == "" || strings.IndexFunc(rest, func(r rune) bool { return r >= 0x80 }) >= 0) {
			return false
		}
	}
	return true
}

// dropIgnored drops the characters that UTS 46 maps to nothing.
func dropIgnored(r rune) rune {
	switch {
	case r == 0xAD, r == 0x34F, r == 0x200B, r == 0x2060, r == 0x2064, r == 0xFEFF, r >= 0x180B && r <= 0x180F, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
		return -1
	}
	return r
}

// endsInNumber is the ends in a number checker (URL §3.5).
func endsInNumber(s string) bool {
	s = strings.TrimSuffix(s, ".")
	last := s[strings.LastIndexByte(s, '.')+1:]
	if last != "" && countDigits(last) == len(last) {
		return true
	}
	_, ok := parseIPv4Number(last)
	return ok
}

// parseIPv4Number reads a number in decimal, octal or hexadecimal; too large a
// number is 2^32.
func parseIPv4Number(s string) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	base := uint64(10)
	if len(s) >= 2 && s[0] == '0' {
		if s[1]|0x20 == 'x' {
			s, base = s[2:], 16
		} else {
			s, base = s[1:], 8
		}
	}
	n := uint64(0)
	for i := 0; i < len(s); i++ {
		d := unhex(s[i])
		if d < 0 || uint64(d) >= base {
			return 0, false
		}
		n = min(n*base+uint64(d), 1<<32)
	}
	return n, true
}

func parseIPv4(s string) (string, bool) {
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	if len(parts) > 4 {
		return "", false
	}
	address := uint64(0)
	for i, p := range parts {
		n, ok := parseIPv4Number(p)
		if !ok {
			return "", false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return "", false
			}
			address |= n << (8 * (3 - i))
		} else {
			if n >= 1<<(8*(5-len(parts))) {
				return "", false
			}
			address |= n
		}
	}
	return ipv4String(uint32(address)), true
}

func ipv4String(a uint32) string {
	b := make([]byte, 0, 15)
	for shift := 24; shift >= 0; shift -= 8 {
		b = strconv.AppendUint(b, uint64(a>>shift&0xFF), 10)
		if shift > 0 {
			b = append(b, '.')
		}
	}
	return string(b)
}

type ipv6 [8]uint16

// parseIPv6 is the IPv6 parser (URL §3.5).
func parseIPv6(s string) (a ipv6, ok bool) {
	piece, compress := 0, -1
	if strings.HasPrefix(s, ":") {
		if !strings.HasPrefix(s, "::") {
			return a, false
		}
		s = s[2:]
		compress = 0
	}
	for s != "" {
		if piece == 8 {
			return a, false
		}
		if s[0] == ':' {
			if compress >= 0 {
				return a, false
			}
			s = s[1:]
			compress = piece
			continue
		}
		value, n := 0, 0
		for n < 4 && n < len(s) && unhex(s[n]) >= 0 {
			value = value<<4 | unhex(s[n])
			n++
		}
		rest := s[n:]
		switch {
		case strings.HasPrefix(rest, "."):
			if n == 0 || piece > 6 || !a.embed(s, piece) {
				return a, false
			}
			piece += 2
			s = ""
			continue
		case strings.HasPrefix(rest, ":"):
			if rest = rest[1:]; rest == "" {
				return a, false
			}
		case rest != "":
			return a, false
		}
		a[piece] = uint16(value)
		piece++
		s = rest
	}
	if compress >= 0 {
		n := piece - compress
		moved := a
		clear(a[compress:])
		copy(a[8-n:], moved[compress:piece])
		piece = 8
	}
	return a, piece == 8
}

// embed reads the dotted IPv4 address that s is into two pieces.
func (a *ipv6) embed(s string, piece int) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return false
	}
	for i, p := range parts {
		n := countDigits(p)
		if n == 0 || n != len(p) || n > 3 || n > 1 && p[0] == '0' {
			return false
		}
		v, err := strconv.Atoi(p)
		if err != nil || v > math.MaxUint8 {
			return false
		}
		a[piece+i/2] = a[piece+i/2]<<8 | uint16(v)
	}
	return true
}

// String is the IPv6 serialiser: the first longest run of zeros is compressed.
func (a ipv6) String() string {
	start, length := -1, 1
	for i := 0; i < 8; {
		j := i
		for j < 8 && a[j] == 0 {
			j++
		}
		if j-i > length {
			start, length = i, j-i
		}
		i = max(j, i+1)
	}
	b := make([]byte, 0, 39)
	for i := 0; i < 8; i++ {
		if i == start {
			b = append(b, "::"...)
			i += length - 1
			continue
		}
		if len(b) > 0 && b[len(b)-1] != ':' {
			b = append(b, ':')
		}
		b = strconv.AppendUint(b, uint64(a[i]), 16)
	}
	return string(b)
}
