package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reads is a handler that says what it was sent, and answers as the pipeline
// does when a body cannot be read.
func reads(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var m interface{ Malformed() bool }
	switch {
	case errors.As(err, &m) && m.Malformed():
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.WriteHeader(http.StatusRequestTimeout)
	case err != nil:
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, err.Error())
	default:
		fmt.Fprintf(w, "%s %s %q", r.Method, r.URL.Path, b)
	}
}

// exchange sends text in pieces and gives all answers until the connection
// ends, as "status body".
func exchange(t *testing.T, c net.Conn, text string, piece int) []string {
	t.Helper()
	defer c.Close()
	go func() {
		for len(text) > 0 {
			n := min(piece, len(text))
			if _, err := io.WriteString(c, text[:n]); err != nil {
				return // the server takes no more
			}
			text = text[n:]
		}
	}()
	var all []string
	br := bufio.NewReader(c)
	for {
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return all
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d %s", res.StatusCode, strings.TrimSpace(string(b))))
	}
}

func TestFraming(t *testing.T) {
	const post = "POST /p HTTP/1.1\r\nHost: a\r\n"
	const chunked = post + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
	const malformed = "400 the request's body is malformed: "
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"length", post + "Connection: close\r\nContent-Length: 3\r\n\r\nabc", []string{`200 POST /p "abc"`}},
		{"chunks", chunked + "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n", []string{`200 POST /p "abc0123456789"`}},
		{"chunks and a trailer", chunked + "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", []string{`200 POST /p "a"`}},
		{"pipelined", post + "Content-Length: 1\r\n\r\na" + post + "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n" + "GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			[]string{`200 POST /p "a"`, `200 POST /p "b"`, `200 GET /g ""`}},
		{"CR LF behind a body", post + "Content-Length: 1\r\n\r\na\r\n" + "GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", []string{`200 POST /p "a"`, `200 GET /g ""`}},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", []string{`200 GET / ""`}},

		{"both, length first", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: there are both Content-Length and Transfer-Encoding"}},
		{"both, coding first", post + "transfer-encoding: chunked\r\nCONTENT-LENGTH: 5\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: there are both Content-Length and Transfer-Encoding"}},
		{"both behind a good one", post + "Content-Length: 1\r\n\r\na" + post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{`200 POST /p "a"`, "400 400 Bad Request: there are both Content-Length and Transfer-Encoding"}},
		{"both behind one without a body", "GET /g HTTP/1.1\r\nHost: a\r\n\r\n" + post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{`200 GET /g ""`, "400 400 Bad Request: there are both Content-Length and Transfer-Encoding"}},
		{"two lengths", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", []string{"400 400 Bad Request: there are two Content-Lengths"}},
		{"a list of lengths", post + "Content-Length: 1, 1\r\n\r\na", []string{"400 400 Bad Request: Content-Length is no number"}},
		{"a sign", post + "Content-Length: +1\r\n\r\na", []string{"400 400 Bad Request: Content-Length is no number"}},
		{"no digits", post + "Content-Length:\r\n\r\na", []string{"400 400 Bad Request: Content-Length is no number"}},
		{"too many digits", post + "Content-Length: 9999999999999999999999\r\n\r\na", []string{"400 400 Bad Request: Content-Length is no number"}},
		{"two codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: there are two Transfer-Encodings"}},
		{"HTTP/1.0 with a coding", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is in a request of another HTTP than 1.1"}},
		{"a coding with parameters", post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is malformed"}},
		{"a coding behind a vertical tab", post + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is malformed"}},
		{"a coding in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is malformed"}},
		{"an empty coding", post + "Transfer-Encoding: \r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is malformed"}},
		{"another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []string{"501 Unsupported transfer encoding"}},
		{"chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", []string{"501 Unsupported transfer encoding"}},
		{"a blank before the colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: invalid header name"}},
		{"two hosts", post + "Host: b\r\n\r\n", []string{"400 400 Bad Request"}},

		{"LF in the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", []string{"400 400 Bad Request: a line ends with LF and not CR LF"}},
		{"LF behind a field", post + "X: y\nTransfer-Encoding: chunked\r\n\r\n", []string{"400 400 Bad Request: a line ends with LF and not CR LF"}},
		{"LF behind the head", post + "\n", []string{"400 400 Bad Request: a line ends with LF and not CR LF"}},
		{"CR in a field", post + "X: y\rz\r\n\r\n", []string{"400 400 Bad Request"}},
		{"a folded field", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", []string{"400 400 Bad Request: Transfer-Encoding is malformed"}},
		{"another folded field", post + "X: y\r\n\tz\r\n\r\n", []string{"400 400 Bad Request: a header field goes on in the next line"}},

		{"LF behind a size", chunked + "3\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"LF behind the last size", chunked + "3\r\nabc\r\n0\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"an extension", chunked + "3;a=b\r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"an extension with LF", chunked + "3;\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"a blank behind a size", chunked + "3 \r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"0x", chunked + "0x3\r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"no size", chunked + "\r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"a huge size", chunked + "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"a size with many zeros", chunked + strings.Repeat("0", 100) + "3\r\nabc\r\n0\r\n\r\n", []string{malformed + "a chunk's size is not a plain number and CR LF"}},
		{"LF behind a chunk", chunked + "3\r\nabc\n0\r\n\r\n", []string{malformed + "a chunk is longer than its size says"}},
		{"a chunk that is longer", chunked + "3\r\nabcd\r\n0\r\n\r\n", []string{malformed + "a chunk is longer than its size says"}},
		{"a length in a trailer", chunked + "0\r\nContent-Length: 5\r\n\r\n", []string{malformed + "Content-Length is in a trailer"}},
		{"a coding in a trailer", chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", []string{malformed + "Transfer-Encoding is in a trailer"}},
		{"LF in a trailer", chunked + "0\r\nX: y\n\r\n", []string{malformed + "a line ends with LF and not CR LF"}},
		{"a broken body behind a good one", post + "Content-Length: 1\r\n\r\na" + chunked + "3;\r\nabc\r\n0\r\n\r\n", []string{`200 POST /p "a"`, malformed + "a chunk's size is not a plain number and CR LF"}},
	} {
		for _, piece := range []int{len(c.text), 1, 7} {
			t.Run(fmt.Sprintf("%s/%d", c.name, piece), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := serve(t, reads)
					defer r.end()
					got := exchange(t, r.l.dial(), c.text, piece)
					if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
						t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
					}
					r.stop()
					if err := <-r.ended; err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// A request that is sent ahead and refused does not disturb the answer before
// it: not its context, and not its bytes.
func TestRefusedBehindSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-gate
			if r.Context().Err() != nil {
				t.Error("the request's context ended")
			}
			_, _ = io.WriteString(w, "late")
		})
		defer r.end()
		c := r.l.dial()
		// The head of the second goes on, in the answer's time, with a bare LF.
		go func() {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1")
			_, _ = io.WriteString(c, "\n")
			_, _ = io.WriteString(c, "Host: a\r\n\r\n")
		}()
		go func() { synctest.Wait(); time.Sleep(time.Second); close(gate) }()
		got := exchange(t, c, "", 1)
		if len(got) != 2 || got[0] != "200 late" || !strings.HasPrefix(got[1], "400 ") {
			t.Errorf("got %q", got)
		}
		r.stop()
		<-r.ended
	})
}

func TestSizes(t *testing.T) {
	head := func(target, fields int) string {
		h := "Host: a\r\nConnection: close\r\nX: "
		return "GET /" + strings.Repeat("u", target-1) + " HTTP/1.1\r\n" + h + strings.Repeat("x", fields-len(h)-2) + "\r\n\r\n"
	}
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"a long target", head(16<<10, 100), 200},
		{"a longer target", head(16<<10+1, 100), 414},
		{"an endless target", head(200<<10, 100), 414},
		{"a target without an end", "GET /" + strings.Repeat("u", 100<<10), 414},
		{"long fields", head(100, 16<<10), 200},
		{"longer fields", head(100, 16<<10+1), 431},
		{"both long", head(16<<10, 16<<10), 200},
		{"endless fields", head(100, 200<<10), 431},
		{"a field without an end", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 100<<10), 431},
		{"50,000 cookies", "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("a=;", 50_000) + "\r\n\r\n", 431}, // card D2
		{"many small fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("a:\r\n", 50_000) + "\r\n", 431},
		{"a long trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a: b\r\n", 5_000) + "\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, reads)
				defer r.end()
				got := exchange(t, r.l.dial(), c.text, len(c.text))
				if len(got) == 0 || !strings.HasPrefix(got[0], fmt.Sprint(c.want, " ")) {
					t.Errorf("got %.100q, want %d", got, c.want)
				}
				r.stop()
				<-r.ended
			})
		})
	}
}

// After an upgrade the bytes are the handler's, also those that came with it.
func TestUpgrade(t *testing.T) {
	for _, more := range []string{"", "\x81\n\r\n: \n\n\x00", "GET / HTTP/1.1\nbad\n\n"} {
		for _, piece := range []int{1000, 1} {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, func(w http.ResponseWriter, r *http.Request) {
					c, rw, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
					_, _ = io.CopyN(c, rw, int64(len(more)+4))
				})
				defer r.end()
				c := r.l.dial()
				go func() {
					for s := "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nupgrade: x\r\n\r\n" + more; s != ""; s = s[min(piece, len(s)):] {
						if _, err := io.WriteString(c, s[:min(piece, len(s))]); err != nil {
							return
						}
					}
					_, _ = io.WriteString(c, "last")
				}()
				b, err := io.ReadAll(c)
				if want := "HTTP/1.1 101 Switching Protocols\r\n\r\n" + more + "last"; err != nil || string(b) != want {
					t.Errorf("got %q, %v, want %q", b, err, want)
				}
				r.stop()
				<-r.ended
			})
		}
	}
}

// A request that asks for an upgrade and does not get it is one like others:
// what follows it is looked at.
func TestUpgradeIsNoWayAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, reads)
		defer r.end()
		got := exchange(t, r.l.dial(), "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\nPOST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1000)
		if len(got) != 2 || got[0] != `200 GET / ""` || !strings.HasPrefix(got[1], "400 ") {
			t.Errorf("got %q", got)
		}
		r.stop()
		<-r.ended
	})
}

// Whatever the bytes and however they are cut: nothing panics, the verdict is
// the same, and where the scanner sees a message end, net/http sees it too.
func FuzzFraming(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		// One byte at a time, noting where messages end.
		one := scanner{maxTarget: 200, maxFields: 2000}
		ends := map[int]bool{}
		accepted, text := len(data), ""
		for i := range data {
			before := one.state
			if _, _, v := one.scan(data[i : i+1]); v != nil {
				accepted, text = i, v.text
				break
			}
			if one.state == betweenMessages && before != betweenMessages {
				ends[i+1] = true
			}
		}
		// In pieces.
		s := scanner{maxTarget: 200, maxFields: 2000}
		text2 := ""
		for rest := data; len(rest) > 0 && text2 == ""; {
			p := rest[:min(len(rest), int(piece)+1)]
			n, _, v := s.scan(p)
			if v != nil {
				text2 = v.text
			}
			if n == 0 && v == nil {
				t.Fatal("nothing was scanned")
			}
			rest = rest[n:]
		}
		if text != text2 {
			t.Fatalf("in single bytes %q, in pieces of %d %q", text, int(piece)+1, text2)
		}
		if text == "" && (one.state != s.state || one.heads != s.heads || one.left != s.left) {
			t.Fatalf("in single bytes %+v, in pieces %+v", one, s)
		}
		in := bytes.NewReader(data[:accepted])
		br := bufio.NewReader(in)
		for {
			r, err := http.ReadRequest(br)
			if err != nil {
				return // net/http would answer and close
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			if at := accepted - in.Len() - br.Buffered(); !ends[at] {
				t.Fatalf("net/http sees a message end at %d, the scanner at %v: %q", at, ends, data[:accepted])
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	head := []byte("GET /api/items/12 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef; theme=dark\r\nSec-Fetch-Site: same-origin\r\nCache-Control: no-cache\r\n\r\n")
	s := scanner{maxTarget: 16 << 10, maxFields: 16 << 10}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, v := s.scan(head); v != nil {
			b.Fatal(v.text)
		}
	}
}
