// Package security has the attacks that neighbours of Portico fell to, each as
// a test against the real binary: a project is written, the portico command
// serves it, and the test speaks to its socket, byte for byte where that
// matters. A test is named by its card on docs/security.md, which says what the
// lesson was and which cards have no test yet; TestPage compares the two.
//
// It is a package for tests and imports nothing of ours.
package security
