package web

import _ "embed"

var (
	//go:embed streams/core.js
	streamsCore string
	//go:embed streams/readable.js
	streamsReadable string
	//go:embed streams/iterate.js
	streamsIterate string
	//go:embed streams/bytes.js
	streamsBytes string
	//go:embed streams/bytetee.js
	streamsByteTee string
	//go:embed streams/writable.js
	streamsWritable string
	//go:embed streams/transform.js
	streamsTransform string
	//go:embed streams/host.js
	streamsHost string
	//go:embed streams/transfer.js
	streamsTransfer string
)

// streamsScripts are the scripts of the Streams standard. The value of each is a
// function (host, s); calling them in this order with one host and one empty
// object s leaves the classes and, as internals, the functions for Go in
// s.exports. streams/core.js says what host gives.
var streamsScripts = [...]struct{ name, source string }{
	{"streams/core.js", streamsCore},
	{"streams/readable.js", streamsReadable},
	{"streams/iterate.js", streamsIterate},
	{"streams/bytes.js", streamsBytes},
	{"streams/bytetee.js", streamsByteTee},
	{"streams/writable.js", streamsWritable},
	{"streams/transform.js", streamsTransform},
	{"streams/host.js", streamsHost},
	{"streams/transfer.js", streamsTransfer},
}
