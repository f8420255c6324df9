// Package web is the Web platform that scripts see: URL, Headers, Request,
// Response, streams, fetch, crypto and their kin, one file a class or family.
//
// A family is installed lazily: a class that no script touches costs an
// isolate one accessor on the global object.
package web

import (
	"context"
	"log/slog"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Options are what the host decides for all isolates of a site.
type Options struct {
	// Vars is process.env as scripts see it.
	Vars map[string]string
	// Dir is process.cwd(), the project; empty is the process's own.
	Dir string
	// Logger receives console output and reports. It must not be nil.
	Logger *slog.Logger
	// Dev is true in development.
	Dev bool
	// Context ends when the site is closed; work that outlives its request is
	// tied to it.
	Context context.Context
	// Client performs fetches; see NewClient. It must not be nil.
	Client *Client
}

// Env is the Web platform of one isolate: its classes, made when they are
// first needed.
type Env struct {
	slotted []*goja.Object // see slottedProtos
	iso     *js.Isolate
	rt      *goja.Runtime
	opts    *Options

	logAttrs func() []slog.Attr                              // see SetLogAttrs
	source   func(r *Request, input, init goja.Value) Source // see SetSource

	classes // one embedded struct a family, see the families' files
}

type envKey struct{}

// Install defines the globals on an isolate.
func Install(iso *js.Isolate, o *Options) *Env {
	return js.State(iso, envKey{}, func() *Env {
		e := &Env{iso: iso, rt: iso.Runtime(), opts: o}
		for _, install := range families {
			install(e)
		}
		return e
	})
}

// Of returns the environment that Install made on an isolate.
func Of(iso *js.Isolate) *Env {
	return js.State(iso, envKey{}, func() *Env { panic("web.Install has not run on this isolate") })
}

// Isolate is the isolate that the environment belongs to.
func (e *Env) Isolate() *js.Isolate { return e.iso }

// families install the lazy globals of each family, in no particular order.
var families = []func(*Env){
	installEvents,
	installPerformance,
	installURL,
	installBlob,
	installFetch,
	installStreams,
	installModules,
	installTimers,
	installConsole,
	installClone,
	installGlobals,
	installFormData,
	installEncoding,
	installCrypto,
	installCodecStreams,
	installMessages,
	installURLPattern,
	installSockets,
}

// classes holds what families keep an isolate.
type classes struct {
	crypto    cryptoClasses
	buffer    bufferClasses
	iterate   iterateClasses
	url       urlClasses
	blob      blobClasses
	events    eventClasses
	perf      performance
	fetches   fetchClasses
	kit       *streamsKit
	timers    timerState
	intrinsic intrinsics
	console   consoleState
	globals   globalState
	form      formClasses
	encoding  encodingClasses
	codecs    codecClasses
	messages  messageClasses
	node      nodeState
	pattern   patternClasses
	sockets   socketClasses
}

// class returns *slot, made by make when it is nil: a class is built once an
// isolate, when it is first touched.
func class(slot **js.Class, make func() *js.Class) *js.Class {
	if *slot == nil {
		*slot = make()
	}
	return *slot
}

// global defines a lazy global for a class.
func (e *Env) global(name string, get func() *js.Class) {
	e.iso.Lazy(name, func() goja.Value { return get().Ctor })
}
