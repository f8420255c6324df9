// Package cluster has the promises of several nodes on one Redis, each as a
// test against the real binary: three processes serve one project, an upstream
// in the test counts what it is asked for, and processes are killed, the
// server's among them. The server is redis-server or valkey-server where one is
// installed, else one in the test's process.
//
// It is a package for tests and imports nothing of ours.
package cluster
