package lake_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// FuzzManifest opens a lake whose live manifest and list (named `@` in the manifest) are arbitrary texts with matching
// hashes. The result is a state whose files can be listed, or an error that names the corrupt or missing file.
func FuzzManifest(f *testing.F) {
	for _, form := range forms {
		m := storage.NewMem()
		historyWith(f, m, form.o)
		files := dump(f, m)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if strings.HasPrefix(name, "manifests/files-") || strings.HasPrefix(name, "manifests/inputs-") {
				text := files[name]
				hash := string(lake.HashBytes([]byte(text)))
				f.Add(strings.ReplaceAll(files["manifests/000003.json"], hash, "@"), text)
			}
		}
	}
	f.Add(
		`{"format":1,"number":3,"cycles":[{"cycle":"2026-09","files":{"name":"manifests/files-2026-09-@.json","hash":"@","count":1}}]}`,
		`{"format":1,"cycle":"2026-09","entries":[{"table":"lines","bucket":-1}]}`)
	f.Fuzz(func(t *testing.T, state, list string) {
		hash := string(lake.HashBytes([]byte(list)))
		state = strings.ReplaceAll(state, "@", hash)
		st := storage.NewMem()
		for name, text := range map[string]string{
			"HEAD":                  fmt.Sprintf("3 %s\n", lake.HashBytes([]byte(state))),
			"manifests/000003.json": state,
			"manifests/files-2026-09-" + hash + ".json": list,
			"manifests/inputs-" + hash + ".json":        list,
		} {
			w, err := st.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.WriteString(w, text)
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := walk(st); err != nil {
			var corrupt *lake.CorruptError
			var missing *lake.MissingError
			if !errors.As(err, &corrupt) && !errors.As(err, &missing) {
				t.Fatalf("%T %v\n%s\n%s", err, err, state, list)
			}
		}
	})
}

// walk reads everything in a lake's live state.
func walk(st storage.Storage) error {
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		return err
	}
	s, err := l.Head()
	if err != nil {
		return err
	}
	_, err = s.Inputs()
	for _, c := range s.Manifest.Cycles {
		files, more := s.Files(c.Cycle)
		err = errors.Join(err, more)
		for _, e := range files {
			_, more := s.Find(e.FileKey)
			err = errors.Join(err, more)
		}
	}
	return err
}
