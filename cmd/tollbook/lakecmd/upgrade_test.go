package lakecmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// withLake returns a workspace whose lake has one data file and one manifest, both of the given format.
func withLake(t *testing.T, format string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mini")
	must(t, os.CopyFS(dir, os.DirFS("../testdata/mini")))
	l, err := lake.Open(storage.Dir(filepath.Join(dir, "lake")), lake.Options{})
	must(t, err)
	txn, err := l.Begin()
	must(t, err)
	key := manifest.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lakekey.Day("2026-09-01"), Bucket: 0}
	w, err := txn.SubTxn.Create(key)
	must(t, err)
	_, err = io.WriteString(w, "lines of a day")
	must(t, err)
	e, err := w.Finish(1, nil)
	must(t, err)
	must(t, txn.Next().Entries.Add(e))
	_, err = txn.Commit(t.Context())
	must(t, err)

	lists, err := filepath.Glob(filepath.Join(dir, "lake", "manifests", "files-*.json"))
	must(t, err)
	name := filepath.Join(dir, "lake", "manifests", "000001.json")
	state, err := os.ReadFile(name)
	must(t, err)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		must(t, err)
		was := string(manifest.HashBytes(text))
		text = bytes.Replace(text, []byte(`"format":1`), []byte(`"format":`+format), 1)
		now := string(manifest.HashBytes(text))
		must(t, os.Remove(list))
		must(t, os.WriteFile(strings.Replace(list, was, now, 1), text, 0o600))
		state = bytes.ReplaceAll(state, []byte(was), []byte(now))
	}
	state = bytes.Replace(state, []byte(`"format": 1`), []byte(`"format": `+format), 1)
	must(t, os.WriteFile(name, state, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "lake", "HEAD"), fmt.Appendf(nil, "1 %s\n", manifest.HashBytes(state)),
		0o600))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// numbered returns an upgrade step from format 0 to 1 that changes only the number of the format.
func numbered() []manifest.Step {
	convert := func(b []byte) ([]byte, error) {
		b = bytes.Replace(b, []byte(`"format": 0`), []byte(`"format": 1`), 1)
		return bytes.Replace(b, []byte(`"format":0`), []byte(`"format":1`), 1), nil
	}
	return []manifest.Step{{From: 0, Text: "lists have checksums", Manifest: convert, List: convert}}
}

// upgrade runs the command in a workspace.
func upgrade(dir string, steps []manifest.Step, args ...string) (code int, out, said string) {
	var stdout, stderr bytes.Buffer
	clock := func() time.Time { return time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC) }
	a := cli.New(nil, &stdout, &stderr, func(string) string { return "" }, clock)
	code = a.Run(a.Root(newUpgrade(a, steps)), append([]string{"-w", dir, "upgrade"}, args...))
	return code, stdout.String(), stderr.String()
}

// TestUpgrade upgrades a lake of an earlier format. It tries, in this order: a dry run, an upgrade without a backup
// (refused), one with a backup inside the lake (refused), a successful one, and one that has nothing to do.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := withLake(t, "0")
	backup := filepath.Join(t.TempDir(), "before")
	found := "format    0; this program works with format 1\nmanifest  1, which names 1 data file, 14 bytes\n\n" +
		"steps\n  0 to 1  lists have checksums\n"
	for _, c := range []struct {
		args []string
		code int
		want string // of standard output, or standard error
	}{
		{[]string{"--dry-run"}, 0, found + "\n1 list and a manifest would be written; data files stay. Nothing was " +
			"written.\n"},
		{nil, 2, "--backup is missing"},
		{[]string{"--backup", filepath.Join(dir, "lake", "copy")}, 2, "is in the lake"},
		{[]string{"--backup", backup}, 0, "The lake is at manifest 2, in format 1."},
		{[]string{"--backup", backup}, 0, "The format is current: there is nothing to do."},
		{[]string{"--json"}, 0, `"upgraded": false`},
	} {
		code, out, said := upgrade(dir, numbered(), c.args...)
		if code != c.code || !strings.Contains(out+said, c.want) {
			t.Errorf("%q: exit code %d, want %d and %q\n%s%s", c.args, code, c.code, c.want, out, said)
		}
	}
	was, err := os.ReadFile(filepath.Join(backup, "manifests", "000001.json"))
	if err != nil || !bytes.Contains(was, []byte(`"format": 0`)) {
		t.Errorf("the backup: %v\n%s", err, was)
	}
}

// TestNoUpgrade checks that an earlier format without an upgrade step and a later format are refused with instructions.
func TestNoUpgrade(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"0", "2"} {
		code, out, said := upgrade(withLake(t, format), nil, "--dry-run")
		want := "format " + format + ", number 1: want format 1"
		if code != 3 || out != "" || !strings.Contains(said, want) || !strings.Contains(said, "use that version") {
			t.Errorf("format %s: exit code %d, want 3 and %q\n%s%s", format, code, want, out, said)
		}
	}
}
