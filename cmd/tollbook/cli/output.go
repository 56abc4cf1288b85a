package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli/place"
	"github.com/tollbook/tollbook/pipeline/lake/scratch"
)

// Output says where a command writes its result: a file, or standard output.
type Output struct {
	File  string // "" or - is standard output
	force bool   // replace a file that exists
}

// Add gives a command the flag that names the file, and --force.
func (o *Output) Add(cmd *cobra.Command, name, usage string) {
	cmd.Flags().StringVar(&o.File, name, "", usage)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace a file that exists")
}

// ToStdout reports whether the result goes to standard output.
func (o *Output) ToStdout() bool { return o.File == "" || o.File == "-" }

// Check looks at the file before anything is done: one that exists is replaced with --force only.
func (o *Output) Check() error {
	switch {
	case o.ToStdout() && o.force:
		return &UsageError{What: "--force has no effect: no file is written", Hint: "name a file, or leave --force out"}
	case o.ToStdout():
		return nil
	}
	if what := place.Of(o.File); what != "" {
		return &UsageError{What: o.File + " is " + what, Hint: "name a file elsewhere, such as in a folder exports/"}
	}
	return checkFile(o.File, o.force)
}

// checkFile is output.check of a file.
func checkFile(name string, force bool) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil //nolint:nilerr // most often it is not there; else writing it says why it cannot be
	case info.IsDir():
		return &UsageError{What: name + " is a folder", Hint: "name a file in it"}
	case info.Mode().IsRegular() && !force:
		return existsError(name)
	}
	return nil
}

func existsError(to string) error {
	return &UsageError{What: to + " exists, and was not changed", Hint: "name another file, or replace it with --force"}
}

// wholeFile is a file in the making, which a writer may begin again.
type wholeFile struct{ *os.File }

// Rewind begins a file again, where w is one: a run of the lake came between.
func Rewind(w io.Writer) error {
	f, ok := w.(wholeFile)
	if !ok {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}

// WriteOutput writes a result to standard output, or to a file and gives its length. A regular file is there complete
// or not at all.
func (a *App) WriteOutput(o *Output, write func(io.Writer) error) (size int64, err error) {
	if o.ToStdout() {
		return 0, write(a.Out)
	}
	if info, err := os.Stat(o.File); err == nil && !info.Mode().IsRegular() {
		return 0, writeDevice(o.File, write)
	}
	err = WriteWhole(o.File, o.force, func(f *os.File) error {
		err := write(wholeFile{f})
		if err == nil {
			size, err = f.Seek(0, io.SeekEnd)
		}
		return err
	})
	return size, err
}

// WriteChecked is WriteOutput of a result that is known to be right only when it is complete: standard output gets
// nothing before.
func WriteChecked(a *App, o *Output, write func(io.Writer) error) (size int64, err error) {
	if !o.ToStdout() {
		return a.WriteOutput(o, write)
	}
	folder, err := scratch.New("", "made")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	f, err := os.Create(filepath.Join(folder.Path, "result"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := write(wholeFile{f}); err != nil {
		return 0, err
	}
	_, err = io.Copy(a.Out, io.NewSectionReader(f, 0, math.MaxInt64))
	return 0, err
}

// writeDevice writes to what is no regular file, such as a pipe.
func writeDevice(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// WriteWhole makes a file that is there complete or not at all: written in the same folder, synced, renamed. Without
// force a file that exists stays as it is, also one that another process made meanwhile.
func WriteWhole(name string, force bool, write func(*os.File) error) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // the link stays
	}
	dir, base := filepath.Dir(name), filepath.Base(name)
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
	if usage := new(UsageError); errors.As(err, &usage) {
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

// NotJSON is the error of a result that goes to standard output in another form than JSON, though --json asks for
// JSON there.
func NotJSON(format, instead string) error {
	return &UsageError{What: fmt.Sprintf("--json: the result goes to standard output as %s", format), Hint: instead}
}
