// Package portico serves a front end's back end from one Go binary: Next.js
// route handlers written in TypeScript, and ordinary net/http handlers
// registered in Go, on one table of routes.
package portico
