package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// workspaceOf returns the workspace that a command finds from the current folder, or the message of its failure.
func workspaceOf(t *testing.T, env map[string]string, args ...string) (workspace, failure string) {
	t.Helper()
	var told bytes.Buffer
	a := New(nil, &bytes.Buffer{}, &told, func(name string) string { return env[name] }, nil)
	reader := &cobra.Command{Use: "bill", RunE: func(*cobra.Command, []string) error {
		workspace = a.Flags.Workspace
		_, err := a.Open()
		return err
	}}
	a.Run(a.Root(Group{Title: Rare, Commands: []*cobra.Command{reader}}), append([]string{"bill", "-q"}, args...))
	return workspace, told.String()
}

// TestWorkspaceIsFound tests CLI-8. It changes the current folder, so it is not parallel.
func TestWorkspaceIsFound(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "billing", "inbox", "usage")
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "billing", "tollbook.yaml"), []byte("zone: [\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	if got, _ := workspaceOf(t, nil); got != filepath.Join("..", "..") {
		t.Errorf("from a folder below: %q", got)
	}
	env := map[string]string{workspaceVariable: "/elsewhere"}
	if got, _ := workspaceOf(t, env); got != "/elsewhere" {
		t.Errorf("by the variable: %q", got)
	}
	if got, _ := workspaceOf(t, env, "-w", "here"); got != "here" {
		t.Errorf("by -w: %q", got)
	}
	t.Chdir(filepath.Join(dir, "billing"))
	if got, told := workspaceOf(t, nil); got != "." || !strings.Contains(told, "tollbook.yaml:1:") {
		t.Errorf("in it: %q, %s", got, told)
	}
	t.Chdir(dir)
	_, told := workspaceOf(t, nil)
	want := "tollbook: no workspace: neither " + dir + " nor a folder above it has tollbook.yaml\n" +
		"    hint: name it with -w DIR or TOLLBOOK_WORKSPACE; `tollbook init DIR` creates one\n"
	if told != want {
		t.Errorf("above it: %q, want %q", told, want)
	}
}
