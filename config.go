package portico

import (
	"io/fs"
	"log/slog"
	"net"
	"time"
)

// Config is what an App is made from. The zero value is a server of Go routes
// alone on port 3000.
type Config struct {
	// Dir is the project: the folder that holds app/ or src/app/, package.json,
	// tsconfig.json and .env files. Empty means that there are Go routes only,
	// unless FS is set.
	Dir string
	// FS holds the project in place of Dir, for programs that embed theirs:
	//
	//	//go:embed all:app tsconfig.json
	//	var project embed.FS
	FS fs.FS
	// Dev is development: Run watches the project and swaps it in when it
	// changes, and errors are shown to the client.
	Dev bool
	// Environ is what scripts see as process.env, below what .env files add, in
	// the form of os.Environ. Nil is os.Environ().
	Environ []string
	// Addr is where Run listens, as net.Listen takes it. Empty is ":3000".
	Addr string
	// PublicOrigin is the origin under which clients reach the server, such as
	// "https://example.com": that of request.url. Empty takes the request's
	// Host header.
	PublicOrigin string
	// HandlerTimeout is how long a script may take until it returns a Response;
	// then the client gets a 504. Streaming the body may take longer. 0 is one minute.
	HandlerTimeout time.Duration
	// JobLimit is how long a script may compute without an await; then it is
	// stopped and its client gets a 503. 0 is ten seconds.
	JobLimit time.Duration
	// DrainTimeout is how long Run waits for requests under way when it is told
	// to stop. 0 is 30 seconds.
	DrainTimeout time.Duration
	// Isolates is how many script engines run side by side. 0 is GOMAXPROCS.
	// Module scope exists once in each.
	Isolates int
	// Logger receives errors and the scripts' console. Nil is slog.Default().
	Logger *slog.Logger

	// OnListen is called by Run when the server accepts connections.
	OnListen func(net.Addr)
	// OnLoad is called after each load, with its outcome.
	OnLoad func(Loaded)
}

// Loaded is the outcome of a load.
type Loaded struct {
	// Took is how long it took.
	Took time.Duration
	// Err is why the project was not loaded, nil when it was.
	Err error
	// Routes are in the order in which they are tried.
	Routes []RouteInfo
	// Warnings explain what is in the project and does nothing.
	Warnings []string
	// EnvFiles are the .env files that were read.
	EnvFiles []string
}

// RouteInfo describes a route of the table.
type RouteInfo struct {
	Pattern string `json:"pattern"`
	// Source is the route's file, or the Go file and line of its registration.
	Source string `json:"source"`
	// Methods are in alphabetical order; empty means any.
	Methods []string `json:"methods"`
}
