package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// TakenError reports that another scheduler works on the workspace (SCHED-7).
type TakenError struct{ Holder string }

// Error names the holder.
func (e *TakenError) Error() string {
	return fmt.Sprintf("another scheduler works on this workspace: %s", e.Holder)
}

// Diagnosis implements problem.Diagnosed.
func (e *TakenError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"a workspace needs one scheduler; `tollbook schedule --dry-run` shows its pending jobs. The lock ends " +
			"with the process; its file may remain"
}

// folder returns the folder of a workspace in which the scheduler keeps its lock and the time of its first start.
func folder(dir string) string { return filepath.Join(ledger.Dir(dir), "scheduler") }

// take makes this process the scheduler of a workspace. began is the time at which the workspace's first scheduler was
// started; it is stored next to the lock.
func take(dir string, now time.Time) (release func() error, began period.Instant, err error) {
	lock, err := storage.Dir(folder(dir)).Lock()
	if locked := new(storage.LockedError); errors.As(err, &locked) {
		return nil, 0, &TakenError{Holder: locked.Holder}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("become the scheduler of the workspace: %w", err)
	}
	release = lock.Unlock
	began, err = Began(dir)
	if errors.Is(err, fs.ErrNotExist) {
		began = period.Instant(now.UnixMicro())
		o := storage.ReplaceOptions{Temporary: "BEGAN.tmp", Durability: storage.Name}
		err = storage.ReplaceFile(beganFile(dir), o, func(f *os.File) error {
			_, err := f.WriteString(began.String() + "\n")
			return err
		})
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("note when the schedule began: %w", err), release())
	}
	return release, began, nil
}

func beganFile(dir string) string { return filepath.Join(folder(dir), "BEGAN") }

// Began returns the time at which the first scheduler of a workspace was started; fs.ErrNotExist if there was none. A
// file that was not written completely counts as none.
func Began(dir string) (period.Instant, error) {
	b, err := os.ReadFile(beganFile(dir))
	if err != nil {
		return 0, err
	}
	at, err := period.ParseInstant(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fs.ErrNotExist
	}
	return at, nil
}
