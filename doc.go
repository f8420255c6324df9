// Package portico serves a front end's back end from one Go binary: Next.js
// route handlers written in TypeScript, and ordinary net/http handlers
// registered in Go, on one table of routes.
//
//	app := portico.New(portico.Config{Dir: "."})
//	app.Route("/api/users/[id]", portico.Handlers{GET: getUser})
//	app.Expose("users", portico.Funcs{"find": portico.Func(find)})
//	err := app.Run(ctx)
//
// An App is an http.Handler too, once Load has succeeded.
//
// # Routes
//
// A script's route is a file app/<pattern>/route.ts (or .tsx, .js, .jsx, .mjs,
// .mts; or below src/app) that exports a function for each method. Go's is
// registered with Route. Both write a pattern in the same way:
//
//	/api/users             exactly this path
//	/api/users/[id]        one segment: r.PathValue("id")
//	/files/[...path]       one or more segments: r.PathValue("path") is "a/b"
//	/docs/[[...path]]      zero or more segments
//
// Of several patterns that match a path the exact one wins, then the one whose
// first different segment is the more particular: text before [id] before
// [...path] before [[...path]]. It makes no difference which of them Go has
// and which a file. Two patterns that no path could choose between are an
// error of Load, which names both places.
//
// In folder names, (group) and @slot are no part of the path, and what is
// below _private is not served; patterns in Go have none of that.
//
// A route answers HEAD with its GET and OPTIONS with the list of its methods;
// other methods get 405 with Allow. Paths are cleaned once, before anything
// looks at them: runs of slashes and a slash at the end are redirected, and
// what can be read in two ways is refused with 400.
//
// # Errors
//
// Errors of loading have the form
//
//	app/api/users/route.ts:12:3: what is wrong
//	hint: what to do about it
//
// and several are joined as [errors.Join] does. A handler that fails is
// answered with a status, an id, and nothing else; the log has the cause under
// that id. Config.Dev shows it to the client as well.
package portico
