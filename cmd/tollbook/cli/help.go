package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// Group is a group of commands in the help of the program.
type Group struct {
	Title    string
	Commands []*cobra.Command
}

// Rare is the group of the commands that most workspaces never need.
const Rare = "Rare"

// helpExamples is the number of examples that the help of a command shows. The manual shows all.
const helpExamples = 2

// usageOf prints the part of a command's help that follows its description.
func usageOf(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
	}
	examples := strings.SplitAfter(cmd.Example+"\n", "\n")
	if cmd.HasParent() {
		examples = examples[:min(len(examples), helpExamples)]
	}
	fmt.Fprintf(&b, "\nExamples:\n%s", strings.TrimRight(strings.Join(examples, ""), "\n")+"\n")
	list := func(title, group string) {
		fmt.Fprintf(&b, "\n%s:\n", title)
		for _, sub := range cmd.Commands() {
			if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
				fmt.Fprintf(&b, "  %s %s\n", fmt.Sprintf("%-*s", sub.NamePadding(), sub.Name()), sub.Short)
			}
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	if cmd.HasParent() && cmd.HasAvailableSubCommands() {
		list("Commands", "")
	}
	fmt.Fprintf(&b, "\nFlags:\n%s", cmd.LocalFlags().FlagUsages())
	if cmd.HasParent() {
		var global []string
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				global = append(global, "--"+f.Name)
			}
		})
		fmt.Fprintf(&b, "\nGlobal flags (`tollbook --help`): %s\n", strings.Join(global, ", "))
		fmt.Fprintf(&b, "\nExit codes:\n%s\n", cmd.Annotations["exit"])
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// next returns the command that follows in the workspace of the command line, or how to begin without one.
func (a *App) next(root *cobra.Command) string {
	err := a.findWorkspace(root)
	if a.nowhere != "" || err != nil {
		return "tollbook demo, or tollbook init DIR for your own data"
	}
	name := "tollbook "
	if a.Flags.Workspace != "." {
		name += "-w " + Word(a.Flags.Workspace) + " "
	}
	w, err := OpenSettings(a)
	if err != nil {
		return name + "check"
	}
	l, err := w.Lake(workspace.Options{Log: a.Log})
	if err != nil {
		return name + "doctor"
	}
	snap, err := l.Head()
	if err != nil || jobs.NotEmptied(w.Dir, w.LakeName(), snap) != nil {
		return name + "doctor"
	}
	cycle, ok := snap.Manifest.OldestOpen()
	ref, _ := snap.Cycle(lake.CycleOf(cycle))
	switch ended := ok && w.Settings.Zone.Bounds(cycle).To <= period.Instant(a.Clock().UnixMicro()); {
	case !ok:
		return name + "check, then feed files in " + w.Dir + "/inbox and " + name + "run nightly"
	case ended && ref.MonthEnd:
		return name + "close --cycle " + cycle.String()
	case ended && ref.Files != nil:
		return name + "run monthly --cycle " + cycle.String()
	}
	return name + "run nightly"
}
