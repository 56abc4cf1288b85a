package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Stdin is the file name that stands for standard input.
const Stdin = "-"

// WithInput calls use with a file to read: the named one, or a copy of standard input, which is deleted afterwards.
// Readers recognize a format by the file's extension, so the copy gets the extension that fits its first bytes.
func WithInput(a *App, name string, use func(file string) error) (err error) {
	if name != Stdin {
		return use(name)
	}
	folder, err := storage.NewScratch("", "input")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	in := bufio.NewReader(a.In)
	begin, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read standard input: %w", err)
	}
	file := filepath.Join(folder.Path, "input"+ending(begin))
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("copy standard input: %w", err)
	}
	_, err = io.Copy(f, in)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("copy standard input: %w", err)
	}
	return use(file)
}

// ending returns the extension of a file that begins with the given bytes.
func ending(begin []byte) string {
	switch {
	case bytes.HasPrefix(begin, []byte("PAR1")):
		return ".parquet"
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		return ".csv.gz"
	case bytes.HasPrefix(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return ".csv.zst"
	case bytes.HasPrefix(begin, []byte("{")):
		return ".ndjson"
	}
	return ".csv"
}
