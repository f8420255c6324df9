package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCodecStreamScripts(t *testing.T) { runCases(t, "codecs") }

// Node 20 fails otherwise than the Compression standard, or not at all.
func TestDecompressionErrors(t *testing.T) {
	const script = `
		const hex = s => new Uint8Array((s.match(/../g) ?? []).map(x => parseInt(x, 16)));
		const fail = async (C, format, ...chunks) => {
			const t = new C(format), w = t.writable.getWriter(), r = t.readable.getReader();
			const writing = Promise.allSettled([...chunks.map(c => w.write(c)), w.close()]);
			let text = '';
			const end = await outcome(async () => { for (;;) { const { done, value } = await r.read(); if (done) return 'end'; text += new TextDecoder().decode(value) } });
			return text + '|' + end + '|' + (await writing).map(x => x.status[0]).join('');
		};
		const un = (format, ...chunks) => fail(DecompressionStream, format, ...chunks.map(hex));
	`
	const (
		gz    = "'1f8b0800000000000003cb48cdc9c957c84090008088f9e511000000'"
		zl    = "'789ccb48cdc9c957c84090003a2e067d'"
		raw   = "'cb48cdc9c957c8409000'"
		hello = "hello hello hello"
	)
	for _, c := range []struct{ call, want string }{
		{`un('gzip')`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|r`},
		{`un('gzip', '1f')`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|fr`},
		{`un('gzip', ` + gz + `.slice(0, -2))`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|fr`},
		{`un('gzip', ` + gz + `.slice(0, -16))`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|fr`},
		{`un('gzip', 'ffffffffffffffffffffff')`, `|TypeError [Z_DATA_ERROR]: incorrect header check|rr`},
		{`un('gzip', ` + gz + ` + '01020304050607080910')`, `|TypeError [ERR_TRAILING_JUNK_AFTER_STREAM_END]: Trailing junk found after the end of the compressed stream|rr`},
		{`un('gzip', ` + gz + `, '01020304050607080910')`, hello + `|TypeError [ERR_TRAILING_JUNK_AFTER_STREAM_END]: Trailing junk found after the end of the compressed stream|frr`},
		{`un('gzip', ` + gz + `.replace('f9e5', 'f9e6'))`, `|TypeError [Z_DATA_ERROR]: incorrect data check|rr`},
		{`un('deflate')`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|r`},
		{`un('deflate', ` + zl + `, '00')`, hello + `|TypeError [ERR_TRAILING_JUNK_AFTER_STREAM_END]: Trailing junk found after the end of the compressed stream|frr`},
		{`un('deflate', ` + zl + `.slice(0, -2))`, `|TypeError [Z_BUF_ERROR]: unexpected end of file|fr`},
		{`un('deflate', ` + zl + `.replace('067d', '067e'))`, `|TypeError [Z_DATA_ERROR]: incorrect data check|rr`},
		{`un('deflate', '78bb00000000')`, `|TypeError [Z_NEED_DICT]: Missing dictionary|rr`},
		{`un('deflate', ` + raw + `)`, `|TypeError [Z_DATA_ERROR]: incorrect header check|rr`},
		{`un('deflate-raw', ` + raw + ` + '00')`, `|TypeError [ERR_TRAILING_JUNK_AFTER_STREAM_END]: Trailing junk found after the end of the compressed stream|rr`},
		{`un('deflate-raw', 'ffff')`, `|TypeError [Z_DATA_ERROR]: invalid compressed data|rr`},
		{`fail(CompressionStream, 'gzip', 'text')`, `|TypeError [ERR_INVALID_ARG_TYPE]: The "chunk" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView. Received type string ('text')|rr`},
		{`fail(DecompressionStream, 'gzip', null)`, `|TypeError [ERR_INVALID_ARG_TYPE]: The "chunk" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView. Received null|rr`},
	} {
		if got := run(t, script+`return await `+c.call); got != jsonString(c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.call, got, jsonString(c.want))
		}
	}
}

// A Symbol has no text: the standard's conversion throws, Node 20's does not.
func TestEncodeSymbol(t *testing.T) {
	got := run(t, `const w = new TextEncoderStream(); outcome(() => w.readable.getReader().read()); return await outcome(() => w.writable.getWriter().write(Symbol('x')))`)
	if got != `"TypeError: Cannot convert a Symbol value to a string"` {
		t.Error(got)
	}
}

// A stream that is cancelled while its chunk is worked on off the isolate ends
// in order, and so does the chunk.
func TestDecompressionCancelled(t *testing.T) {
	got := run(t, `
		const zeros = new Uint8Array(8 << 20), c = new CompressionStream('gzip'), w = c.writable.getWriter();
		w.write(zeros); w.close();
		const packed = new Uint8Array(await new Response(c.readable).arrayBuffer());
		const d = new DecompressionStream('gzip'), dw = d.writable.getWriter();
		const r = d.readable.getReader();
		const written = outcome(() => dw.write(packed).then(() => 'written'));
		await null;
		await r.cancel('enough');
		const fresh = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')));
		return [await written, packed.length < 20000, (await fresh.arrayBuffer()).byteLength]`)
	if want := `["threw enough",true,8388608]`; got != want && got != `["written",true,8388608]` {
		t.Errorf("got %s, want %s", got, want)
	}
}

// However compressed data is cut, the decompressor gives what Go's reader gives.
func TestDecompressorPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "data")
		data = bytes.Repeat(data, rapid.IntRange(1, 40).Draw(t, "times"))
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(data)
		w.Close()
		d := newDecompressor("gzip")
		defer d.stop()
		var out []byte
		add := func(pieces [][]byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pieces {
				out = append(out, p...)
			}
		}
		for rest := packed.Bytes(); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			add(d.transform(rest[:n]))
			rest = rest[n:]
		}
		add(d.flush())
		if !bytes.Equal(out, data) {
			t.Fatalf("%d bytes came back as %d", len(data), len(out))
		}
	})
}

// Whatever the input and the format, a decompressor ends, and agrees with Go's
// reader on whether a single gzip member is sound.
func FuzzDecompressor(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9W\xc8@\x90\x00\x80\x88\xf9\xe5\x11\x00\x00\x00"), 5)
	f.Add([]byte("\x78\x9c\xcbH\xcd\xc9\xc9W\xc8@\x90\x00:.\x06}"), 1)
	f.Add([]byte("\xcbH\xcd\xc9\xc9W\xc8@\x90\x00"), 3)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = min(max(cut, 0), len(b))
		for _, format := range []string{"gzip", "deflate", "deflate-raw"} {
			d := newDecompressor(format)
			_, err := d.transform(b[:cut])
			if err == nil {
				_, err = d.transform(b[cut:])
			}
			if err == nil {
				_, err = d.flush()
			}
			d.stop()
			if format != "gzip" {
				continue
			}
			want := error(io.ErrUnexpectedEOF)
			r, e := gzip.NewReader(bytes.NewReader(b))
			if e == nil {
				_, want = io.Copy(io.Discard, r)
			}
			if (err == nil) != (e == nil && want == nil) {
				t.Errorf("%q: %v, Go's reader %v %v", b, err, e, want)
			}
		}
	})
}

// jsonString is s as JSON.stringify writes it.
func jsonString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
