package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// Client asks a server on its socket. Its errors are for people: the text, and
// a hint on a line of its own.
type Client struct {
	path string
	http *http.Client
}

// NewClient makes a Client for "unix:" and a path. It connects when it asks.
func NewClient(addr string) (*Client, error) {
	path, ok := strings.CutPrefix(addr, "unix:")
	if !ok || path == "" {
		return nil, &Problem{Text: strconv.Quote(addr) + " is no admin socket", Hint: "it is a unix socket, such as unix:/run/app/admin.sock"}
	}
	return &Client{path: path, http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}}, nil
}

// List asks for the entries of a kind, "" for all; limit 0 is the server's own.
func (c *Client) List(ctx context.Context, kind string, limit int) (*List, error) {
	q := url.Values{}
	if kind != "" {
		q.Set("kind", kind)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return ask[List](ctx, c, http.MethodGet, "/cache?"+q.Encode(), nil)
}

// Show asks for an entry by its key, by the first digits of that, or by the path
// that it answers, which begins with a slash.
func (c *Client) Show(ctx context.Context, what string) (*Detail, error) {
	if strings.HasPrefix(what, "/") {
		return ask[Detail](ctx, c, http.MethodGet, "/cache/show?"+url.Values{"path": {what}}.Encode(), nil)
	}
	return ask[Detail](ctx, c, http.MethodGet, "/cache/"+url.PathEscape(what), nil)
}

// Purge drops entries.
func (c *Client) Purge(ctx context.Context, p Purge) (*Purged, error) {
	return ask[Purged](ctx, c, http.MethodPost, "/cache/purge", p)
}

func ask[T any](ctx context.Context, c *Client, method, target string, body any) (*T, error) {
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		send = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://admin"+target, send)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		p := &Problem{}
		if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(p); err != nil || p.Text == "" {
			return nil, &Problem{Text: fmt.Sprintf("what listens on %s is no admin socket: it answered %s", c.path, res.Status)}
		}
		return nil, p
	}
	answer := new(T)
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return nil, fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	return answer, nil
}

// explain says what a person can do about a socket that does not answer.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return &Problem{Text: "no server listens on " + c.path, Hint: "is it running, and was it started with --admin unix:" + c.path + " or with server.admin in its configuration"}
	case errors.Is(err, fs.ErrPermission):
		return &Problem{Text: "this user may not open " + c.path, Hint: "it is for the user that the server runs as"}
	}
	return &Problem{Text: c.path + ": " + err.Error()}
}
