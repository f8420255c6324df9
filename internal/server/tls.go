package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// TLS says where certificates come from: files, or an authority that issues
// them by ACME. TLS 1.2 is the least that is spoken.
type TLS struct {
	// CertFile and KeyFile are PEM. Changed files are read again within seconds.
	CertFile, KeyFile string
	// ACME is used when it is not nil.
	ACME *ACME
}

// ACME is an account with a certificate authority, and what it is asked for.
// The domains are proved by TLS-ALPN-01 on the listeners themselves, which the
// authority reaches on port 443, and by HTTP-01 when there is an
// Options.Redirect for port 80.
type ACME struct {
	// Domains are the names on the certificates.
	Domains []string
	// Email is where the authority writes about problems.
	Email string
	// CA is the URL of the authority's directory. Empty is Let's Encrypt.
	CA string
	// Storage is the folder for keys and certificates; it must outlive the
	// process. Empty is certmagic's own below the user's data folder.
	Storage string
}

// Check looks at what can be known before anything listens: whether the files
// can be read and belong together, and whether the domains can be proved.
func (t *TLS) Check() error {
	if t.ACME == nil {
		_, err := t.files()
		return err
	}
	if len(t.ACME.Domains) == 0 {
		return errors.New("tls.acme has no domains\nhint: domains: ['example.com']")
	}
	for _, d := range t.ACME.Domains {
		if strings.Contains(d, "*") || !certmagic.SubjectQualifiesForCert(d) {
			return fmt.Errorf("tls.acme: there is no certificate for %q\nhint: a domain is a name such as example.com; wildcards need a proof by DNS, which is not done here", d)
		}
	}
	return nil
}

// files reads the certificate of CertFile and KeyFile.
func (t *TLS) files() (tls.Certificate, error) {
	for i, name := range []string{t.CertFile, t.KeyFile} {
		if _, err := os.Stat(name); err != nil {
			var e *fs.PathError
			if errors.As(err, &e) {
				err = e.Err
			}
			return tls.Certificate{}, fmt.Errorf("tls.%s: %s cannot be read: %w\nhint: the file is named from the project's folder, or by its whole path", []string{"cert", "key"}[i], name, err)
		}
	}
	c, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		err = fmt.Errorf("%s with %s: %w\nhint: cert is the certificate with those between it and the authority, key its private key, both in PEM", t.CertFile, t.KeyFile, err)
	}
	return c, err
}

// certificates is TLS at work.
type certificates struct {
	config *tls.Config
	// challenge wraps what is served without TLS; nil when there is nothing to
	// answer there.
	challenge func(http.Handler) http.Handler
	stop      func()
}

func newCertificates(ctx context.Context, t *TLS, l *slog.Logger, port int, plain bool) (*certificates, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ACME == nil {
		f := &certFiles{cert: t.CertFile, key: t.KeyFile, log: l, now: time.Now}
		if err := f.load(); err != nil {
			return nil, err
		}
		config.GetCertificate = f.get
		return &certificates{config: config, stop: func() {}}, nil
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	a := t.ACME
	var storage certmagic.Storage = certmagic.Default.Storage
	if a.Storage != "" {
		storage = &certmagic.FileStorage{Path: a.Storage}
	}
	// Failures come as events; of the library's own log there is nothing to add.
	quiet := zap.NewNop()
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{Logger: quiet, GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil }})
	magic = certmagic.New(cache, certmagic.Config{Storage: storage, Logger: quiet, OnEvent: acmeEvents(l)})
	ca := a.CA
	if ca == "" {
		ca = certmagic.LetsEncryptProductionCA
	}
	issuer := certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: ca, Email: a.Email, Agreed: true, Logger: quiet,
		DisableHTTPChallenge: !plain,
		// It wants to listen where we do; finding the port taken, it lets us answer.
		AltTLSALPNPort: port,
	})
	magic.Issuers = []certmagic.Issuer{issuer}
	ctx, cancel := context.WithCancel(ctx)
	if err := magic.ManageAsync(ctx, a.Domains); err != nil {
		cancel()
		cache.Stop()
		return nil, fmt.Errorf("tls.acme: %w", err)
	}
	theirs := magic.TLSConfig()
	config.GetCertificate = theirs.GetCertificate
	config.NextProtos = append(config.NextProtos, theirs.NextProtos...)
	return &certificates{config: config, challenge: issuer.HTTPChallengeHandler, stop: func() { cancel(); cache.Stop() }}, nil
}

// acmeEvents writes what happens to certificates to the log.
func acmeEvents(l *slog.Logger) func(context.Context, string, map[string]any) error {
	return func(ctx context.Context, event string, data map[string]any) error {
		switch event {
		case "cert_obtained":
			l.InfoContext(ctx, "certificate obtained", "domain", data["identifier"], "renewal", data["renewal"])
		case "cert_failed":
			l.ErrorContext(ctx, "certificate not obtained", "domain", data["identifier"], "error", data["error"])
		}
		return nil
	}
}

// certFiles is a certificate in files that may change.
type certFiles struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	current atomic.Pointer[tls.Certificate]
	checked atomic.Int64 // Unix nanoseconds
	mu      sync.Mutex
	stamp   string
}

// recheck is how old the knowledge of the files may be at a handshake.
const recheck = 3 * time.Second

func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := f.now().UnixNano()
	if t := f.checked.Load(); now-t > int64(recheck) && f.checked.CompareAndSwap(t, now) {
		if err := f.load(); err != nil { // half-written, perhaps: what there was stays
			f.log.Error("the changed certificate is not used", "error", err)
		}
	}
	return f.current.Load(), nil
}

// load reads the files unless they are as they were.
func (f *certFiles) load() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamp := ""
	for _, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		stamp += info.ModTime().String() + "/" + strconv.FormatInt(info.Size(), 10) + " "
	}
	if stamp == f.stamp {
		return nil
	}
	c, err := (&TLS{CertFile: f.cert, KeyFile: f.key}).files()
	if err != nil {
		return err
	}
	if f.stamp != "" {
		f.log.Info("the certificate was read again", "file", f.cert)
	}
	f.stamp = stamp
	f.checked.Store(f.now().UnixNano())
	f.current.Store(&c)
	return nil
}

// tlsListener accepts connections whose handshake is done. net/http would do it
// itself, but then it must have the *tls.Conn, and nothing could watch the
// HTTP/1 inside.
type tlsListener struct {
	net.Listener
	config  *tls.Config
	timeout time.Duration
	wrap    func(net.Conn, *tls.ConnectionState) net.Conn

	ready  chan net.Conn
	failed chan error
	ctx    context.Context
	cancel context.CancelFunc
	shakes sync.WaitGroup
	closed func() error
}

func newTLSListener(l net.Listener, config *tls.Config, timeout time.Duration, wrap func(net.Conn, *tls.ConnectionState) net.Conn) *tlsListener {
	t := &tlsListener{Listener: l, config: config, timeout: timeout, wrap: wrap, ready: make(chan net.Conn), failed: make(chan error)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.closed = sync.OnceValue(func() error {
		t.cancel()
		err := t.Listener.Close()
		t.shakes.Wait()
		return err
	})
	t.shakes.Add(1)
	go t.run()
	return t
}

func (t *tlsListener) run() {
	defer t.shakes.Done()
	for {
		c, err := t.Listener.Accept()
		if err != nil {
			select {
			case t.failed <- err: // net/http tells a passing error from the end
			case <-t.ctx.Done():
				return
			}
			continue
		}
		t.shakes.Add(1)
		go func() {
			defer t.shakes.Done()
			t.shake(c)
		}()
	}
}

// shake does one handshake.
func (t *tlsListener) shake(raw net.Conn) {
	ctx, cancel := t.ctx, context.CancelFunc(func() {})
	if t.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
	}
	defer cancel()
	c := tls.Server(raw, t.config)
	if err := c.HandshakeContext(ctx); err != nil {
		var re tls.RecordHeaderError
		if errors.As(err, &re) && re.Conn != nil && looksLikeHTTP(re.RecordHeader) {
			_ = re.Conn.SetWriteDeadline(time.Now().Add(refuseTimeout))
			_, _ = io.WriteString(re.Conn, "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nthis port speaks https\n")
		}
		_ = raw.Close()
		return
	}
	state := c.ConnectionState()
	var out net.Conn = c // net/http wants HTTP/2's as it is
	switch state.NegotiatedProtocol {
	case "h2":
	case "", "http/1.1":
		out = t.wrap(c, &state)
	default: // acme-tls/1: the handshake was all there is
		_ = c.Close()
		return
	}
	select {
	case t.ready <- out:
	case <-t.ctx.Done():
		_ = out.Close()
	}
}

// looksLikeHTTP knows the beginnings of the usual methods.
func looksLikeHTTP(h [5]byte) bool {
	switch string(h[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET":
		return true
	}
	return false
}

func (t *tlsListener) Accept() (net.Conn, error) {
	select {
	case c := <-t.ready:
		return c, nil
	case err := <-t.failed:
		return nil, err
	case <-t.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close ends handshakes that are under way as well. A second time is no error.
func (t *tlsListener) Close() error { return t.closed() }

// redirectHandler sends clients to https. origin is the public origin; when it
// is empty the host that was asked for stands in, without its port.
func redirectHandler(origin string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := strings.TrimSuffix(origin, "/")
		if to == "" {
			host := r.Host
			if h, _, err := net.SplitHostPort(host); err == nil {
				host = h
				if strings.Contains(h, ":") {
					host = "[" + h + "]"
				}
			}
			if host == "" || strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-._:[]") != "" {
				http.Error(w, "the Host is no host", http.StatusBadRequest)
				return
			}
			to = "https://" + host
		}
		if len(r.RequestURI) == 0 || r.RequestURI[0] != '/' {
			http.Error(w, "the request target is no path", http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", to+r.RequestURI)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}
