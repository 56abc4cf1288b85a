package cli

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestWriteChecked checks that standard output receives either the complete checked result or nothing.
func TestWriteChecked(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	wrong, large := errors.New("wrong"), bytes.Repeat([]byte("0123456789abcde\n"), 1<<16)
	for _, c := range []struct {
		err  error
		want []byte
	}{{wrong, nil}, {nil, large}} {
		var out bytes.Buffer
		a := &App{Out: &sink{w: &out}}
		_, err := WriteChecked(a, &Output{}, func(w io.Writer) error {
			_, err := w.Write(large)
			return errors.Join(err, c.err)
		})
		if !errors.Is(err, c.err) || !bytes.Equal(out.Bytes(), c.want) {
			t.Errorf("%v: %v, %d bytes; want %d", c.err, err, out.Len(), len(c.want))
		}
	}
}
