package bundle

// Outline is what a transformation of a module's text has to know of it.
// It is the script engine's parser that makes it. The types are literal ones,
// the same as in package js, where each field is explained.
type Outline = struct {
	Directives        []Directive
	Stray             []Directive
	Functions         []Function
	Declarations      []Declaration
	Statements, Empty []int
}

// Directive is a string that stands alone as a statement (ECMA-262 §11.2.1).
type Directive = struct {
	Text   string
	At     int
	Module bool // it stands at the top of the module, and not in a function
}

// Function is a function in an Outline.
type Function = struct {
	Kind               string
	Name               string
	Own                bool
	Async, Generator   bool
	Start, End         int
	Parameters         int
	Arity              int
	Rest               bool
	Directives         []Directive
	This, Super, Outer int
	Arguments          bool
	Captured           []string
}

// Declaration is a name declared at the top of a module.
type Declaration = struct {
	Name            string
	At              int
	Function        int
	Class           bool
	Pattern         bool
	Literal         bool
	Value, ValueEnd int
}
