package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// maxCompletions is the maximum number of ids offered to a shell: a workspace can have millions.
const maxCompletions = 1000

// completion offers the values of --cycle, --customer and --partner that a workspace has. If the workspace cannot be
// read, nothing is offered.
type completion struct {
	open   func() (*workspace.Workspace, error)
	cycles func() ([]lake.CycleRef, error) // of the lake
}

// register makes shells complete the flags of a command and of all below it.
func (c completion) register(cmd *cobra.Command) {
	for name, complete := range map[string]cobra.CompletionFunc{
		"cycle": c.cycle, "customer": c.customer, "partner": c.partner,
	} {
		if cmd.Flags().Lookup(name) != nil { // before the command line is parsed: the command's own flags only
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails only for an unknown flag
		}
	}
	for _, below := range cmd.Commands() {
		c.register(below)
	}
}

// cycle offers the cycles of the lake. It does not need the books.
func (c completion) cycle(_ *cobra.Command, _ []string, begun string) (out []string, _ cobra.ShellCompDirective) {
	cycles, err := c.cycles()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for i := range cycles {
		if name := cycles[i].Cycle.String(); strings.HasPrefix(name, begun) {
			out = append(out, cobra.CompletionWithDesc(name, string(cycles[i].State)))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// customer offers the ids of customers, with their newest names.
func (c completion) customer(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return c.id(begun, func(b *books.Books, offer func(id, name string) bool) {
		for i := range b.Customers {
			one := &b.Customers[i]
			if !offer(one.ID, one.Rows[len(one.Rows)-1].Name) {
				return
			}
		}
	})
}

// partner offers the ids of partners, with their newest names.
func (c completion) partner(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return c.id(begun, func(b *books.Books, offer func(id, name string) bool) {
		for i := range b.Partners {
			p := &b.Partners[i]
			if !offer(p.ID, p.Rows[len(p.Rows)-1].Name) {
				return
			}
		}
	})
}

// id offers the ids of a book that begin with what was typed.
func (c completion) id(begun string, each func(b *books.Books, offer func(id, name string) bool)) (out []string,
	_ cobra.ShellCompDirective) {
	w, err := c.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	each(w.Books, func(id, name string) bool {
		if strings.HasPrefix(id, begun) {
			out = append(out, cobra.CompletionWithDesc(id, name))
		}
		return len(out) < maxCompletions
	})
	return out, cobra.ShellCompDirectiveNoFileComp
}

// cycles returns the cycles of the lake without reading the books.
func (a *App) cycles() (list []lake.CycleRef, err error) {
	s, err := settings.Load(workspace.SettingsFile(a.Flags.Workspace))
	if err != nil {
		return nil, err
	}
	if a.Flags.Lake != "" {
		s.UseLake(a.Flags.Lake)
	}
	err = a.ReadOf(&workspace.Workspace{Dir: a.Flags.Workspace, Settings: s}, func(snap *lake.Snapshot) error {
		list = slices.Clone(snap.Manifest.Cycles)
		return nil
	})
	return list, err
}
