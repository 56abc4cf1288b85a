package cli

import (
	"fmt"
	"time"

	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// asOf returns the value of --as-of, or the clock's current time without one.
func (a *App) asOf() (period.Instant, error) {
	if a.Flags.AsOf == "" {
		return period.Instant(a.Clock().UnixMicro()), nil
	}
	t, err := period.ParseInstant(a.Flags.AsOf)
	if err != nil {
		return 0, &UsageError{What: "--as-of " + err.Error(),
			Hint: "write it as 2026-10-05T04:00:00Z or 2026-10-05T12:00:00+08:00"}
	}
	return t, nil
}

// clockSkew is how far --as-of may be ahead of this machine's clock (CLI-6), because the clocks of two machines
// differ slightly.
const clockSkew = time.Minute

// CheckAsOf refuses an --as-of in the future (CLI-6), and one before the newest state unless a person agrees or back
// is set (CLI-13). A commit with a wrong date cannot be undone completely.
func (a *App) CheckAsOf(back bool) error {
	asOf, err := a.asOf()
	now := period.Instant(a.Clock().UnixMicro())
	if err != nil || a.Flags.AsOf == "" {
		return err
	}
	if a.Flags.allowFuture || asOf <= now+period.Instant(clockSkew.Microseconds()) {
		newest, known := a.newest()
		if back || a.agreedBack || a.Flags.Yes || !known || asOf >= newest {
			return nil
		}
		return a.agreesBack(asOf, newest)
	}
	return &UsageError{What: fmt.Sprintf("--as-of %s is in the future: this machine's clock is at %s", asOf, now),
		Hint: "check the date; with --allow-future the run is done, and the schedule runs nothing until that time " +
			"has come"}
}

// newest returns the as-of of the lake's newest state. It is not known if there is none, or if the workspace or its
// lake cannot be read: then the command itself says so.
func (a *App) newest() (period.Instant, bool) {
	w, err := OpenSettings(a)
	if err != nil {
		return 0, false
	}
	l, err := w.Lake(workspace.Options{Log: a.Log})
	if err != nil {
		return 0, false
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number == 0 {
		return 0, false
	}
	t, err := period.ParseInstant(snap.Manifest.AsOf)
	return t, err == nil
}

// agreesBack asks a person whether to do the command as of a time before the newest state.
func (a *App) agreesBack(asOf, newest period.Instant) (err error) {
	what := fmt.Sprintf("--as-of %s is before that of the newest state, %s", asOf, newest)
	if Asks(a) {
		a.agreedBack, err = Agrees(a, what+". Records after --as-of are rejected. Continue?")
	}
	if err != nil || a.agreedBack {
		return err
	}
	return &UsageError{What: what + "; nothing was done", Hint: "check the date; with --yes the command is done " +
		"as of that time, and rejects records after it"}
}

// FutureFlag returns " --allow-future" if a command line with this --as-of needs it, else "".
func (a *App) FutureFlag(asOf string) string {
	at, err := period.ParseInstant(asOf)
	if err != nil || at <= period.Instant(a.Clock().UnixMicro()) {
		return ""
	}
	return " --allow-future"
}

// NoteShown prints a note if --as-of is before the state that a command shows (CLI-10), because earlier states cannot
// be shown. state is the as-of of the shown state; "" means an empty lake.
func NoteShown(a *App, state string) error {
	if a.Flags.AsOf == "" || state == "" {
		return nil
	}
	shown, err := period.ParseInstant(state)
	if err != nil {
		return fmt.Errorf("as-of of the newest state: %w", err)
	}
	asked, err := a.asOf()
	if err == nil && asked < shown {
		fmt.Fprintf(a.Err, "note: --as-of %s has no effect: the newest state is shown, as of %s\n", a.Flags.AsOf, shown)
	}
	return err
}
