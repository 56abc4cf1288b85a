package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestPackAgain fails packing at each operation on the archive and the inbox, packs again, and cuts the power. The
// volume has the bytes of an undisturbed one, and no file is in neither place (ARCH-2, ARCH-3, ARCH-7).
func TestPackAgain(t *testing.T) {
	t.Parallel()
	plain := storage.NewMem()
	if met, err := packOnce(t, t.TempDir(), plain, 0); met || err != nil {
		t.Fatal(err)
	}
	want := volumesOf(t, plain)
	if len(want) != 1 || want["inbox/2026-01.tar.zst"] == "" {
		t.Fatalf("volumes %q", want)
	}
	for n := int64(1); ; n++ {
		dir, archive := t.TempDir(), storage.NewMem()
		met, err := packOnce(t, dir, archive, n)
		if !met && err == nil {
			if n < 10 {
				t.Errorf("only %d operations", n-1)
			}
			return
		}
		if injected := new(storage.InjectedError); !errors.As(err, &injected) {
			t.Fatalf("operation %d: %v", n, err)
		}
		if _, err := packOnce(t, dir, archive, 0); err != nil {
			t.Fatalf("operation %d, then again: %v", n, err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "usage", "*")); err != nil || len(left) > 0 {
			t.Errorf("operation %d, then again: %q are in the inbox, %v", n, left, err)
		}
		if diff := cmp.Diff(want, volumesOf(t, archive.PowerCut(nil))); diff != "" {
			t.Errorf("operation %d, then again, and a power failure (-want +got):\n%s", n, diff)
		}
	}
}

// packOnce packs two feed files of January; the n-th operation fails, 0 = none. met says that there was one.
func packOnce(t *testing.T, dir string, archive storage.Storage, n int64) (met bool, err error) {
	t.Helper()
	january, err := period.ParseCycle("2026-01")
	if err != nil {
		t.Fatal(err)
	}
	day, err := lake.ParseDay("2026-01-10")
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := inbox.LoadHashes("")
	if err != nil {
		t.Fatal(err)
	}
	usage := filepath.Join(dir, "usage")
	made := os.Mkdir(usage, 0o755)
	tally := new(storage.Tally)
	plan := storage.Plan{Mode: storage.Fail, N: n, Tally: tally}
	own := storage.Faulty(storage.Folder(dir), plan)
	in := &ArchivedInbox{Files: os.DirFS(dir), Own: own, Archive: storage.Faulty(archive, plan),
		Feeds:  []string{"usage"},
		Hashes: hashes, Through: january, Open: func(lake.Input) bool { return false }}
	for name, text := range map[string]string{"a.csv": "record_id\nr1\n", "b.csv": "record_id\nr2\nr3\n"} {
		if made == nil { // the first time
			if err := os.WriteFile(filepath.Join(usage, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sum := sha256.Sum256([]byte(text))
		in.Inputs = append(in.Inputs, lake.Input{Feed: "usage", Name: "usage/" + name,
			Hash: hex.EncodeToString(sum[:16]), Bytes: int64(len(text)), LastDay: day})
	}
	_, _, err = in.Pack(t.Context())
	return own.Injected() > 0, err
}

// volumesOf returns the volumes of an archive.
func volumesOf(t *testing.T, archive storage.Storage) map[string]string {
	t.Helper()
	entries, err := archive.List("")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range entries {
		text, err := storage.ReadAll(archive, e.Name)
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name] = string(text)
	}
	return out
}
