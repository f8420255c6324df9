package server

import (
	"bytes"
	"net/http"
)

// A scanner watches the bytes of an HTTP/1 connection go by and finds where
// net/http is more lenient than two readers of one stream may be (RFC 9112
// §11.2). It takes what net/http takes for a message, no more, so that it never
// loses its place; what it refuses, net/http does not see. Looking at a head
// costs a few searches for a line's end; at the bytes of a body nothing.
type scanner struct {
	maxTarget int // bytes of a request target
	maxFields int // bytes of the header fields of a head, and of a trailer

	state scanState
	line  []byte // the beginning of a line that ended in none of the reads yet
	size  int    // of the fields so far
	left  uint64 // of a body or a chunk

	hasLength, hasCoding, old, upgrade, foreign bool

	heads int // that were complete
}

type scanState uint8

const (
	betweenMessages scanState = iota
	inRequestLine
	inFields
	inBody
	inChunkSize
	inChunk
	afterChunk   // CR
	afterChunkCR // LF
	inTrailer
	unknown // net/http refuses the message, or it is none of ours
)

// violation is what is wrong, and where.
type violation struct {
	status int
	text   string
	start  int // of the line, in the bytes scanned; 0 when it began before them
	body   bool
}

// message is where a message began in the bytes scanned, -1 for before them.
type message struct {
	start, heads int
}

// inMessageBody says that the next byte belongs to a body.
func (s *scanner) inMessageBody() bool { return s.state >= inBody && s.state <= inTrailer }

// scan looks at the next bytes. It stops behind a message that asks for another
// protocol: what follows may not be HTTP. With a violation, m is the message
// that has it.
func (s *scanner) scan(p []byte) (n int, m message, v *violation) {
	m = message{start: -1, heads: s.heads}
	for i := 0; i < len(p); {
		switch s.state {
		case betweenMessages:
			if s.upgrade && i > 0 {
				return i, m, nil
			}
			if p[i] == '\r' || p[i] == '\n' { // how many of them may be here is net/http's to say
				i++
				continue
			}
			m = message{start: i, heads: s.heads}
			s.restart()
			s.state = inRequestLine
		case inBody, inChunk:
			k := uint64(len(p) - i)
			if k < s.left {
				s.left -= k
				return len(p), m, nil
			}
			i += int(s.left)
			s.left = 0
			if s.state == inChunk {
				s.state = afterChunk
			} else {
				s.state = betweenMessages
			}
		case afterChunk, afterChunkCR:
			if want := byte('\r'); p[i] != want && s.state == afterChunk || p[i] != '\n' && s.state == afterChunkCR {
				return i, m, &violation{status: http.StatusBadRequest, text: "a chunk is longer than its size says", start: i, body: true}
			}
			if s.state++; s.state > afterChunkCR {
				s.state = inChunkSize
			}
			i++
		case unknown:
			return len(p), m, nil
		default:
			start := i
			end := bytes.IndexByte(p[i:], '\n')
			if end < 0 {
				s.line = append(s.line, p[i:]...)
				if v = s.tooLong(); v != nil {
					v.start = start
					return start, m, v
				}
				return len(p), m, nil
			}
			i += end + 1
			line := p[start:i]
			if len(s.line) > 0 {
				s.line = append(s.line, line...)
				line = s.line
			}
			if v = s.endLine(line); v != nil {
				v.start = start
				return start, m, v
			}
			if s.line = s.line[:0]; cap(s.line) > 4<<10 {
				s.line = nil
			}
		}
	}
	return len(p), m, nil
}

// restart forgets the message before.
func (s *scanner) restart() {
	*s = scanner{maxTarget: s.maxTarget, maxFields: s.maxFields, line: s.line[:0], heads: s.heads}
}

// Longest lines besides the target and the fields.
const (
	maxMethodAndVersion = 64
	maxChunkSizeLine    = 16 + 2
)

var (
	errURLTooLong    = violation{status: http.StatusRequestURITooLong, text: "the request target is too long"}
	errFieldsTooLong = violation{status: http.StatusRequestHeaderFieldsTooLarge, text: "the header fields are too long"}
)

// tooLong bounds what is kept of a line without an end.
func (s *scanner) tooLong() *violation {
	var v violation
	switch {
	case s.state == inRequestLine && len(s.line) > s.maxTarget+maxMethodAndVersion:
		v = errURLTooLong
	case s.state == inFields && s.size+len(s.line) > s.maxFields:
		v = errFieldsTooLong
	case s.state == inTrailer && s.size+len(s.line) > s.maxFields:
		v = errFieldsTooLong
		v.body = true
	case s.state == inChunkSize && len(s.line) > maxChunkSizeLine:
		return badChunkSize()
	default:
		return nil
	}
	return &v
}

func badChunkSize() *violation {
	return &violation{status: http.StatusBadRequest, text: "a chunk's size is not a plain number and CR LF", body: true}
}

// endLine takes a whole line with its end.
func (s *scanner) endLine(line []byte) *violation {
	bad := func(text string) *violation {
		return &violation{status: http.StatusBadRequest, text: text, body: s.state == inTrailer}
	}
	if s.state == inChunkSize {
		return s.chunkSize(line)
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		// RFC 9112 §2.2 lets a server take it. Nobody but attackers needs that.
		return bad("a line ends with LF and not CR LF")
	}
	line = line[:len(line)-2]
	switch {
	case s.state == inRequestLine:
		first, last := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
		if last-first-1 > s.maxTarget || first < 0 && len(line) > s.maxTarget {
			v := errURLTooLong
			return &v
		}
		s.old = !bytes.HasSuffix(line, []byte("HTTP/1.1"))
		s.state = inFields
		return nil
	case len(line) == 0 && s.state == inTrailer:
		s.state = betweenMessages
		return nil
	case len(line) == 0:
		s.endHead()
		return nil
	case line[0] == ' ' || line[0] == '\t':
		return bad("a header field goes on in the next line") // RFC 9112 §5.2
	}
	if s.size += len(line) + 2; s.size > s.maxFields {
		v := errFieldsTooLong
		v.body = s.state == inTrailer
		return &v
	}
	switch line[0] | 0x20 {
	case 'c':
		if value, ok := field(line, "content-length"); ok {
			return s.length(value, bad)
		}
	case 't':
		if value, ok := field(line, "transfer-encoding"); ok {
			return s.coding(value, bad)
		}
	case 'u':
		if _, ok := field(line, "upgrade"); ok {
			s.upgrade = true
		}
	}
	return nil
}

// field gives the value of a line that has that name. Blanks before the colon
// are net/http's to refuse.
func field(line []byte, name string) (value []byte, ok bool) {
	if len(line) <= len(name) || line[len(name)] != ':' {
		return nil, false
	}
	for i := range len(name) {
		c := line[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return nil, false
		}
	}
	return bytes.Trim(line[len(name)+1:], " \t"), true
}

func (s *scanner) length(value []byte, bad func(string) *violation) *violation {
	switch {
	case s.state == inTrailer:
		return bad("Content-Length is in a trailer")
	case s.hasCoding:
		return bad("there are both Content-Length and Transfer-Encoding")
	case s.hasLength:
		return bad("there are two Content-Lengths")
	}
	n, ok := decimal(value)
	if !ok {
		return bad("Content-Length is no number")
	}
	s.hasLength, s.left = true, n
	return nil
}

func (s *scanner) coding(value []byte, bad func(string) *violation) *violation {
	switch {
	case s.state == inTrailer:
		return bad("Transfer-Encoding is in a trailer")
	case s.hasLength:
		return bad("there are both Content-Length and Transfer-Encoding")
	case s.hasCoding:
		return bad("there are two Transfer-Encodings")
	case s.old:
		return bad("Transfer-Encoding is in a request of another HTTP than 1.1") // RFC 9112 §6.1
	}
	s.hasCoding = true
	if bytes.EqualFold(value, []byte("chunked")) {
		return nil
	}
	// A list of other codings is honest, and net/http answers it with 501. What
	// is neither is meant to be read differently by different readers.
	for item := range bytes.SplitSeq(value, []byte(",")) {
		item = bytes.Trim(item, " \t")
		for _, c := range item {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
				return bad("Transfer-Encoding is malformed")
			}
		}
		if len(item) == 0 {
			return bad("Transfer-Encoding is malformed")
		}
	}
	s.foreign = true
	return nil
}

// endHead is at the empty line behind the fields.
func (s *scanner) endHead() {
	s.heads++
	s.size = 0
	switch {
	case s.foreign:
		s.state = unknown
	case s.hasCoding:
		s.state = inChunkSize
	case s.left > 0:
		s.state = inBody
	default:
		s.state = betweenMessages
	}
}

// chunkSize takes digits and CR LF, nothing else: RFC 9112 §7.1.1 has
// extensions, but no client sends them, and readers differ on where they end.
func (s *scanner) chunkSize(line []byte) *violation {
	digits := line[:max(len(line)-2, 0)]
	if len(digits) == 0 || len(line) > maxChunkSizeLine || line[len(line)-2] != '\r' {
		return badChunkSize()
	}
	n := uint64(0)
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return badChunkSize()
		}
		n = n<<4 | uint64(c)
	}
	if n >= 1<<62 {
		return badChunkSize()
	}
	if s.left, s.state = n, inChunk; n == 0 {
		s.state = inTrailer
	}
	return nil
}

// decimal reads digits alone, below 10^18.
func decimal(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
