package commands

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// TestCounting checks that the files of several storages are counted together, and that a wrapped storage still works.
func TestCounting(t *testing.T) {
	t.Parallel()
	var seen []int64
	wrapped := 0
	wrap := counting(func(st storage.Storage) storage.Storage { wrapped++; return st },
		func(_ string, done, _ int64) { seen = append(seen, done) })
	for _, name := range []string{"a", "b"} {
		st := wrap(storage.Dir(t.TempDir()))
		f, err := st.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if list, err := st.List(""); err != nil || len(list) != 1 || list[0].Size != 1 {
			t.Errorf("%v, %v", list, err)
		}
	}
	if len(seen) != 2 || seen[0] != 1 || seen[1] != 2 || wrapped != 2 {
		t.Errorf("reported %v, wrapped %d", seen, wrapped)
	}
}
