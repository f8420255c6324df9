package web

import (
	"errors"
	"io"
	"os"
	"sync"
)

// spool is an append-only buffer that one side writes and one side reads, at
// the same time. What is unread beyond spoolMemory goes to a temporary file, so
// that a body of any size can wait for its second reader without filling
// memory, and without ever being cut short.
type spool struct {
	mem   []byte
	off   int // read position in mem
	file  *os.File
	wrote int64 // bytes in file
	read  int64
}

const spoolMemory = 1 << 20

func (s *spool) len() int64 { return int64(len(s.mem)-s.off) + s.wrote - s.read }

func (s *spool) write(p []byte) error {
	if s.file == nil && len(s.mem)-s.off+len(p) <= spoolMemory {
		if s.off > 0 && s.off == len(s.mem) {
			s.mem, s.off = s.mem[:0], 0
		}
		s.mem = append(s.mem, p...)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "portico-body-*")
		if err != nil {
			return err
		}
		// Nobody else needs the name. Where an open file cannot be removed
		// (Windows), close removes it.
		_ = os.Remove(f.Name())
		s.file = f
	}
	n, err := s.file.WriteAt(p, s.wrote)
	s.wrote += int64(n)
	return err
}

func (s *spool) readInto(p []byte) (int, error) {
	if s.off < len(s.mem) {
		n := copy(p, s.mem[s.off:])
		s.off += n
		return n, nil
	}
	if s.file == nil || s.read == s.wrote {
		return 0, nil
	}
	if rest := s.wrote - s.read; int64(len(p)) > rest {
		p = p[:rest]
	}
	n, err := s.file.ReadAt(p, s.read)
	s.read += int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (s *spool) close() {
	s.mem = nil
	s.off = 0
	if s.file != nil {
		name := s.file.Name()
		_ = s.file.Close()
		_ = os.Remove(name)
		s.file, s.wrote, s.read = nil, 0, 0
	}
}

// Tee splits a reader into two that deliver the same bytes, each at its own
// pace: what one of them has not read yet waits in memory and, past a limit, in
// a file. The reader is closed when both are.
func Tee(src io.ReadCloser) (io.ReadCloser, io.ReadCloser) { return tee(src) }

// tee splits a source into two that deliver the same bytes, each at its own
// pace; the source is closed when both are.
func tee(src io.ReadCloser) (io.ReadCloser, io.ReadCloser) {
	t := &teed{src: src}
	t.idle.L = &t.mu
	a, b := &branch{t: t}, &branch{t: t}
	a.other, b.other = b, a
	return a, b
}

type teed struct {
	mu      sync.Mutex
	idle    sync.Cond // signalled when reading becomes false
	src     io.ReadCloser
	reading bool
	err     error
	closed  int
}

type branch struct {
	t      *teed
	other  *branch
	buf    spool
	closed bool
}

// Buffered passes on the limit of what was split; see Limited. The other
// branch does not share it.
func (b *branch) Buffered(length int64) io.ReadCloser {
	if l, ok := b.t.src.(interface {
		Limit(r io.ReadCloser, length int64) io.ReadCloser
	}); ok {
		return l.Limit(b, length)
	}
	return b
}

// Whole reports whether n bytes may be held at once: what was split says so.
func (b *branch) Whole(n int64) bool {
	l, ok := b.t.src.(interface{ Whole(n int64) bool })
	return !ok || l.Whole(n)
}

func (b *branch) Read(p []byte) (int, error) {
	t := b.t
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		switch {
		case b.closed:
			return 0, os.ErrClosed
		case b.buf.len() > 0:
			return b.buf.readInto(p)
		case t.err != nil:
			return 0, t.err
		case !t.reading:
			t.reading = true
			t.mu.Unlock()
			n, err := t.src.Read(p)
			t.mu.Lock()
			t.reading = false
			if n > 0 && !b.other.closed {
				if e := b.other.buf.write(p[:n]); e != nil && err == nil {
					err = e
				}
			}
			if err != nil {
				t.err = err
			}
			t.idle.Broadcast()
			if n > 0 {
				return n, nil
			}
			if err == nil {
				return 0, nil
			}
		default:
			t.idle.Wait()
		}
	}
}

func (b *branch) Close() error {
	t := b.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	b.buf.close()
	t.closed++
	t.idle.Broadcast()
	if t.closed == 2 {
		return t.src.Close()
	}
	return nil
}
