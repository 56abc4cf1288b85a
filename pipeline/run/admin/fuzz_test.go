package admin

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// FuzzVolume reads arbitrary volumes and correctly compressed arbitrary tar files. The result is members with the
// hashes of the tar's content, or a CorruptError.
func FuzzVolume(f *testing.F) {
	whole := new(bytes.Buffer)
	w := tar.NewWriter(whole)
	for _, text := range []string{"record_id\nr1\n", ""} {
		sum := sha256.Sum256([]byte(text))
		head := &tar.Header{Typeflag: tar.TypeReg, Name: "usage/a.csv", Size: int64(len(text)), Format: tar.FormatPAX,
			PAXRecords: map[string]string{hashRecord: hex.EncodeToString(sum[:16])}}
		if err := errors.Join(w.WriteHeader(head), put(w, text)); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes(), true)
	f.Add(whole.Bytes()[:700], true)
	f.Add(z.EncodeAll(whole.Bytes(), nil), false)
	f.Add([]byte("\x28\xb5\x2f\xfd"), false)
	f.Fuzz(func(t *testing.T, data []byte, pack bool) {
		if pack {
			data = z.EncodeAll(data, nil)
		}
		st := storage.NewMem()
		v, err := st.Create("v")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(put(v, string(data)), v.Close()); err != nil {
			t.Fatal(err)
		}
		members, err := readVolume(t.Context(), st, "v")
		var corrupt *lake.CorruptError
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatalf("%T %v", err, err)
		}
		for _, m := range members {
			if len(m.hash) != 32 || m.bytes < 0 {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func put(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}
