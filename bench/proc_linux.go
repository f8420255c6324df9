package main

import "syscall"

// dieWithParent ends the server also when bench is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
