package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/jobs/schedule"
	"github.com/tollbook/tollbook/pipeline"
	"github.com/tollbook/tollbook/pipeline/clickhouse"
	"github.com/tollbook/tollbook/pipeline/feed"
	"github.com/tollbook/tollbook/pipeline/ingest"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/publish"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Outcome is what a check came to.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Warn    Outcome = "warn"
	Fail    Outcome = "fail"
	Skipped Outcome = "skipped"
)

// Check is one check.
type Check struct {
	Name    string  `json:"check"`
	Outcome Outcome `json:"outcome"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"`
}

// Report is all checks, in their order.
type Report struct {
	Checks   []Check `json:"checks"`
	Books    bool    `json:"settings_and_books_ok"`
	Broken   bool    `json:"environment_broken"` // a run would fail of what is around the workspace
	Workable bool    `json:"ok"`                 // nothing to look at
}

// Options of a doctor.
type Options struct {
	Dir       string // the workspace
	Clock     func() time.Time
	Env       func(string) string
	HashCache string
	Version   string // of the program; "" = not known
}

// doctor is one visit.
type doctor struct {
	Options
	now    period.Instant
	ws     *pipeline.Workspace
	snap   *lake.Snapshot
	last   *ledger.Entry // the newest run; nil = none is known
	report Report
}

// Look makes all checks.
func Look(ctx context.Context, o Options) *Report {
	d := &doctor{Options: o, now: period.Instant(o.Clock().UnixMicro()), report: Report{Books: true}}
	d.books()
	if d.ws != nil {
		for _, check := range []func(context.Context){d.lake, d.unnamed, d.space, d.clock, d.lock, d.permissions, d.inbox, d.runs, d.version, d.schedule, d.server, d.cache} {
			check(ctx)
		}
	}
	d.report.Workable = true
	for _, c := range d.report.Checks {
		d.report.Workable = d.report.Workable && (c.Outcome == OK || c.Outcome == Skipped)
	}
	return &d.report
}

func (d *doctor) tell(name string, outcome Outcome, do, format string, args ...any) {
	d.report.Checks = append(d.report.Checks, Check{name, outcome, fmt.Sprintf(format, args...), do})
}

// broken tells of what would make a run fail (exit code 3).
func (d *doctor) broken(name, do, format string, args ...any) {
	d.report.Broken = true
	d.tell(name, Fail, do, format, args...)
}

// books reads settings and books; without them there is nothing else to look at.
func (d *doctor) books() {
	w, err := pipeline.OpenWorkspace(d.Dir)
	var problems problem.Problems
	switch {
	case errors.As(err, &problems):
		d.report.Books = false
		d.tell("settings and books", Fail, "`tollbook check` lists them all", "%d mistakes, the first: %s: %s", len(problems), problems[0].Pos, problems[0].Text)
	case err != nil:
		d.broken("settings and books", "see that they can be read", "%v", err)
	default:
		d.ws = w
		d.tell("settings and books", OK, "", "%d customers, %d products, zone %s", len(w.Books.Customers), len(w.Books.Products), w.Settings.Zone.Name())
	}
}

// lake reads the live state as any reader does.
func (d *doctor) lake(context.Context) {
	l, err := d.ws.Lake(pipeline.Options{})
	if err == nil {
		d.snap, err = l.Head()
	}
	var corrupt *lake.CorruptError
	switch {
	case errors.As(err, &corrupt):
		d.broken("lake", corrupt.Hint, "%v", err)
	case err != nil:
		d.broken("lake", "see that the folder can be read", "%v", err)
	case d.snap.Manifest.Number == 0:
		d.tell("lake", OK, "", "empty: no run wrote anything yet")
	default:
		m := &d.snap.Manifest
		closed := "none of them closed"
		if m.ClosedThrough != "" {
			closed = "closed through " + m.ClosedThrough
		}
		d.tell("lake", OK, "", "manifest %d as of %s, cycles: %d, %s, format %d", m.Number, m.AsOf, len(m.Cycles), closed, m.Format)
	}
}

// unnamed looks for files that a glob would read and the live state does not name.
func (d *doctor) unnamed(context.Context) {
	if d.snap == nil {
		d.tell("files of the lake", Skipped, "", "the lake cannot be read")
		return
	}
	found, err := d.snap.CheckNames()
	moved := new(lake.MovedError)
	switch {
	case errors.As(err, &moved):
		d.tell("files of the lake", Skipped, "", "a run committed meanwhile")
		return
	case err != nil:
		d.broken("files of the lake", "see that the folder can be read", "%v", err)
		return
	case len(found) == 0:
		d.tell("files of the lake", OK, "", "every file is named: a glob is the truth; `tollbook verify` reads them")
		return
	}
	for _, f := range found {
		if f.Kind == lake.FindMissing || f.Kind == lake.FindSize {
			d.broken("files of the lake", "put it back from a backup: `tollbook restore`", "%s", f)
			return
		}
	}
	d.tell("files of the lake", Warn, "the next run deletes what is the lake's own; until then no glob is right. Take foreign files out", "%d files that nobody names, the first: %s", len(found), found[0].Name)
}

// space compares what is free with twice what the largest cycle takes.
func (d *doctor) space(context.Context) {
	const mebi = 1 << 20
	need := int64(64 * mebi)
	if d.snap != nil {
		for _, ref := range d.snap.Manifest.Cycles {
			files, err := d.snap.Files(ref.Cycle)
			bytes := int64(0)
			for _, e := range files {
				bytes += e.Bytes
			}
			if err == nil {
				need = max(need, 2*bytes)
			}
		}
	}
	dir := d.ws.LakeDir()
	var at unix.Statfs_t
	for err := unix.Statfs(dir, &at); err != nil && dir != filepath.Dir(dir); err = unix.Statfs(dir, &at) {
		dir = filepath.Dir(dir) // not made yet
	}
	outcome, do := OK, ""
	free := int64(at.Bavail) * at.Bsize //nolint:unconvert // its type is the system's
	if free < need {
		outcome, do = Warn, "make room, or move the lake: a run that finds no room commits nothing"
	}
	d.tell("space for the lake", outcome, do, "%d MiB free in %s; a run may need %d MiB", free/mebi, dir, (need+mebi-1)/mebi)
}

// clock holds the machine's clock against the newest state.
func (d *doctor) clock(context.Context) {
	if d.snap == nil || d.snap.Manifest.Number == 0 {
		d.tell("clock", OK, "", "%s", d.now)
		return
	}
	asOf, err := period.ParseInstant(d.snap.Manifest.AsOf)
	switch {
	case err != nil:
		d.tell("clock", Fail, "`tollbook verify`", "as-of of manifest %d: %v", d.snap.Manifest.Number, err)
	case d.now < asOf:
		d.broken("clock", "set the machine's clock; the schedule runs nothing until it has passed the newest run", "%s, before the newest run's as-of, %s", d.now, asOf)
	default:
		d.tell("clock", OK, "", "%s, after the newest run's as-of, %s", d.now, asOf)
	}
}

// lock says whether a run is on. It takes no lock.
func (d *doctor) lock(context.Context) {
	f, err := os.Open(filepath.Join(d.ws.LakeDir(), "LOCK"))
	if err != nil {
		d.tell("lock", OK, "", "no run is on")
		return
	}
	defer f.Close()
	text := make([]byte, 256)
	n, _ := f.Read(text) // it may be empty
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		d.tell("lock", OK, "", "a run is on: %s", firstLine(text[:n]))
	case n > 0:
		d.tell("lock", Warn, "nothing: the next run goes on. Look why it was killed", "no run is on, and the file names one that was killed: %s", firstLine(text[:n]))
	default:
		d.tell("lock", OK, "", "no run is on")
	}
}

func firstLine(text []byte) string {
	for i, c := range text {
		if c == '\n' {
			return string(text[:i])
		}
	}
	return string(text)
}

// permissions looks whether a run may write, and whether others may read the keys.
func (d *doctor) permissions(context.Context) {
	for _, dir := range []string{d.ws.LakeDir(), ledger.Dir(d.Dir), filepath.Join(d.Dir, "inbox")} {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			dir = filepath.Dir(dir)
		}
		if err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
			d.broken("permissions", "let the user that runs tollbook write there", "%s: %v", dir, err)
			return
		}
	}
	keys := d.ws.Path(d.ws.Settings.API.Keys)
	if info, err := os.Stat(keys); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.tell("permissions", Warn, "chmod 600 "+keys, "%s can be read by others: mode %04o", keys, info.Mode().Perm())
		return
	}
	d.tell("permissions", OK, "", "lake, inbox and runs can be written")
}

// inbox looks for files that no run takes.
func (d *doctor) inbox(context.Context) {
	files, err := d.ws.Inbox()
	var odd []string
	for _, spec := range ingest.Feeds() {
		if err == nil {
			var unknown []string
			_, unknown, err = feed.Discover(files, spec.Name)
			odd = append(odd, unknown...)
		}
	}
	switch {
	case err != nil:
		d.broken("inbox", "see that the folder can be read", "%v", err)
	case len(odd) > 0:
		d.tell("inbox", Warn, "rename or remove what is no feed file", "%d files that are no feed files, the first: inbox/%s", len(odd), odd[0])
	default:
		d.tell("inbox", OK, "", "every file is one that a run takes, or is on its way")
	}
}

// runs looks into the run ledger.
func (d *doctor) runs(context.Context) {
	entries, damaged, err := ledger.Read(ledger.Dir(d.Dir))
	if len(entries) > 0 {
		d.last = &entries[len(entries)-1]
	}
	switch {
	case err != nil:
		d.tell("runs", Warn, "see that the folder can be read", "%v", err)
	case len(damaged) > 0:
		d.tell("runs", Warn, "delete it: the ledger decides nothing", "%v", damaged[0])
	case len(entries) == 0:
		d.tell("runs", OK, "", "none yet")
	default:
		last := d.last
		switch {
		case last.Owed != nil:
			d.tell("runs", Warn, "`tollbook publish`", "the newest, %s, owes a publish: %s", last.Command, last.Owed.Why)
		case last.Error != "":
			d.tell("runs", Warn, last.Hint, "the newest, %s, ended as %s: %s", last.Command, last.Outcome, last.Error)
		default:
			d.tell("runs", OK, "", "%d in the ledger, the newest: %s, %s", len(entries), last.Command, last.Outcome)
		}
	}
}

// version compares this program with the one that did the newest run: two of them on one workspace is a mistake of an upgrade.
func (d *doctor) version(context.Context) {
	switch {
	case d.last == nil:
		d.tell("version", OK, "", "this is %s; no run is known", d.Version)
	case d.last.Version != d.Version:
		d.tell("version", Warn, "use one version for all: the scheduler, the server and runs by hand", "this is %s, the newest run was done by %s on %s", d.Version, d.last.Version, d.last.Host)
	default:
		d.tell("version", OK, "", "this is %s, as the newest run's", d.Version)
	}
}

// schedule looks for runs that are due and were not done, where a scheduler was ever started.
func (d *doctor) schedule(context.Context) {
	const name = "schedule"
	if _, err := schedule.Began(d.Dir); errors.Is(err, fs.ErrNotExist) {
		d.tell(name, Skipped, "", "no scheduler was started for this workspace")
		return
	}
	status, err := schedule.Look(&jobs.Runner{Dir: d.Dir, Clock: d.Clock})
	switch {
	case err != nil:
		d.tell(name, Warn, "`tollbook verify` says more", "%v", err)
	case status.Owed() > 0:
		i := slices.IndexFunc(status.Due, func(f schedule.Firing) bool { return f.Skip == "" })
		d.tell(name, Warn, "`tollbook runs --failed` says what failed; start the scheduler, or `tollbook schedule --once`",
			"owed: %d, the first since %s: %s", status.Owed(), status.Due[i].Due, status.Due[i].Kind)
	default:
		d.tell(name, OK, "", "nothing is owed")
	}
}

// server asks ClickHouse what it shows.
func (d *doctor) server(ctx context.Context) {
	s := &d.ws.Settings.ClickHouse
	if !s.DSN.Set() {
		d.tell("ClickHouse", Skipped, "", "clickhouse.dsn is empty")
		return
	}
	o, err := clickhouse.FromSettings(s, d.Dir, d.Env)
	if err == nil {
		o.Retries = 0
		var conn *clickhouse.Conn
		if conn, err = clickhouse.Open(ctx, o); err == nil {
			defer func() { _ = conn.Close() }() // nothing was written
			d.shown(ctx, conn)
			return
		}
	}
	d.tell("ClickHouse", Warn, "see that it is on; runs go on without, and the publish is owed", "%v", err)
}

func (d *doctor) shown(ctx context.Context, conn *clickhouse.Conn) {
	database := d.ws.Settings.ClickHouse.DSN.Database
	live, ok, err := publish.Live(ctx, conn, database)
	switch {
	case err != nil && !clickhouse.NotThere(err):
		d.tell("ClickHouse", Warn, "`tollbook publish` says more", "%v", err)
	case !ok || err != nil:
		d.tell("ClickHouse", Warn, "`tollbook publish`", "%s answers; nothing is published", conn.Address())
	case d.snap != nil && int64(live.Manifest) != d.snap.Manifest.Number:
		d.tell("ClickHouse", Warn, "`tollbook publish`", "%s shows manifest %d, the lake is at %d", conn.Address(), live.Manifest, d.snap.Manifest.Number)
	default:
		d.tell("ClickHouse", OK, "", "%s shows manifest %d, as the lake", conn.Address(), live.Manifest)
	}
}

// cache looks whether hashes of the inbox are remembered.
func (d *doctor) cache(context.Context) {
	if d.HashCache == "" {
		d.tell("hash cache", Skipped, "", "the environment names no cache folder: every run reads the whole inbox")
		return
	}
	if _, err := feed.LoadHashes(d.HashCache); err != nil {
		d.tell("hash cache", Warn, "delete "+d.HashCache, "%v", err)
		return
	}
	d.tell("hash cache", OK, "", "%s", d.HashCache)
}
