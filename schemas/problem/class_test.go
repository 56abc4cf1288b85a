package problem

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"
)

// said is an error with a class and a hint.
type said struct {
	class Class
	hint  string
	err   error
}

func (e *said) Error() string              { return "said" }
func (e *said) Unwrap() error              { return e.err }
func (e *said) Diagnosis() (Class, string) { return e.class, e.hint }

// TestDiagnose tests invariant 4.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "write", Path: "lake/tmp/1", Err: syscall.ENOSPC}
	room := systemHint(syscall.ENOSPC)
	refused, damaged := &said{class: Refused, hint: "close it"}, &said{class: Failed, hint: "put it back"}
	for _, c := range []struct {
		name  string
		err   error
		class Class
		hint  string
	}{
		{"no error", nil, Unclassified, ""},
		{"no type says", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), Unclassified, ""},
		{"wrapped", fmt.Errorf("run: %w", refused), Refused, "close it"},
		{"the system", fmt.Errorf("fold: %w", full), Retryable, room},
		{"the outer class", &said{class: Failed, hint: "check the disk", err: full}, Failed, "check the disk"},
		{"the outer class, the inner hint", &said{class: Failed, err: full}, Failed, room},
		{"joined", errors.Join(full, fmt.Errorf("a: %w", refused), damaged), Refused, room},
		{"damage is not retried", errors.Join(damaged, full), Failed, "put it back"},
		{"two verbs", fmt.Errorf("%w; %w", io.EOF, full), Retryable, room},
		{"problems", fmt.Errorf("open: %w", Problems{{Text: "a", Hint: "b"}, {Text: "c", Hint: "d"}}), Refused, "b"},
		{"no problems", Problems{}, Refused, ""},
	} {
		if class, hint := Diagnose(c.err); class != c.class || hint != c.hint {
			t.Errorf("%s: class %d, hint %q, want %d, %q", c.name, class, hint, c.class, c.hint)
		}
	}
}
