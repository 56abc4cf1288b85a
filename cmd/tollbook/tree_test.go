package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// commandPaths returns all commands of this version (§7.3).
func commandPaths() []string {
	return []string{
		"tollbook",
		"tollbook backup",
		"tollbook bandwidth",
		"tollbook bill",
		"tollbook check",
		"tollbook close",
		"tollbook completion",
		"tollbook console",
		"tollbook demo",
		"tollbook doctor",
		"tollbook documents",
		"tollbook explain",
		"tollbook export",
		"tollbook focus",
		"tollbook focus check",
		"tollbook generate",
		"tollbook incentives",
		"tollbook ingest",
		"tollbook init",
		"tollbook invoice",
		"tollbook keys",
		"tollbook keys add",
		"tollbook keys list",
		"tollbook keys revoke",
		"tollbook man",
		"tollbook packages",
		"tollbook prune",
		"tollbook publish",
		"tollbook query",
		"tollbook quote",
		"tollbook rebucket",
		"tollbook rejects",
		"tollbook rejects costs",
		"tollbook rejects dismiss",
		"tollbook rejects restore",
		"tollbook rerate",
		"tollbook reset",
		"tollbook restore",
		"tollbook restore-head",
		"tollbook run",
		"tollbook run monthly",
		"tollbook run nightly",
		"tollbook runs",
		"tollbook runs show",
		"tollbook schedule",
		"tollbook serve",
		"tollbook statement",
		"tollbook verify",
		"tollbook version",
		"tollbook worker",
	}
}

func testApp() *cli.App {
	return cli.New(nil, &bytes.Buffer{}, &bytes.Buffer{}, program.NoEnv, noon)
}

// walk calls visit for a command and all its subcommands.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		if sub.Name() != "help" {
			walk(sub, visit)
		}
	}
}

// TestTree tests CLI-5.
func TestTree(t *testing.T) {
	t.Parallel()
	var found []string
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		found = append(found, cmd.CommandPath())
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short %q, Long %q, Example %q", cmd.CommandPath(), cmd.Short, cmd.Long, cmd.Example)
		}
		for line := range strings.Lines(cmd.Example) {
			parseExample(t, strings.TrimSpace(line), cmd)
		}
		if !cmd.HasParent() {
			return
		}
		var help bytes.Buffer
		cmd.SetOut(&help)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Exit codes:", "  0  done", "  2  nothing done", "  3  failed"} {
			if !strings.Contains(help.String(), want) {
				t.Errorf("%s --help lacks %q", cmd.CommandPath(), want)
			}
		}
		for _, hidden := range []string{"--fault", "--stop-at", "--batch-rows", "--chunk-bytes", "--task-bytes",
			"--cut-bytes"} {
			if strings.Contains(help.String(), hidden) {
				t.Errorf("%s --help shows %s", cmd.CommandPath(), hidden)
			}
		}
	})
	if got, want := strings.Join(found, "\n"), strings.Join(commandPaths(), "\n"); got != want {
		t.Errorf("commands:\n%s\nwant:\n%s", got, want)
	}
}

// parseExample checks that an example is a valid command line of the command that has it.
func parseExample(t *testing.T, line string, of *cobra.Command) {
	t.Helper()
	args := strings.Fields(line)
	if len(args) < 2 || args[0] != "tollbook" {
		t.Errorf("%s: example %q does not start with tollbook", of.CommandPath(), line)
		return
	}
	root := commands.New(testApp())
	cmd, rest, err := root.Find(args[1:])
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: example %q: %v", of.CommandPath(), line, err)
		return
	}
	if of.HasParent() && !strings.HasPrefix(cmd.CommandPath(), of.CommandPath()) {
		t.Errorf("%s: example %q is of %s", of.CommandPath(), line, cmd.CommandPath())
	}
}

// TestCommandPage checks that docs/cli.md is what `go generate ./cmd/tollbook` writes (MANUAL-1).
func TestCommandPage(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	if err := commands.ManPage(commands.New(testApp()), &page); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), page.String()); diff != "" {
		t.Errorf("docs/cli.md (-page +commands); `go generate ./cmd/tollbook` writes it:\n%s", diff)
	}
}
