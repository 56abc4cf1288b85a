package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// newWorkspace creates a workspace with an empty lake.
func newWorkspace(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"tollbook.yaml": "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: cycle, mode: half_up}\n",
		"books/products.csv":  "sku,service_type_code,measure,pricing_model\ngb,net,GB,flat\n",
		"books/prices.csv":    "sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1,1\n",
		"books/customers.csv": "customer_id\nacme\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777),
			os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// copied creates a workspace with an empty lake and returns the path of a backup of it.
func copied(t *testing.T) (backup string) {
	t.Helper()
	w, err := workspace.Open(newWorkspace(t))
	if err != nil {
		t.Fatal(err)
	}
	backup = filepath.Join(t.TempDir(), "backup")
	if _, err := Backup(t.Context(), w, backup, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	return backup
}

// broken runs a restore whose n-th operation fails.
func broken(ctx context.Context, from, into string, n int64) error {
	plan := storage.Plan{Mode: storage.Fail, N: n, Tally: new(storage.Tally)}
	wrap := func(st storage.Storage) storage.Storage { return storage.Faulty(st, plan) }
	_, err := Restore(ctx, settings.Place{Path: from}, into, wrap)
	return err
}

// TestRestoreFinishes tests BACKUP-7: after any operation has failed, the same restore completes when it runs again,
// and the folder then has only the files of the backup.
func TestRestoreFinishes(t *testing.T) {
	t.Parallel()
	from := copied(t)
	for n := int64(1); ; n++ {
		into := filepath.Join(t.TempDir(), "w")
		err := broken(t.Context(), from, into, n)
		if err == nil {
			if n < 15 {
				t.Fatalf("only %d operations", n-1)
			}
			return
		}
		if _, err := Restore(t.Context(), settings.Place{Path: from}, into, nil); err != nil {
			t.Fatalf("fail:%d, then again: %v", n, err)
		}
		if got, want := listed(t, into),
			"books/customers.csv books/prices.csv books/products.csv tollbook.yaml"; got != want {
			t.Errorf("fail:%d: the folder has %s, want %s", n, got, want)
		}
	}
}

// TestRestoreRefuses tests BACKUP-7: a restore does not change files of another backup, a workspace in use, or a folder
// with other files.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	from, other := copied(t), copied(t)
	into := filepath.Join(t.TempDir(), "w")
	if err := broken(t.Context(), other, into, 9); err == nil {
		t.Fatal("nothing failed")
	}
	if err := os.WriteFile(filepath.Join(other, "backup.json"),
		[]byte(strings.ReplaceAll(text(t, filepath.Join(other, "backup.json")), "\n", "\n ")), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listed(t, into)
	refused := new(workspace.RefusedError)
	if _, err := Restore(t.Context(), settings.Place{Path: other}, into, nil); !errors.As(err, &refused) ||
		!strings.Contains(refused.What, "another backup") || listed(t, into) != before {
		t.Errorf("what another backup left: %v, %s", err, listed(t, into))
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), settings.Place{Path: from}, full, nil); !errors.As(err, &refused) ||
		!strings.Contains(refused.What, "not empty") || listed(t, full) != "mine" {
		t.Errorf("a folder with a file: %v, %s", err, listed(t, full))
	}
}

// TestRestoreLeavesAUsedWorkspace tests BACKUP-7: a folder with tollbook.yaml is a workspace that may have been used,
// so a restore removes only its own mark.
func TestRestoreLeavesAUsedWorkspace(t *testing.T) {
	t.Parallel()
	from, into := copied(t), ""
	for n := int64(1); ; n++ {
		into = filepath.Join(t.TempDir(), fmt.Sprint(n))
		if err := broken(t.Context(), from, into, n); err == nil {
			t.Fatal("the mark was never left next to tollbook.yaml")
		}
		if strings.HasSuffix(listed(t, into), "tollbook.yaml") && strings.HasPrefix(listed(t, into), ".restoring ") {
			break
		}
	}
	prices := filepath.Join(into, "books", "prices.csv")
	if err := os.WriteFile(prices, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), settings.Place{Path: from}, into, nil)
	if err != nil || len(r.Notes) != 1 || r.Files != 0 || text(t, prices) != "changed" {
		t.Errorf("%+v, %v; prices.csv is %q", r, err, text(t, prices))
	}
	if got := listed(t, into); strings.Contains(got, ".restoring") {
		t.Errorf("the folder has %s", got)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// listed returns the names of the files below a folder, in order.
func listed(t *testing.T, dir string) string {
	t.Helper()
	entries, err := storage.Dir(dir).List("")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}
