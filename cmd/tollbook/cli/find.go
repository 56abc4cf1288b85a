package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// workspaceVariable is the environment variable that names the workspace if -w is not given.
const workspaceVariable = "TOLLBOOK_WORKSPACE"

// findWorkspace sets the workspace of a command line without -w: the folder that TOLLBOOK_WORKSPACE names, else the
// nearest folder with tollbook.yaml, from the current folder upwards (CLI-8). If there is none, it remains the current
// folder, and reading its settings fails (noWorkspace).
func (a *App) findWorkspace(cmd *cobra.Command) error {
	if f := cmd.Flag("workspace"); f == nil || f.Changed || slices.Contains(withoutWorkspace(), topOf(cmd)) {
		return nil
	}
	if dir := a.Env(workspaceVariable); dir != "" {
		a.Flags.Workspace = dir
		return nil
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	up := "."
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, settings.File)); err == nil {
			a.Flags.Workspace = up
			return nil
		}
		if filepath.Dir(dir) == dir {
			a.nowhere = here
			return nil
		}
		up = filepath.Join(up, "..")
	}
}

// noWorkspace replaces the problem of a missing settings file by the error that there is no workspace.
func (a *App) noWorkspace(err error) error {
	var problems problem.Problems
	if a.nowhere == "" || !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p problem.Problem) bool {
		return p.Pos.File == settings.File && p.Pos.Line == 0
	}) {
		return err
	}
	return &UsageError{What: fmt.Sprintf("no workspace: neither %s nor a folder above it has %s", a.nowhere,
		settings.File), Hint: "name it with -w DIR or " + workspaceVariable + "; `tollbook init DIR` creates one"}
}

// withoutWorkspace returns the commands that do not search for a workspace.
func withoutWorkspace() []string {
	return []string{"demo", "init", "generate", "focus", "restore", "version", "completion", "man"}
}
