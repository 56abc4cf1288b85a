package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestDocumentsStopped checks that documents leaves no folder if it is stopped after any of its files, even if the file
// that was being written was completed (FOLDER-1).
func TestDocumentsStopped(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	book, err := w.PartnerBook()
	if err != nil {
		t.Fatal(err)
	}
	cycle, err := period.ParseCycle("2026-09")
	if err != nil {
		t.Fatal(err)
	}
	s := &document.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(), Partners: book}
	all := int64(1)
	for after := int64(1); after <= all; after++ {
		to := filepath.Join(t.TempDir(), "documents")
		ctx, stop := context.WithCancel(t.Context())
		_, err := export.WriteFolder(ctx, s, cycle, to, export.FolderOptions{Workers: 1, Progress: func(done,
			of int64) {
			if all = of; done == after {
				stop()
			}
		}})
		stop()
		if _, there := os.Stat(to); !errors.Is(err, context.Canceled) || !errors.Is(there, os.ErrNotExist) {
			t.Errorf("stopped after %d of %d: %v; the folder: %v", after, all, err, there)
		}
	}
	if all < 2 {
		t.Errorf("only %d document", all)
	}
}

// TestDocumentsFolder checks that one worker and four workers write the same folder (FOLDER-2), that index.json has the
// hash of every file (FOLDER-4), and that a failure leaves no file (FOLDER-1). The script documents checks the content.
func TestDocumentsFolder(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	one, four := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "four")
	for to, workers := range map[string]string{one: "1", four: "4"} {
		if code, _, told := runs(dir, "documents", "--cycle", "2026-09", "--dir", to, "--workers", workers); code != 0 {
			t.Fatal(told)
		}
	}
	text, err := os.ReadFile(filepath.Join(one, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	same, err := os.ReadFile(filepath.Join(four, "index.json"))
	if err != nil || !bytes.Equal(text, same) {
		t.Errorf("index.json of one worker and of four differ: %v", err)
	}
	var index export.Index
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Documents) == 0 {
		t.Error("no document")
	}
	for _, d := range index.Documents {
		page, err := os.ReadFile(filepath.Join(four, filepath.FromSlash(d.File)))
		hash := sha256.Sum256(page)
		if err != nil || hex.EncodeToString(hash[:]) != d.SHA256 || int64(len(page)) != d.Bytes {
			t.Errorf("%s is not as index.json says: %v", d.File, err)
		}
	}
	above := t.TempDir()
	code, _, told := runs(dir, "documents", "--cycle", "2026-09", "--customer", "nobody", "--dir",
		filepath.Join(above, "none"))
	left, err := os.ReadDir(above)
	if code != 2 || err != nil || len(left) != 0 {
		t.Errorf("exit %d, left %v, %v: %s", code, left, err, told)
	}
}
