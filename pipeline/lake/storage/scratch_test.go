package storage

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMain creates a folder and is then killed, if the environment requests it.
func TestMain(m *testing.M) {
	if parent := os.Getenv("SCRATCH_TEST_PARENT"); parent != "" {
		f, err := NewScratch(parent, "rows")
		if err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path, "part"), []byte("rows"), 0o600); err != nil {
			panic(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			panic(err)
		}
		_ = self.Kill()
		select {}
	}
	os.Exit(m.Run())
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestKilledProcessesLeaveNothing tests SCRATCH-2: creating a folder removes the leftovers of killed processes; folders
// of running processes and files of other programs remain.
func TestKilledProcessesLeaveNothing(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	mine, err := NewScratch(parent, "serve")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"tollbook-notes", "tollbook-made-x1", "made-1"} {
		if err := os.Mkdir(filepath.Join(parent, other), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "SCRATCH_TEST_PARENT="+parent)
		if err := child.Run(); err == nil {
			t.Fatal("the process was not killed")
		}
		if n := len(names(t, parent)); n != 5 {
			t.Fatalf("%d folders after a process was killed, want its own next to four: %v", n, names(t, parent))
		}
	}
	next, err := NewScratch(parent, "merge")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"made-1", "tollbook-made-x1", filepath.Base(next.Path), "tollbook-notes", filepath.Base(mine.Path)}
	if got := names(t, parent); !slices.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if err := mine.Close(); err != nil {
		t.Error(err)
	}
	if got := names(t, parent); len(got) != 3 {
		t.Errorf("the folder has %v", got)
	}
}

// TestNobodyElseWritesToTMPDIR checks that only this package creates folders or files in TMPDIR, because leftovers of
// killed processes are removed only here. Invariant: SCRATCH-1.
func TestNobodyElseWritesToTMPDIR(t *testing.T) {
	t.Parallel()
	elsewhere := regexp.MustCompile(`os\.MkdirTemp\(|os\.CreateTemp\("",|os\.TempDir\(\)`)
	root := filepath.Join("..", "..", "..")
	for _, top := range []string{"cmd", "jobs", "pipeline", "rating", "schemas", "settlement"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") ||
				filepath.Base(path) == "scratch.go" {
				return err
			}
			source, err := os.ReadFile(path)
			// the exception only reads
			if found := elsewhere.Find(source); found != nil &&
				!strings.HasSuffix(path, filepath.Join("commands", "doctor.go")) {
				t.Errorf("%s: %s: take package scratch", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
