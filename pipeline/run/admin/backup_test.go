package admin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// creates is a storage that counts the files that are created in it.
type creates struct {
	storage.Storage
	n int
}

func (c *creates) Create(name string) (storage.File, error) {
	c.n++
	return c.Storage.Create(name)
}

// replacing is a workspace whose files are replaced between backups.
type replacing struct {
	*testing.T
	dir, backup string
}

// put writes a file of the workspace in place and sets its mtime to 1970.
func (t *replacing) put(name, text string) {
	t.Helper()
	path := filepath.Join(t.dir, name)
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o600))
	if err := errors.Join(err, os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0))); err != nil {
		t.Fatal(err)
	}
}

// replace replaces a file by a rename: it calls put for a new file and renames it.
func (t *replacing) replace(name, text string) {
	t.Helper()
	t.put(name+".new", text)
	if err := os.Rename(filepath.Join(t.dir, name+".new"), filepath.Join(t.dir, name)); err != nil {
		t.Fatal(err)
	}
}

// make makes a backup and returns the number of files that it read.
func (t *replacing) make(began time.Time) (read int) {
	t.Helper()
	w, err := workspace.Open(t.dir)
	if err != nil {
		t.Fatal(err)
	}
	var made creates
	wrap := func(st storage.Storage) storage.Storage {
		if made.Storage != nil {
			return st
		}
		made.Storage = st // the first storage is that of the backup
		return &made
	}
	if _, err := Backup(t.Context(), w, t.backup, BackupOptions{Started: period.Instant(began.UnixMicro()),
		Wrap: wrap}); err != nil {
		t.Fatal(err)
	}
	return made.n - 1 // except backup.json
}

// restored returns the contents of files in a workspace that is restored from the backup.
func (t *replacing) restored(names ...string) (texts []string) {
	t.Helper()
	into := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), settings.Place{Path: t.backup}, into, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(into, name))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// TestReplacedFiles tests BACKUP-9: the next backup has a file that was replaced by one of the same size and mtime, or
// that was overwritten and had its mtime reset, and a restore returns its new content.
func TestReplacedFiles(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	price := func(unit string) string {
		return "sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1," + unit + "\n"
	}
	const book, renamed, written = "books/prices.csv", "inbox/usage/renamed.csv", "inbox/usage/written.csv"
	t.put(book, price("0.05"))
	for _, name := range []string{renamed, written, "inbox/usage/other.csv"} {
		t.put(name, "first")
	}
	later := time.Now().Add(time.Hour) // an hour after the last change of any file
	if read := t.make(later); read != 7 {
		t.Fatalf("%d files read, want 4 of books and settings and 3 of the inbox", read)
	}
	t.replace(book, price("0.07"))
	t.replace(renamed, "other")
	t.put(written, "again")
	if read := t.make(later); read != 6 {
		t.Errorf("%d files read, want 4 of books and settings and 2 of the inbox", read)
	}
	got := t.restored(book, renamed, written)
	for i, want := range []string{price("0.07"), "other", "again"} {
		if got[i] != want {
			t.Errorf("restored %q, want %q", got[i], want)
		}
	}
}

// TestBranding checks that a backup has covers and logos, which documents read in addition to the books, and that they
// are restored.
func TestBranding(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	t.put("branding/branding.yaml", "issuers: {}\n")
	t.put("branding/logo.svg", "<svg/>")
	t.make(time.Now())
	if got := t.restored("branding/branding.yaml", "branding/logo.svg"); !slices.Equal(got,
		[]string{"issuers: {}\n", "<svg/>"}) {
		t.Errorf("restored %q", got)
	}
}

// TestSecretInBooks tests BACKUP-5 for a secret in a folder that is copied, if its path is not in its shortest form.
func TestSecretInBooks(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	text, err := os.ReadFile(filepath.Join(t.dir, "tollbook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.put("tollbook.yaml", string(text)+"oidc: {client_secret_file: ./books/oidc-secret}\n")
	t.put("books/oidc-secret", "xyzzy")
	t.make(time.Now())
	into := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), settings.Place{Path: t.backup}, into, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(into, "books/oidc-secret")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the secret was restored: %v", err)
	}
}

// TestSecretsOnce tests BACKUP-5 with Secrets: a secret in a folder that is copied, and a secret that two settings
// name, are each stored in the backup once, and the backup can be restored. Nobody but the owner can read them in the
// backup, and a folder that others can read is refused (BACKUP-13).
func TestSecretsOnce(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	text, err := os.ReadFile(filepath.Join(t.dir, "tollbook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.put("tollbook.yaml", string(text)+"oidc: {client_secret_file: ./books/oidc-secret}\n"+
		"api: {tls_cert: server.pem, tls_key: server.pem}\n")
	t.put("books/oidc-secret", "xyzzy")
	t.put("server.pem", "plugh")
	w, err := workspace.Open(t.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(filepath.Join(t.dir, "server.pem"), 0o600), os.Mkdir(t.backup, 0o755),
		os.Chmod(t.backup, 0o755)); err != nil {
		t.Fatal(err)
	}
	refused := new(workspace.RefusedError)
	if _, err := Backup(t.Context(), w, t.backup, BackupOptions{Secrets: true}); !errors.As(err, &refused) {
		t.Errorf("a folder that others can read: %v", err)
	}
	if err := os.Remove(t.backup); err != nil {
		t.Error(err)
	}
	if _, err := Backup(t.Context(), w, t.backup, BackupOptions{Secrets: true}); err != nil {
		t.Fatal(err)
	}
	plugh := fmt.Sprintf("secrets/%x", sha256.Sum256([]byte("plugh")))
	for name, want := range map[string]os.FileMode{".": 0o700, "secrets": 0o700, plugh: 0o600} {
		if info, err := os.Stat(filepath.Join(t.backup, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %o", name, info, err, want)
		}
	}
	if got := t.restored("books/oidc-secret", "server.pem"); !slices.Equal(got, []string{"xyzzy", "plugh"}) {
		t.Errorf("restored %q", got)
	}
}

// TestShortenedCopies tests BACKUP-4: truncated files of the backup are copied again, whether or not the files of the
// workspace are read again.
func TestShortenedCopies(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	const book, feed = "books/prices.csv", "inbox/usage/a.csv"
	t.put(book, "sku,region_code,valid_from,tier,unit_price\n")
	t.put(feed, "first")
	later := time.Now().Add(time.Hour)
	t.make(later)
	copies, err := filepath.Glob(filepath.Join(t.backup, "files", "*", "*"))
	if err != nil || len(copies) != 5 {
		t.Fatalf("%d files in the backup, want 4 of books and settings and 1 of the inbox: %v", len(copies), err)
	}
	for _, path := range copies {
		if err := os.Truncate(path, 2); err != nil {
			t.Fatal(err)
		}
	}
	t.make(later)
	if got := t.restored(book, feed); got[0] != "sku,region_code,valid_from,tier,unit_price\n" || got[1] != "first" {
		t.Errorf("restored %q", got)
	}
}

// TestNamesOfTheInbox tests BACKUP-3: a file whose name is not UTF-8 is omitted, reported, and not restored under
// another name. A link to itself does not make the backup fail.
func TestNamesOfTheInbox(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	t.put("inbox/usage/a.csv", "first")
	t.put("inbox/usage/M\xfcller.csv", "second")
	t.put("inbox/usage/M\xf6ller.csv", "third")
	if err := os.Symlink("loop.csv", filepath.Join(t.dir, "inbox/usage/loop.csv")); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(t.dir)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Backup(t.Context(), w, t.backup, BackupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"inbox/usage/M\xf6ller.csv": its name is not UTF-8; rename it`,
		`"inbox/usage/M\xfcller.csv": its name is not UTF-8; rename it`}
	if !slices.Equal(report.LeftOut, want) || !report.NeedsAttention() {
		t.Errorf("omitted %q, want %q", report.LeftOut, want)
	}
	into := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), settings.Place{Path: t.backup}, into, nil); err != nil {
		t.Fatal(err)
	}
	found, err := os.ReadDir(filepath.Join(into, "inbox/usage"))
	if err != nil || len(found) != 1 || found[0].Name() != "a.csv" {
		t.Errorf("restored %v, want a.csv: %v", found, err)
	}
}

// TestLinkedFolders tests BACKUP-3: a backup includes folders of the workspace that are links to other disks. The
// folders to which they lead are refused as the place of the backup.
func TestLinkedFolders(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	disk := outer.TempDir()
	t.put("inbox/usage/a.csv", "first")
	t.put("runs/notes.json", "{}")
	for _, name := range []string{"inbox", "books", "runs"} {
		if err := os.Rename(filepath.Join(t.dir, name), filepath.Join(disk, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(disk, name), filepath.Join(t.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	books, err := os.ReadDir(filepath.Join(disk, "books"))
	if err != nil || len(books) == 0 {
		t.Fatal(books, err)
	}
	w, err := workspace.Open(t.dir)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := Backup(t.Context(), w, t.backup, BackupOptions{}); err != nil || report.NeedsAttention() {
		t.Fatal(report, err)
	}
	into := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), settings.Place{Path: t.backup}, into, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"inbox/usage/a.csv", "runs/notes.json", "books/" + books[0].Name()} {
		want, err1 := os.ReadFile(filepath.Join(disk, name))
		got, err2 := os.ReadFile(filepath.Join(into, name))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s: %q, want %q: %v", name, got, want, errors.Join(err1, err2))
		}
	}
	refused := new(workspace.RefusedError)
	for _, place := range []string{disk, filepath.Join(disk, "inbox/usage/copy"), filepath.Join(disk, "books")} {
		if _, err := Backup(t.Context(), w, place, BackupOptions{}); !errors.As(err, &refused) {
			t.Errorf("backup to %s: %v", place, err)
		}
	}
}

// TestRecentFiles tests BACKUP-9: the next backup reads a file again if it may have changed in the instant in which it
// was read, because its stamp would not show the change.
func TestRecentFiles(outer *testing.T) {
	outer.Parallel()
	t := &replacing{T: outer, dir: newWorkspace(outer), backup: filepath.Join(outer.TempDir(), "backup")}
	t.put("inbox/usage/a.csv", "first")
	now := time.Now()
	for _, c := range []struct {
		began time.Time
		read  int // including 4 files of books and settings
	}{{now, 5}, {now, 5}, {time.Unix(0, 0), 5}, {now.Add(time.Hour), 5}, {now, 4}} {
		if read := t.make(c.began); read != c.read {
			t.Errorf("began %v: %d files read, want %d", c.began, read, c.read)
		}
	}
}
