package problem

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestSystemHint tests invariant 5.
func TestSystemHint(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]string{syscall.ENOSPC: "make room", syscall.EDQUOT: "quota",
		syscall.EMFILE: "ulimit -n", syscall.ENFILE: "system's limit", syscall.EFBIG: "ulimit -f",
		syscall.EROFS: "for writing", syscall.EACCES: "the folder around it", syscall.ENOTDIR: "is a file"} {
		err := fmt.Errorf("write the lines: %w", &fs.PathError{Op: "write", Path: "lake/tmp/000001", Err: cause})
		if got := HintOf(err); !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	for _, err := range []error{nil, errors.New("no space left on device"), syscall.ENOENT} {
		if got := HintOf(err); got != "" {
			t.Errorf("%v: %q", err, got)
		}
	}
}
