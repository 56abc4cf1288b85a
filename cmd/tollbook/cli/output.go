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

	"github.com/tollbook/tollbook/pipeline/lake/storage"
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

// Check checks the destination before the command starts. An existing file is replaced only with --force, and a file
// of a lake or a workspace never (package cli).
func (o *Output) Check() error {
	switch {
	case o.ToStdout() && o.force:
		return &UsageError{What: "--force has no effect: no file is written", Hint: "name a file, or leave --force out"}
	case o.ToStdout():
		return nil
	}
	if what := PlaceOf(o.File); what != "" {
		return &UsageError{What: o.File + " is " + what, Hint: "name a file elsewhere, such as in a folder exports/"}
	}
	return checkFile(o.File, o.force)
}

// CheckDir refuses a value of --dir in which results may not be written: a folder of a lake, or books/, lake/ or runs/
// of a workspace (package cli).
func CheckDir(dir string) error {
	if what := PlaceOf(filepath.Join(dir, "file")); what != "" {
		return &UsageError{What: "--dir " + dir + ": its files would be " + what,
			Hint: "name a folder elsewhere, such as exports/"}
	}
	return nil
}

// checkFile refuses a folder, and an existing regular file without force.
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

// wholeFile is an unfinished file, which Rewind can restart.
type wholeFile struct{ *os.File }

// Rewind empties w if it is an unfinished file, because the reader starts over after a run has committed.
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

// WriteOutput writes a result to standard output or to a file. A regular file is written completely or not at all, and
// size is its length in bytes; otherwise size is 0.
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

// WriteChecked is WriteOutput for a result that can be checked only when it is complete: nothing is written to standard
// output before write has succeeded.
func WriteChecked(a *App, o *Output, write func(io.Writer) error) (size int64, err error) {
	if !o.ToStdout() {
		return a.WriteOutput(o, write)
	}
	folder, err := storage.NewScratch("", "rows")
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

// writeDevice writes to an existing file that is not a regular file, such as a pipe.
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

// WriteWhole writes a file completely or not at all, durably: it writes a temporary file in the same folder, syncs and
// renames it, and syncs the folder. Without force it never replaces an existing file, even one that another process
// created in the meantime.
func WriteWhole(name string, force bool, write func(*os.File) error) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // keep the symbolic link
	}
	dir, base := filepath.Dir(name), filepath.Base(name)
	if err := storage.MakeDir(dir, 0o777, storage.Name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	o := storage.ReplaceOptions{Temporary: "." + base + ".*.tmp", Mode: 0o644, Durability: storage.Name}
	if !force {
		o.Publish = publishNew
	}
	err := storage.ReplaceFile(name, o, write)
	if usage := new(UsageError); errors.As(err, &usage) {
		return usage
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// publishNew gives a file its final name. It creates a hard link, which fails if the name exists; on a file system
// without links it checks and then renames.
func publishNew(from, to string) error {
	switch err := os.Link(from, to); {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return existsError(to)
	}
	if err := checkFile(to, false); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// NotJSON returns the error of --json with a result in another format on standard output.
func NotJSON(format, instead string) error {
	return &UsageError{What: fmt.Sprintf("--json: the result goes to standard output as %s", format), Hint: instead}
}
