// Package portico serves a front end's back end from one Go binary: Next.js
// Route Handlers written in TypeScript, and ordinary net/http handlers written
// in Go, on one table of routes.
//
//	app := portico.New(portico.Config{Dir: "."}) // the folder that holds app/
//	app.Route("/api/users/[id]", portico.Handlers{GET: getUser})
//	app.Expose("users", portico.Funcs{"find": portico.Func(find)})
//	err := app.Run(ctx)
//
// # Patterns
//
// Routes are named as Next.js names the folders of an app directory, in Go as
// on disk:
//
//	/api/users           static segments
//	/api/users/[id]      [id] is one segment
//	/files/[...path]     [...path] is one or more segments, to the end
//	/docs/[[...path]]    [[...path]] is zero or more segments, to the end
//
// At each position a static segment is tried before [id], [id] before
// [...path], and that before [[...path]], whether the route is Go's or a file's.
// The same pattern twice, or two names for one position, is an error of
// [App.Load] that names both places.
//
// A Go handler is a [net/http.Handler] like any other. It reads a parameter with
// r.PathValue("id"), decoded once, and the pattern with r.Pattern. HEAD, OPTIONS
// and 405 come by themselves.
//
// # Loading
//
// [App.Load] reads the project, compiles and evaluates it, and only then puts it
// in the place of the one before, whose requests end on the old one. What is
// registered with [App.Route], [App.Handle], [App.Use] and [App.Expose] takes
// effect with the next Load. An error of Load joins all problems that were
// found, one a line, with their places, and hints on lines of their own.
//
// [App.Run] loads, listens and serves until its context ends, and then lets
// requests finish. An App is also an http.Handler; then Load and [App.Close] are
// the caller's. Two Apps may live in one process.
//
// # In front of the routes
//
// A project's next.config or portico.config is read as it stands, and its
// middleware.ts or proxy.ts runs in front of Go's routes and scripts' alike. What
// a program sets in [Config] wins over the file. A request meets the check of its
// host and of its path, CORS and CSRF, the configuration's redirects and headers,
// what is given to [App.Use], the project's middleware, and then rewrites and
// routes, in the order in which Next.js has them; [Loaded] lists them.
// docs/configuration.md has all settings.
//
// # Scripts
//
// Scripts run in [Config.Isolates] engines side by side, one for each processor
// by default. Many requests take turns on each, at their awaits. Module scope
// exists once in each engine. A script that computes for longer than
// [Config.JobLimit] ends with 503, one that does not answer within
// [Config.HandlerTimeout] with 504; the requests beside it go on.
//
// [Func] makes a Go function callable from scripts, which import it from
// "go:" and the name given to Expose. It runs outside the engines and may block.
//
// Package porticotest runs an App inside a test.
package portico
