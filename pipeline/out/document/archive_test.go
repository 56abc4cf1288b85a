package document

import (
	"archive/zip"
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCopyWorkbook tests SHEET-6.
func TestCopyWorkbook(t *testing.T) {
	t.Parallel()
	var raw bytes.Buffer
	z := zip.NewWriter(&raw)
	for _, name := range []string{"xl/b.xml", "_rels/.rels", contents, "A.xml", "xl/a.xml"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		list SheetPlace
		want []string
	}{
		{FirstSheet, []string{contents, "A.xml", "_rels/.rels", "xl/a.xml", "xl/b.xml"}},
		{Last, []string{"A.xml", "_rels/.rels", "xl/a.xml", "xl/b.xml", contents}},
	} {
		var sorted bytes.Buffer
		if err := CopyWorkbook(&sorted, bytes.NewReader(raw.Bytes()), int64(raw.Len()), c.list); err != nil {
			t.Fatal(err)
		}
		in, err := zip.NewReader(bytes.NewReader(sorted.Bytes()), int64(sorted.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range in.File {
			got = append(got, f.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("place %d (-want +got):\n%s", c.list, diff)
		}
	}
	if err := CopyWorkbook(&raw, bytes.NewReader(nil), 0, FirstSheet); err == nil {
		t.Error("no error for an archive without content")
	}
}
