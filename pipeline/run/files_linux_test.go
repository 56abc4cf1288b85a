package run

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// settledInbox is an inbox whose files seem to be unchanged since 1970, even by ctime, which cannot be set. It counts
// the files that are opened.
type settledInbox struct {
	fs.FS
	opened int
}

type settledInfo struct{ fs.FileInfo }

func (i settledInfo) Sys() any {
	sys := *i.FileInfo.Sys().(*syscall.Stat_t)
	sys.Mtim, sys.Ctim = syscall.Timespec{}, syscall.Timespec{}
	return &sys
}

func (s *settledInbox) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err == nil {
		if info, statErr := f.Stat(); statErr == nil && !info.IsDir() {
			s.opened++
		}
	}
	return f, err
}

func (s *settledInbox) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(s.FS, name)
	return settledInfo{info}, err
}

// TestFilesRemembered checks that a run with stored hashes finds the same files as one without and opens none of them,
// and that an ingested file is skipped by its stored hash.
func TestFilesRemembered(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.write("inbox/usage/a.csv", "one")
	l.write("inbox/usage/b.csv", "two")
	l.write("inbox/usage/c.csv", "one")
	l.write("inbox/orders/a.csv", "one")
	l.write("inbox/usage/readme.txt", "no feed")
	cache := filepath.Join(t.TempDir(), "tollbook", "inbox")

	want, wantReport, opened := l.look("")
	if opened != 4 || len(want) != 3 || len(wantReport.Files) != 1 || wantReport.Files[0].SameAs != "usage/a.csv" ||
		len(wantReport.Notes) != 1 {
		t.Fatal(opened, want, wantReport)
	}
	for run, reads := range []int{4, 0, 0} {
		got, report, opened := l.look(cache)
		if diff := cmp.Diff(want, got) + cmp.Diff(wantReport, report); diff != "" || opened != reads {
			t.Errorf("run %d: opened %d, want %d; %s", run, opened, reads, diff)
		}
	}
	got, _, opened := l.look(cache, lake.Input{Feed: want[0].Feed, Hash: want[0].Hash})
	if diff := cmp.Diff(want[1:], got); diff != "" || opened != 0 {
		t.Errorf("one taken: opened %d; %s", opened, diff)
	}
	if err := os.WriteFile(cache, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _, opened := l.look(cache); opened != 4 || !cmp.Equal(want, got) {
		t.Errorf("damaged: opened %d, %v", opened, got)
	}
}

// look returns the files that a run that knows some inputs would ingest, and the number of files that it opens.
func (l *ledger) look(cache string, taken ...lake.Input) ([]*accept.File, *workspace.Report, int) {
	l.Helper()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	lk, err := ws.Lake(workspace.Options{})
	if err != nil {
		l.Fatal(err)
	}
	inbox := &settledInbox{FS: os.DirFS(filepath.Join(l.dir, "inbox"))}
	r := newRun(ws, workspace.Options{HashCache: cache}, job{})
	r.inbox = inbox
	if r.state.txn, err = lk.Begin(); err != nil {
		l.Fatal(err)
	}
	defer r.state.txn.Close()
	r.state.next = r.state.txn.Next()
	for _, in := range taken {
		r.state.next.SetInput(in)
	}
	files, err := r.files(l.Context(), &accept.Config{})
	if err != nil {
		l.Fatal(err)
	}
	for _, f := range files {
		if (f.Stamp != "") != (cache != "") {
			l.Errorf("%s: stamp %q, cache %q", f.Name, f.Stamp, cache)
		}
		f.Stamp = ""
	}
	return files, r.state.report, inbox.opened
}
