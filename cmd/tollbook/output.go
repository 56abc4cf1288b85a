package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/out/spreadsheet"
)

// output says where a command writes its result: a file, or standard output.
type output struct {
	file  string // "" or - is standard output
	force bool   // replace a file that exists
}

// add gives a command the flag that names the file, and --force.
func (o *output) add(cmd *cobra.Command, name, usage string) {
	cmd.Flags().StringVar(&o.file, name, "", usage)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace a file that exists")
}

// toStdout reports whether the result goes to standard output.
func (o *output) toStdout() bool { return o.file == "" || o.file == "-" }

// check looks at the file before anything is done: one that exists is replaced with --force only.
func (o *output) check() error {
	if o.toStdout() {
		return nil
	}
	return checkFile(o.file, o.force)
}

// checkFile is output.check of a file.
func checkFile(name string, force bool) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil //nolint:nilerr // most often it is not there; else writing it says why it cannot be
	case info.IsDir():
		return &usageError{what: name + " is a folder", hint: "name a file in it"}
	case info.Mode().IsRegular() && !force:
		return existsError(name)
	}
	return nil
}

func existsError(name string) error {
	return &usageError{what: name + " exists, and was not changed",
		hint: "name another file, or replace it with --force"}
}

// wholeFile is a file in the making, which a writer may begin again.
type wholeFile struct{ *os.File }

// rewind begins a file again, where w is one: a run of the lake came between.
func rewind(w io.Writer) error {
	f, ok := w.(wholeFile)
	if !ok {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}

// writeOutput writes a result to standard output, or to a file and gives its length. A regular file is there complete
// or not at all.
func (a *app) writeOutput(o *output, write func(io.Writer) error) (size int64, err error) {
	if o.toStdout() {
		return 0, write(a.out)
	}
	if info, err := os.Stat(o.file); err == nil && !info.Mode().IsRegular() {
		return 0, writeDevice(o.file, write)
	}
	err = writeWhole(o.file, o.force, func(f *os.File) error {
		err := write(wholeFile{f})
		if err == nil {
			size, err = f.Seek(0, io.SeekEnd)
		}
		return err
	})
	return size, err
}

// writeDevice writes to what is no regular file, such as a pipe.
func writeDevice(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeWhole makes a file that is there complete or not at all: written in the same folder, synced, renamed. Without
// force a file that exists stays as it is, also one that another process made meanwhile.
func writeWhole(name string, force bool, write func(*os.File) error) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // the link stays
	}
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f, err := os.CreateTemp(dir, "."+base+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = publishFile(f.Name(), name, force)
	}
	if usage := new(usageError); errors.As(err, &usage) {
		return errors.Join(usage, os.Remove(f.Name()))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(f.Name()))
	}
	return nil
}

// publishFile gives a file its name. Without force it links, which fails where the name is taken; a file system
// without links checks first.
func publishFile(from, to string, force bool) error {
	if force {
		return os.Rename(from, to)
	}
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return existsError(to)
	}
	if err := checkFile(to, false); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// notJSON is the error of a result that goes to standard output in another form than JSON, though --json asks for
// JSON there.
func notJSON(format, instead string) error {
	return &usageError{what: fmt.Sprintf("--json: the result goes to standard output as %s", format), hint: instead}
}

// csvCells writes a small table as CSV: as it is for programs, or for a spreadsheet program (package spreadsheet).
type csvCells struct {
	out   *csv.Writer
	excel bool
}

// newCSVCells begins with the names of the columns.
func newCSVCells(w io.Writer, excel bool, header []string) (*csvCells, error) {
	if excel {
		if _, err := io.WriteString(w, spreadsheet.BOM); err != nil {
			return nil, err
		}
	}
	c := &csvCells{out: csv.NewWriter(w), excel: excel}
	return c, c.out.Write(header)
}

// add writes a row: the first columns are texts, the others numbers.
func (c *csvCells) add(texts, numbers []string) error {
	row := make([]string, 0, len(texts)+len(numbers))
	for _, text := range texts {
		if c.excel {
			text = spreadsheet.Text(text)
		}
		row = append(row, text)
	}
	for _, number := range numbers {
		if c.excel {
			number = spreadsheet.Number(number)
		}
		row = append(row, number)
	}
	return c.out.Write(row)
}

// end writes what is left.
func (c *csvCells) end() error {
	c.out.Flush()
	return c.out.Error()
}
