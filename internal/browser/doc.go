// Package browser visits pages that Portico serves, in Chromium: what a
// browser makes of cookies, CORS, caching, compression, server-sent events and
// WebSockets is known only to a browser. testdata/app is a frontend as Vite
// builds and serves it, with its handlers; the portico command serves both.
//
// It is a package for tests and imports nothing of ours. Without Chromium all
// of it is skipped, and what needs Vite without npm. With PORTICO_SCREENSHOTS=dir
// the tests leave pictures of the pages there.
package browser
