package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/pipeline/out/folder"
)

// TestDocumentsFolder: one worker and four write the same folder (FOLDER-2), index.json has the hash of every file
// (FOLDER-4), and what fails leaves nothing behind (FOLDER-1). Script documents has the content.
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
	var index folder.Index
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
