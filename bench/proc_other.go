//go:build !unix

package main

import "os/exec"

func bind(*exec.Cmd) {}

func terminate(c *exec.Cmd) { _ = c.Process.Kill() } // an error: it is gone

func kill(c *exec.Cmd) { _ = c.Process.Kill() }
