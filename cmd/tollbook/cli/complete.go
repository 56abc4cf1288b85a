package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// maxCompletions is how many ids a shell is offered at most: a workspace can have millions.
const maxCompletions = 1000

// completeValues makes shells complete the values of --cycle, --customer and --partner, of a command and all below it,
// by those that the workspace has. Where it cannot be read, nothing is offered.
func (a *App) completeValues(cmd *cobra.Command) {
	for name, complete := range map[string]cobra.CompletionFunc{
		"cycle": a.completeCycle, "customer": a.completeCustomer, "partner": a.completePartner,
	} {
		if cmd.LocalNonPersistentFlags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails for a flag that is not there alone
		}
	}
	for _, below := range cmd.Commands() {
		a.completeValues(below)
	}
}

// completeCycle offers the cycles of the lake. It does not need the books.
func (a *App) completeCycle(_ *cobra.Command, _ []string, begun string) (out []string, _ cobra.ShellCompDirective) {
	s, err := settings.Load(workspace.SettingsFile(a.Flags.Workspace))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if a.Flags.Lake != "" {
		s.Lake.Path = a.Flags.Lake
	}
	err = a.ReadOf(&workspace.Workspace{Dir: a.Flags.Workspace, Settings: s}, func(snap *lake.Snapshot) error {
		out = nil
		for i := range snap.Manifest.Cycles {
			if c := &snap.Manifest.Cycles[i]; strings.HasPrefix(c.Cycle, begun) {
				out = append(out, cobra.CompletionWithDesc(c.Cycle, string(c.State)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeCustomer offers the ids of customers, with their newest names.
func (a *App) completeCustomer(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.completeID(begun, func(b *books.Books, offer func(id, name string) bool) {
		for i := range b.Customers {
			c := &b.Customers[i]
			if !offer(c.ID, c.Rows[len(c.Rows)-1].Name) {
				return
			}
		}
	})
}

// completePartner offers the ids of partners, with their newest names.
func (a *App) completePartner(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.completeID(begun, func(b *books.Books, offer func(id, name string) bool) {
		for i := range b.Partners {
			p := &b.Partners[i]
			if !offer(p.ID, p.Rows[len(p.Rows)-1].Name) {
				return
			}
		}
	})
}

// completeID offers the ids of a book that begin with what was typed.
func (a *App) completeID(begun string, each func(b *books.Books, offer func(id, name string) bool)) (out []string,
	_ cobra.ShellCompDirective) {
	w, err := a.Open()
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
