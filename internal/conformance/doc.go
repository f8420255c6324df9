// Package conformance replays recorded conversations with Next.js against
// Portico. A fixture app has a transcript.txt: requests, what each version of
// Next.js answered to them (written by record/record.mjs, never by hand), and
// where Portico answers differently on purpose, what it answers and why.
// FORMAT.md describes the file.
//
// It is a package for tests and imports only the standard library.
package conformance
