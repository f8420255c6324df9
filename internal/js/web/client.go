package web

// Client performs the fetches of all isolates of a site; it is safe for
// concurrent use.
type Client struct{}
