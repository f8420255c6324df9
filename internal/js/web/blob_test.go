package web

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestBlobScripts(t *testing.T) { runCases(t, "blob") }

// A slice is the slice of the bytes, whatever the parts.
func TestBlobSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []byte
		b := &Blob{}
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			data := rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "data")
			want = append(want, data...)
			if rapid.Bool().Draw(t, "file") {
				b.add(blobPart{at: strings.NewReader("xx" + string(data)), off: 2, size: int64(len(data))})
			} else {
				b.add(blobPart{data: data, size: int64(len(data))})
			}
		}
		for range 3 {
			if b.Size() != int64(len(want)) {
				t.Fatalf("size %d, want %d", b.Size(), len(want))
			}
			got, err := b.Bytes()
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("Bytes: %x %v, want %x", got, err, want)
			}
			if err := iotest.TestReader(b.Open(), want); err != nil {
				t.Fatal(err)
			}
			var w bytes.Buffer
			if n, err := b.Open().(io.WriterTo).WriteTo(&w); err != nil || n != int64(len(want)) || !bytes.Equal(w.Bytes(), want) {
				t.Fatalf("WriteTo: %d %v %x, want %x", n, err, w.Bytes(), want)
			}
			start := rapid.Int64Range(-2, int64(len(want))+2).Draw(t, "start")
			end := rapid.Int64Range(-2, int64(len(want))+2).Draw(t, "end")
			b = b.Slice(start, end, "")
			from, to := min(max(start, 0), int64(len(want))), min(max(end, 0), int64(len(want)))
			want = want[from:max(from, to)]
		}
	})
}

func TestBlobTooShort(t *testing.T) {
	b := NewBlobAt(strings.NewReader("abc"), 5, "")
	if got, err := io.ReadAll(b.Open()); !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != "abc" {
		t.Errorf("%q %v", got, err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk") }

// A Blob behind a reader is read off the isolate; its failure rejects.
func TestBlobBehindReader(t *testing.T) {
	o := testOptions()
	pool := newPool(t, o, `
		const [good, bad] = globalThis.blobs;
		return [await good.text(), (await good.slice(1, 3).arrayBuffer()).byteLength, good.name, good.lastModified, good instanceof File, await outcome(() => bad.text())]`)
	iso := pool.Isolates()[0]
	if err := iso.Do(nil, func() {
		e := Of(iso)
		good := NewBlobAt(strings.NewReader("häl"), 4, "text/plain").File("f", time.UnixMilli(7))
		must(e.rt.Set("blobs", e.rt.NewArray(e.NewBlob(good), e.NewBlob(NewBlobAt(failing{}, 3, "")))))
	}); err != nil {
		t.Fatal(err)
	}
	got, err := runMain(t, pool)
	if err != nil || got != `["häl",2,"f",7,true,"NotReadableError: The blob could not be read"]` {
		t.Error(got, err)
	}
}
