package cli

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"charm.land/huh/v2"
)

// ask asks a person what the flags of create leave open. An accessible form is
// plain lines, for screen readers and terminals that cannot move the cursor.
func (c *createCmd) ask(ctx context.Context, in io.Reader, out io.Writer, accessible bool) error {
	var fields []huh.Field
	dir := c.Dir
	if dir == "" {
		dir = "my-app"
		fields = append(fields, huh.NewInput().Title("What is the project called?").Value(&dir).Validate(func(s string) error {
			if s == "" {
				s = "my-app"
			}
			abs, err := filepath.Abs(s)
			if err != nil {
				return err
			}
			return checkName(filepath.Base(abs))
		}))
	}
	// What the flags have said is not asked.
	type question struct {
		flag  **bool
		yes   bool
		title string
	}
	questions := []*question{
		{&c.API, false, "Handlers alone, without a page that asks them?"},
		{&c.SrcDir, false, "Put app/ into src/?"},
		{&c.Middleware, false, "Add an example of middleware?"},
		{&c.Git, true, "Make a git repository?"},
	}
	for _, q := range questions {
		if *q.flag == nil {
			fields = append(fields, huh.NewConfirm().Title(q.title).Value(&q.yes))
		}
	}
	if len(fields) == 0 {
		return nil
	}
	form := huh.NewForm(huh.NewGroup(fields...)).WithInput(in).WithOutput(out).WithAccessible(accessible)
	if err := form.RunWithContext(ctx); errors.Is(err, huh.ErrUserAborted) || err != nil && ctx.Err() != nil {
		return errors.New("nothing was created")
	} else if err != nil {
		return err
	}
	if c.Dir = dir; dir == "" {
		c.Dir = "my-app"
	}
	for _, q := range questions {
		if *q.flag == nil {
			*q.flag = &q.yes
		}
	}
	return nil
}
