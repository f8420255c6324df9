package cli

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"
)

// templates has what portico create writes. Files that end in .tmpl are
// filled in; gitignore has no dot, which would make it one of this repository.
//
//go:embed all:template
var templates embed.FS

type createCmd struct {
	Dir        string `arg:"" optional:"" help:"The folder of the new project; . is the current one."`
	API        *bool  `name:"api" negatable:"" help:"Handlers alone, without a page that asks them."`
	SrcDir     *bool  `name:"src-dir" negatable:"" help:"Put app/ into src/."`
	Middleware *bool  `negatable:"" help:"Add an example of middleware."`
	Git        *bool  `negatable:"" help:"Make a git repository, unless the folder is in one (default yes)."`
	Yes        bool   `short:"y" help:"Ask nothing: what no flag says is as usual."`
}

// Run makes the project. On a terminal it asks what no flag has said.
func (c *createCmd) Run(e *env) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !c.Yes && isTerminal(os.Stdin) && isTerminal(e.out.w) {
		if err := c.ask(ctx, os.Stdin, e.out.w, os.Getenv("ACCESSIBLE") != "" || os.Getenv("TERM") == "dumb"); err != nil {
			return err
		}
	}
	if c.Dir == "" {
		return errors.New("create wants a folder for the project\nhint: portico create my-app")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	if err := checkName(filepath.Base(dir)); err != nil {
		return err
	}
	files, err := c.project(filepath.Base(dir))
	if err != nil {
		return err
	}
	made, err := create(ctx, dir, files)
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; nothing was left behind")
	case err != nil:
		return err
	}
	e.out.line(e.out.green("✓ ") + fmt.Sprintf("created %s, %d files", filepath.Base(dir), len(files)-len(made.kept)))
	for _, name := range made.kept {
		e.out.line("  " + name + " was there and stays as it is")
	}
	if slices.Contains(made.kept, ".gitignore") {
		e.out.line("  add .portico/ to it: answers are kept there")
	}
	if said(c.Git, true) {
		if err := initGit(ctx, dir); err != nil {
			// The project is whole without.
			e.err.line(e.err.yellow("warning: ") + "there is no git repository: " + err.Error())
		}
	}
	e.out.line("")
	e.out.line("next:")
	if wd, err := os.Getwd(); err != nil || wd != dir {
		e.out.line(e.out.bold("  cd " + shellWord(c.Dir)))
	}
	e.out.line(e.out.bold("  portico dev"))
	return nil
}

// said is what a flag says, or else what is usual.
func said(flag *bool, usual bool) bool {
	if flag == nil {
		return usual
	}
	return *flag
}

// isTerminal reports whether somebody sits at a stream. /dev/null is a character
// device as well, so that the file's mode does not tell.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// shellWord quotes a path for the shells that people copy commands to.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`/\.:_-~+@`, r)
	}) {
		return `"` + s + `"`
	}
	return s
}

// reserved are names that Windows takes for devices, whatever their extension.
var reserved = strings.Fields("con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9")

// checkName refuses a folder's name that some system cannot have: a project
// is cloned elsewhere.
func checkName(name string) error {
	const hint = "\nhint: a name has letters, digits, - and _, such as my-app"
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case name == "" || name == "/" || name == "." || name == `\`:
		return errors.New("a project is not made at the root of a disk" + hint)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the name %q has characters that cannot be printed"+hint, name)
	case strings.ContainsAny(name, `<>:"|?*\$`+"`"):
		return fmt.Errorf("the name %q has one of "+`<>:"|?*\$`+"` in it"+hint, name)
	case slices.Contains(reserved, stem):
		return fmt.Errorf("the name %q is a device's on Windows"+hint, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return fmt.Errorf("the name %q begins with - or ends with a dot or a space"+hint, name)
	}
	return nil
}

// project is what a new project has: names, with slashes, and texts.
func (c *createCmd) project(name string) (map[string][]byte, error) {
	api := said(c.API, false)
	v := struct {
		Name, Src, Matcher string
		API, Middleware    bool
	}{Name: name, Matcher: "/api/:path*", API: api, Middleware: said(c.Middleware, false)}
	if said(c.SrcDir, false) {
		v.Src = "src/"
	}
	folders := []string{"common", "page"}
	if api {
		folders[1] = "api"
		v.Matcher = "/:path*"
	}
	if v.Middleware {
		folders = append(folders, "middleware")
	}
	files := map[string][]byte{}
	for _, folder := range folders {
		root := "template/" + folder
		err := fs.WalkDir(templates, root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := templates.ReadFile(p)
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(p, root+"/")
			if bare, ok := strings.CutSuffix(name, ".tmpl"); ok {
				name = bare
				t, err := template.New(p).Parse(string(text))
				if err != nil {
					return err
				}
				var b bytes.Buffer
				if err := t.Execute(&b, v); err != nil {
					return err
				}
				text = b.Bytes()
			}
			switch {
			case name == "gitignore":
				name = ".gitignore"
			case strings.HasPrefix(name, "app/"), name == "middleware.ts":
				name = v.Src + name
			}
			files[name] = text
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	types, err := typeFiles()
	if err != nil {
		return nil, err
	}
	maps.Copy(files, types)
	return files, nil
}

// typesDir is where a project's tsconfig.json looks for what editors know of
// next/server and its kin.
const typesDir = ".portico/types"

// typeFiles are the declarations of this version, by their names in a project.
func typeFiles() (map[string][]byte, error) {
	list, err := fs.ReadDir(templates, "template/types")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, d := range list {
		if files[typesDir+"/"+d.Name()], err = templates.ReadFile("template/types/" + d.Name()); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// refreshTypes writes the declarations of this version into a project whose
// tsconfig.json asks for them: a clone has none, and those of an older version
// are old. It reports whether it wrote any.
func refreshTypes(dir string) (wrote bool, err error) {
	config, err := os.ReadFile(filepath.Join(dir, "tsconfig.json"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Contains(config, []byte(typesDir)) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	files, err := typeFiles()
	if err != nil {
		return false, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false, err
	}
	defer root.Close()
	for name, text := range files {
		if old, err := root.ReadFile(name); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := root.MkdirAll(typesDir, 0o755); err != nil {
			return wrote, err
		}
		// An editor never reads half a file.
		part := name + ".part"
		if err := root.WriteFile(part, text, 0o644); err != nil {
			return wrote, err
		}
		if err := root.Rename(part, name); err != nil {
			return wrote, errors.Join(err, root.Remove(part))
		}
		wrote = true
	}
	return wrote, nil
}

// welcome are names that a folder may have before it becomes a project: those of
// version control, editors and systems. README.md and .gitignore stay as they
// are.
var welcome = []string{
	".git", ".gitattributes", ".gitignore", ".github", ".gitlab-ci.yml", ".hg", ".hgignore", ".jj", ".idea", ".vscode", ".editorconfig",
	".DS_Store", "Thumbs.db", "LICENSE", "LICENSE.md", "LICENSE.txt", "README.md",
}

// made says what create has done.
type made struct {
	kept []string // files that were there
}

// create writes files to a folder that is not there, or empty but for what is
// welcome. All of them are there in the end, or nothing is: they are written to
// a folder beside, or inside of one that is there, and moved in one step, or one
// for each name at the top.
func create(ctx context.Context, dir string, files map[string][]byte) (m made, err error) {
	there := false
	switch info, err := os.Stat(dir); {
	case err == nil && !info.IsDir():
		return m, fmt.Errorf("%s is a file\nhint: choose a name that is not taken", dir)
	case err == nil:
		there = true
		if m.kept, err = keeps(dir, files); err != nil {
			return m, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return m, err
	}
	parent := dir // of what is written before it is moved
	if !there {
		parent = filepath.Dir(dir)
		undo, err := mkdirs(parent)
		if err != nil {
			return m, err
		}
		return m, stage(ctx, parent, files, nil, func(staged string) error {
			if err := os.Chmod(staged, 0o755); err != nil { // MkdirTemp's is for its user alone
				return err
			}
			return os.Rename(staged, dir)
		}, undo)
	}
	return m, stage(ctx, parent, files, m.kept, func(staged string) error { return moveInto(ctx, staged, dir) }, func() {})
}

// keeps returns the files that stay as they are in a folder, or an error that
// names what is in the way.
func keeps(dir string, files map[string][]byte) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var kept, wrong []string
	for _, d := range list {
		name := d.Name()
		switch _, ours := files[name]; {
		case !slices.Contains(welcome, name):
			if d.IsDir() {
				name += "/"
			}
			wrong = append(wrong, name)
		case ours:
			kept = append(kept, name)
		}
	}
	if len(wrong) == 0 {
		return kept, nil
	}
	const most = 8
	text := strings.Join(wrong[:min(len(wrong), most)], ", ")
	if n := len(wrong) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return nil, fmt.Errorf("%s is not empty: there is %s\nhint: choose another folder, or move these; nothing is ever overwritten", dir, text)
}

// mkdirs makes a folder with those above it, and returns what takes them away
// again as long as they are empty.
func mkdirs(dir string) (undo func(), err error) {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		missing = append(missing, d)
	}
	undo = func() {
		for _, d := range missing {
			if os.Remove(d) != nil {
				return // somebody else uses it by now
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

// stage writes files but those that are kept to a new folder in parent, and
// has them moved. When that fails the folder goes, and undo is called.
func stage(ctx context.Context, parent string, files map[string][]byte, kept []string, move func(staged string) error, undo func()) (err error) {
	staged, err := os.MkdirTemp(parent, ".portico-create-")
	if err != nil {
		undo()
		return err
	}
	defer func() {
		// After a success it is gone already, or empty.
		if gone := os.RemoveAll(staged); gone != nil && err == nil {
			err = gone
		} else if gone != nil {
			err = errors.Join(err, gone)
		}
		if err != nil {
			undo()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if slices.Contains(kept, name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		file := filepath.Join(staged, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return move(staged)
}

// moveInto moves all that is in one folder to another, which stays the same
// folder: a shell may stand in it. When it fails, what was moved goes back.
func moveInto(ctx context.Context, from, to string) (err error) {
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	var moved []string
	defer func() {
		if err == nil {
			return
		}
		for _, name := range moved {
			err = errors.Join(err, os.Rename(filepath.Join(to, name), filepath.Join(from, name)))
		}
	}()
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		target := filepath.Join(to, d.Name())
		if _, err := os.Lstat(target); err == nil {
			return fmt.Errorf("%s came meanwhile\nhint: nothing is ever overwritten", target)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(filepath.Join(from, d.Name()), target); err != nil {
			return err
		}
		moved = append(moved, d.Name())
	}
	return nil
}

// initGit makes a repository of a folder that is in none. A machine without git
// needs none.
func initGit(ctx context.Context, dir string) error {
	git, err := exec.LookPath("git")
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	inside := exec.CommandContext(ctx, git, "rev-parse", "--is-inside-work-tree")
	inside.Dir = dir
	if inside.Run() == nil {
		return nil
	}
	init := exec.CommandContext(ctx, git, "init", "--quiet")
	init.Dir = dir
	if text, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w: %s", err, bytes.TrimSpace(text))
	}
	return nil
}

// updateTypes is refreshTypes for a server, which works without.
func (e *env) updateTypes(dir string) {
	wrote, err := refreshTypes(dir)
	switch {
	case err != nil:
		e.err.line(e.err.yellow("warning: ") + "the types for editors are not up to date: " + err.Error())
	case wrote:
		e.out.line(e.out.dim("types for editors: " + path.Join(filepath.ToSlash(dir), typesDir)))
	}
}
