package compress

import (
	"bytes"
	"fmt"

	"github.com/maypok86/otter/v2"
)

// Packed keeps the encoded bodies of answers that are given again and again, so
// that each is encoded once. It is bounded by bytes.
type Packed[K comparable] struct {
	bodies *otter.Cache[packedKey[K], []byte]
}

type packedKey[K comparable] struct {
	of     K
	coding string
}

// NewPacked makes a Packed of at most so many bytes.
func NewPacked[K comparable](size int64) *Packed[K] {
	return &Packed[K]{otter.Must(&otter.Options[packedKey[K], []byte]{
		MaximumWeight: uint64(size),
		Weigher:       func(_ packedKey[K], body []byte) uint32 { return uint32(len(body)) + 128 },
	})}
}

// Body is a body in a coding. Key names the body: the same key is the same
// bytes. ok is false where the encoded body is no shorter.
func (p *Packed[K]) Body(key K, coding string, body []byte) (packed []byte, ok bool, err error) {
	k := packedKey[K]{key, coding}
	packed, found := p.bodies.GetIfPresent(k)
	if !found {
		if packed, err = encode(coding, body); err != nil {
			return nil, false, err
		}
		if len(packed) >= len(body) {
			packed = nil // remembered as not worth it
		}
		p.bodies.Set(k, packed)
	}
	return packed, packed != nil, nil
}

func encode(coding string, body []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(body) / 3)
	e := take(coding, &b)
	_, err := e.Write(body)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	give(coding, e)
	if err != nil {
		return nil, fmt.Errorf("encoding with %s: %w", coding, err)
	}
	return b.Bytes(), nil
}
