package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/problem"
)

// The exit codes of §7.4.
const (
	ExitDone           = 0
	ExitNeedsAttention = 1
	ExitWrong          = 2
	ExitFailed         = 3
)

// ExitText says what an exit code means.
func ExitText(code int) string {
	return [...]string{
		ExitDone: "done",
		ExitNeedsAttention: "done, and a person should look: rejects, a feed file that was not ingested, a pending " +
			"publish, or a violated rule",
		ExitWrong: "nothing done: the command line, settings or books are wrong, each error with its place; or a " +
			"gate, open items or the state of the lake do not allow it",
		ExitFailed: "failed; safe to run again",
	}[code]
}

// Exits lists the exit codes of a command in its help.
func Exits(cmd *cobra.Command, codes ...int) *cobra.Command {
	var lines, numbers []string
	for _, code := range codes {
		lines = append(lines, fmt.Sprintf("  %d  %s", code, ExitText(code)))
		numbers = append(numbers, strconv.Itoa(code))
	}
	cmd.Annotations = map[string]string{"exit": strings.Join(lines, "\n"), "codes": strings.Join(numbers, ", ")}
	return cmd
}

// ErrNeedsAttention ends a command that succeeded but whose result needs a person's attention. The exit code is 1, and
// nothing more is printed.
var ErrNeedsAttention = errors.New("a person should look")

// UsageError is an error in the command line.
type UsageError struct{ What, Hint string }

// Error returns What.
func (e *UsageError) Error() string { return e.What }

// Diagnosis implements problem.Diagnosed.
func (e *UsageError) Diagnosis() (problem.Class, string) { return problem.Refused, e.Hint }

// DifferError says that a check found differences in the lake. The differences were printed as the result.
type DifferError struct{ What, Hint string }

// Error returns What.
func (e *DifferError) Error() string { return e.What }

// Diagnosis implements problem.Diagnosed.
func (e *DifferError) Diagnosis() (problem.Class, string) { return problem.Failed, e.Hint }

// ExitCode returns the exit code of an error (CLI-2).
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrNeedsAttention):
		return ExitNeedsAttention
	case problem.ClassOf(err).NothingDone():
		return ExitWrong
	}
	return ExitFailed
}

// Failure is an error as it is printed, as text or as JSON.
type Failure struct {
	Error string        `json:"error"`
	Hint  string        `json:"hint,omitempty"`
	At    []SourcePlace `json:"at,omitempty"`
	Exit  int           `json:"exit"`
}

// SourcePlace is a position in a file, with what is wrong there.
type SourcePlace struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

// describeFailure returns the text, hint, positions and exit code of an error (CLI-2).
func describeFailure(err error) Failure {
	err = run.InBook(err)
	f := Failure{Error: err.Error(), Exit: ExitCode(err)}
	var problems problem.Problems
	if errors.As(err, &problems) {
		f.Error = fmt.Sprintf("%d problems in settings or books; nothing was done", len(problems))
		if len(problems) == 1 {
			f.Error = "1 problem in settings or books; nothing was done"
		}
		for _, p := range problems {
			f.At = append(f.At, SourcePlace{File: p.File, Line: p.Line, Column: p.Column, Text: p.Text, Hint: p.Hint})
		}
		return f
	}
	f.Hint = problem.HintOf(err)
	if errors.Is(err, context.Canceled) {
		f.Error, f.Hint = "interrupted", "the same command continues from the state of the lake"
	}
	if f.Hint != "" {
		f.Error = strings.TrimSuffix(f.Error, "; "+f.Hint)
	}
	var gated *run.GateError
	if errors.As(err, &gated) {
		f.At = gatedPlaces(gated)
	}
	var open *run.OpenItemsError
	if errors.As(err, &open) {
		for _, line := range OpenLines(&open.OpenItems) {
			f.At = append(f.At, SourcePlace{Text: line})
		}
	}
	var file *feed.FormError
	if errors.As(err, &file) {
		f.At = []SourcePlace{{File: "inbox/" + file.File, Line: file.Line, Column: file.Column, Text: file.Text}}
	}
	return f
}

// gatedPlaces lists the files with rejects that exceeded a gate, each with its first reject.
func gatedPlaces(e *run.GateError) []SourcePlace {
	var list []SourcePlace
	for _, feed := range e.Feeds {
		for _, f := range feed.Files {
			text := fmt.Sprintf("%d of %s rejected; the first is row %d: %s", f.Rejected,
				Counted(f.Rows, "row", "rows"), f.Row, f.Reason)
			if f.Column != "" {
				text += fmt.Sprintf(" in %s, %q", f.Column, f.Value)
			}
			list = append(list, SourcePlace{File: "inbox/" + f.Name, Text: text})
		}
		if feed.More > 0 {
			list = append(list, SourcePlace{File: "inbox/" + feed.Feed, Text: "and " + Counted(int64(feed.More),
				"further file", "further files")})
		}
	}
	return list
}

// reportError prints a failure on standard error.
func (a *App) reportError(err error, asJSON bool) {
	if err == nil || errors.Is(err, ErrNeedsAttention) {
		return
	}
	f := describeFailure(err)
	if asJSON {
		b, _ := json.Marshal(f) // only strings and numbers: cannot fail
		fmt.Fprintf(a.Err, "%s\n", b)
		return
	}
	for _, p := range f.At {
		at := problem.Pos{File: p.File, Line: p.Line, Column: p.Column}.String()
		if at != "" {
			at += ": "
		}
		fmt.Fprintf(a.Err, "%s%s\n", a.Flags.clickable(p.File, at), p.Text)
		if p.Hint != "" {
			fmt.Fprintf(a.Err, "    hint: %s\n", p.Hint)
		}
	}
	fmt.Fprintf(a.Err, "%s %s\n", a.style.alarm("tollbook:"), f.Error)
	if f.Hint != "" {
		fmt.Fprintf(a.Err, "    hint: %s\n", f.Hint)
	}
}

// clickable makes a position relative to the current folder, so that editors and terminals can open it. Positions in
// books are relative to the workspace.
func (f *Flags) clickable(file, at string) string {
	if file == "" || filepath.IsAbs(file) || f.Workspace == "." {
		return at
	}
	if _, err := os.Stat(file); err == nil {
		return at
	}
	if _, err := os.Stat(filepath.Join(f.Workspace, file)); err != nil {
		return at
	}
	return filepath.ToSlash(filepath.Clean(f.Workspace)) + "/" + at
}
