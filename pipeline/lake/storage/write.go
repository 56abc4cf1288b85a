package storage

import (
	"errors"
	"io"
	"io/fs"
)

// WriteNew creates a file with the content that write writes, and syncs it. Its name is not durable yet (STO-3). After
// an error the file can exist.
func WriteNew(st Storage, name string, write func(io.Writer) error) error {
	f, err := st.Create(name)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SetMode sets the mode of a file that WriteNew writes. Only files of a file system have one.
func SetMode(f io.Writer, mode fs.FileMode) error {
	if f, is := f.(interface{ Chmod(mode fs.FileMode) error }); is {
		return f.Chmod(mode)
	}
	return nil
}

// WriteText is WriteNew for a text in memory.
func WriteText(st Storage, name string, text []byte) error {
	return WriteNew(st, name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
