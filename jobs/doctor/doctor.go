package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Outcome is the result of a check.
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

// Report contains all checks, in order.
type Report struct {
	Checks   []Check `json:"checks"`
	Books    bool    `json:"settings_and_books_ok"`
	Broken   bool    `json:"environment_broken"` // a run would fail because of its environment
	Workable bool    `json:"ok"`                 // nothing needs attention
}

// Options of a doctor.
type Options struct {
	Dir       string // the workspace
	Clock     func() time.Time
	Env       func(string) string
	HashCache string
	Scratch   string // folder for temporary files of queries and exports; "" = not checked
	Version   string // of the program; "" = not known
}

// doctor is one inspection.
type doctor struct {
	Options
	now    period.Instant
	ws     *workspace.Workspace
	snap   *lake.Snapshot
	last   *ledger.Entry // the newest run; nil = none is known
	report Report
}

// Inspect performs all checks.
func Inspect(ctx context.Context, o Options) *Report {
	d := &doctor{Options: o, now: period.Instant(o.Clock().UnixMicro()), report: Report{Books: true}}
	d.books()
	if d.ws != nil {
		for _, check := range []func(context.Context){d.store, d.lake, d.unnamed, d.archives, d.space, d.scratch,
			d.clock, d.times, d.zone, d.lock, d.lease, d.permissions, d.inbox, d.runs, d.version, d.schedule,
			d.server, d.iceberg, d.cache} {
			check(ctx)
		}
	}
	d.report.Workable = true
	for _, c := range d.report.Checks {
		d.report.Workable = d.report.Workable && (c.Outcome == OK || c.Outcome == Skipped)
	}
	return &d.report
}

func (d *doctor) describe(name string, outcome Outcome, do, format string, args ...any) {
	d.report.Checks = append(d.report.Checks, Check{name, outcome, fmt.Sprintf(format, args...), do})
}

// broken reports a problem because of which a run would fail (exit code 3).
func (d *doctor) broken(name, do, format string, args ...any) {
	d.report.Broken = true
	d.describe(name, Fail, do, format, args...)
}

// books reads settings and books; without them nothing else can be checked.
func (d *doctor) books() {
	w, err := workspace.Open(d.Dir)
	var problems problem.Problems
	switch {
	case errors.As(err, &problems):
		d.report.Books = false
		d.describe("settings and books", Fail, "`tollbook check` lists them all", "%d mistakes, the first: %s: %s",
			len(problems), problems[0].Pos, problems[0].Text)
	case err != nil:
		d.broken("settings and books", "see that they can be read", "%v", err)
	default:
		d.ws = w
		d.describe("settings and books", OK, "", "%d customers, %d products, zone %s", len(w.Books.Customers),
			len(w.Books.Products), w.Settings.Zone.Name())
	}
}

// store checks that the object store of the lake supports what commits need. A lake in a folder has none.
func (d *doctor) store(context.Context) {
	if !d.ws.LakeInStore() {
		return
	}
	st, err := d.ws.LakeStorage(0)
	if err == nil {
		_, err = lake.Probe(st)
	}
	if err != nil {
		d.broken("object store", "see that lake.path, lake.endpoint and the keys are right", "%s: %v", d.ws.LakeName(),
			err)
		return
	}
	d.describe("object store", OK, "", "%s: one of %d writers at once creates an object", d.ws.LakeName(),
		objects.Racers)
}

// lake reads the live state as any reader does.
func (d *doctor) lake(context.Context) {
	l, err := d.ws.Lake(workspace.Options{})
	if err == nil {
		d.snap, err = l.Head()
	}
	if err == nil {
		err = cmp.Or(jobs.SameLake(d.ws.Dir, d.ws.LakeName(), d.snap),
			jobs.NotEmptied(d.ws.Dir, d.ws.LakeName(), d.snap), jobs.NotOlder(d.ws.Dir, d.ws.LakeName(), d.snap))
	}
	var older *jobs.OlderLakeError
	switch {
	case errors.As(err, &older):
		d.describe("lake", Fail, problem.HintOf(err), "%v", err)
	case err != nil:
		d.broken("lake", cmp.Or(problem.HintOf(err), "see that the folder can be read"), "%s", lake.FaultOf(err))
	case d.snap.Manifest.Number == 0:
		d.describe("lake", OK, "", "empty: no run wrote anything yet")
	case d.snap.Manifest.Units.Check(d.ws.Units()) != nil:
		err := d.snap.Manifest.Units.Check(d.ws.Units())
		d.broken("lake", problem.HintOf(err), "%v", err)
	case d.snap.Manifest.Buckets != d.ws.Settings.Lake.Buckets:
		err := &lake.BucketsError{Has: d.snap.Manifest.Buckets, Wanted: d.ws.Settings.Lake.Buckets}
		d.broken("lake", problem.HintOf(err), "%v", err)
	default:
		m := &d.snap.Manifest
		closed := "none of them closed"
		if !m.ClosedThrough.IsZero() {
			closed = "closed through " + m.ClosedThrough.String()
		}
		d.describe("lake", OK, "", "manifest %d as of %s, cycles: %d, %s, format %d", m.Number,
			d.local(m.AsOf), len(m.Cycles), closed, m.Format)
	}
}

// unnamed looks for files that match a glob of the lake but do not belong to the live state.
func (d *doctor) unnamed(context.Context) {
	if d.snap == nil {
		d.describe("files of the lake", Skipped, "", "the lake cannot be read")
		return
	}
	found, err := d.snap.CheckNames()
	moved := new(lake.MovedError)
	switch {
	case errors.As(err, &moved):
		d.describe("files of the lake", Skipped, "", "a run committed during the check")
		return
	case err != nil:
		d.broken("files of the lake", "see that the folder can be read", "%v", err)
		return
	case len(found) == 0 && d.ws.LakeInStore():
		d.describe("files of the lake", OK, "", "every file that is named is there; `tollbook verify` reads them")
		return
	case len(found) == 0:
		d.describe("files of the lake", OK, "",
			"every file is named, so a glob reads the current state; `tollbook verify` reads them")
		return
	}
	for _, f := range found {
		if f.Kind == lake.FindMissing || f.Kind == lake.FindSize {
			d.broken("files of the lake", "put it back from a backup: `tollbook restore`", "%s", f)
			return
		}
	}
	d.describe("files of the lake", Warn,
		"the next run deletes what is the lake's own; until then a glob reads other files too. Take foreign files out",
		"%d files that no list names, the first: %s", len(found), found[0].Name)
}

const mebi = 1 << 20

// little is the space that any run and any query may need, in bytes.
const little = 64 * mebi

// largest is the size of the largest cycle in bytes.
func (d *doctor) largest() (most int64) {
	if d.snap == nil {
		return 0
	}
	for _, ref := range d.snap.Manifest.Cycles {
		files, err := d.snap.Files(ref.Cycle)
		if err != nil {
			continue // the check of the files reports it
		}
		bytes := int64(0)
		for _, e := range files {
			bytes += e.Bytes
		}
		most = max(most, bytes)
	}
	return most
}

// free returns the free space at a folder or, if it does not exist yet, at its nearest existing parent.
func free(dir string) (at string, bytes int64, err error) {
	var fs unix.Statfs_t
	for err = unix.Statfs(dir, &fs); err != nil && dir != filepath.Dir(dir); err = unix.Statfs(dir, &fs) {
		dir = filepath.Dir(dir)
	}
	return dir, int64(fs.Bavail) * int64(fs.Bsize), err //nolint:unconvert // its type is the system's
}

// room checks whether a folder has the space that is needed. If runs need it, they fail without any.
func (d *doctor) room(name, dir, who, do string, need int64, ofRuns bool) {
	at, bytes, err := free(dir)
	switch {
	case err != nil:
		d.describe(name, Warn, "create the folder", "%s: %v", dir, err)
	case bytes < mebi && ofRuns:
		d.broken(name, do, "%d MiB free in %s", bytes/mebi, at)
	case bytes < need:
		d.describe(name, Warn, do, "%d MiB free in %s; %s may need %d MiB", bytes/mebi, at, who, (need+mebi-1)/mebi)
	default:
		d.describe(name, OK, "", "%d MiB free in %s; %s may need %d MiB", bytes/mebi, at, who, (need+mebi-1)/mebi)
	}
}

// space compares the free space with twice the size of the largest cycle: in addition to the lake's files, a run stores
// what it sorts, and it keeps old files until its commit.
func (d *doctor) space(context.Context) {
	d.room("space for the lake", d.ws.LakeDir(), "a run",
		"make room, or move the lake: a run that finds no room commits nothing", max(little, 2*d.largest()), true)
}

// scratch checks the folder for temporary files of queries, exports and quotes.
func (d *doctor) scratch(context.Context) {
	const name, elsewhere = "space for queries", "make room, or set TMPDIR to a folder with room; runs do not need it"
	switch {
	case d.Scratch == "":
		d.describe(name, Skipped, "", "no folder is named")
		return
	case unix.Access(d.Scratch, unix.W_OK|unix.X_OK) != nil:
		d.describe(name, Warn, "set TMPDIR to a folder that can be written; runs do not need it",
			"%s cannot be written", d.Scratch)
		return
	}
	d.room(name, d.Scratch, "an export", elsewhere, max(little, d.largest()), false)
}

// local formats an as-of for people; it returns an invalid text unchanged, because clock reports it.
func (d *doctor) local(asOf string) string {
	at, err := period.ParseInstant(asOf)
	if err != nil {
		return asOf
	}
	return d.ws.Settings.Zone.Show(at)
}

// clock compares the machine's clock with the newest state.
func (d *doctor) clock(context.Context) {
	if d.snap == nil || d.snap.Manifest.Number == 0 {
		d.describe("clock", OK, "", "%s", d.ws.Settings.Zone.Show(d.now))
		return
	}
	zone := d.ws.Settings.Zone
	asOf, err := period.ParseInstant(d.snap.Manifest.AsOf)
	switch {
	case err != nil:
		d.describe("clock", Fail, "`tollbook verify`", "as-of of manifest %d: %v", d.snap.Manifest.Number, err)
	case d.now < asOf:
		d.broken("clock", "set the machine's clock; the schedule runs nothing until it has passed the newest run. "+
			"If that run's as-of was an error, `tollbook run nightly --reset-clock`",
			"%s, before the newest run's as-of, %s", zone.Show(d.now), zone.Show(asOf))
	default:
		d.describe("clock", OK, "", "%s, after the newest run's as-of, %s", zone.Show(d.now), zone.Show(asOf))
	}
}

// ahead is how far file times can be in the future: disks of other machines have their own clocks.
const ahead = time.Minute

// times looks for files of the inbox and the lake with a time in the future. The reference is the clock of the disk:
// the time that a new file gets.
func (d *doctor) times(context.Context) {
	const name = "times of files"
	now, err := newFileTime(d.Dir)
	if err != nil {
		d.describe(name, Skipped, "", "no file can be made to compare with: %v", err)
		return
	}
	for _, place := range []struct{ dir, do string }{
		{d.ws.InboxDir(),
			"set the clock right, or the file's time: touch it. The schedule leaves the file until then"},
		{d.ws.LakeDir(), "set the clock right, on the machine of the disk too: the lake has files of later than now"},
	} {
		if place.dir == "" { // an object store has one clock of its own
			continue
		}
		newest, at, err := newestFile(place.dir)
		switch {
		case err != nil:
			d.describe(name, Warn, "see that the folder can be read", "%v", err)
			return
		case at.After(now.Add(ahead)):
			d.describe(name, Warn, place.do, "%s is of %s, and a new file of %s", newest, at.UTC().Format(time.RFC3339),
				now.UTC().Format(time.RFC3339))
			return
		}
	}
	d.describe(name, OK, "", "no file of inbox and lake has a time in the future")
}

// newFileTime returns the time that a new file gets in a folder.
func newFileTime(dir string) (at time.Time, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return at, err
	}
	info, err := f.Stat()
	if err == nil {
		at = info.ModTime()
	}
	return at, errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// newestFile returns the file below a folder that was changed last; none if the folder does not exist.
func newestFile(dir string) (path string, at time.Time, err error) {
	if dir, err = filepath.EvalSymlinks(dir); errors.Is(err, fs.ErrNotExist) {
		return "", at, nil
	}
	if err != nil {
		return "", at, err
	}
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a run deleted it
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := os.Stat(name)
		if err == nil && info.ModTime().After(at) {
			path, at = name, info.ModTime()
		}
		if errors.Is(err, fs.ErrNotExist) || e.Type()&fs.ModeSymlink != 0 {
			return nil // deleted in the meantime, or a broken link, which the check of the inbox reports
		}
		return err
	})
	return path, at, err
}

// zone reports from which time zone data the contract zone comes. The program's own data applies if the system has
// none.
func (d *doctor) zone(context.Context) {
	const name = "time zone"
	zone := d.ws.Settings.Zone
	today := time.UnixMicro(int64(d.now)).In(zone.Location()).Format("-07:00")
	if named := d.Env("ZONEINFO"); named != "" {
		d.describe(name, Warn,
			"unset ZONEINFO: runs elsewhere do not see it, and days may begin at other instants there",
			"%s, now UTC%s; ZONEINFO names zones of this machine's own: %s", zone.Name(), today, named)
		return
	}
	// the order in which the library looks
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ",
		"/etc/zoneinfo"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(zone.Name()))); err == nil {
			d.describe(name, OK, "", "%s, now UTC%s, by %s%s", zone.Name(), today, dir, zoneVersion(dir))
			return
		}
	}
	d.describe(name, OK, "", "%s, now UTC%s, by the program's own zones: the system has none", zone.Name(), today)
}

// zoneVersion returns the release of the system's time zone data as " (2026a)", or "" if it is not stated.
func zoneVersion(dir string) string {
	f, err := os.Open(filepath.Join(dir, "tzdata.zi"))
	if err != nil {
		return ""
	}
	defer f.Close()
	text := make([]byte, 64)
	n, _ := f.Read(text) // without a first line there is no release
	version, found := strings.CutPrefix(firstLine(text[:n]), "# version ")
	if !found {
		return ""
	}
	return " (" + version + ")"
}

// lease reports whether a run of any machine is active, by the lease in the object store. It does not take the lease.
func (d *doctor) lease(context.Context) {
	if !d.ws.LakeInStore() {
		return
	}
	st, err := d.ws.LakeStorage(0)
	if err != nil {
		return // store says it
	}
	leased, ok := st.(interface {
		Lease() (objects.LeaseState, error)
	})
	if !ok {
		return
	}
	switch state, err := leased.Lease(); {
	case err != nil:
		d.broken("lease", "see that lake.path, lake.endpoint and the keys are right", "%v", err)
	case state.Holder == "":
		d.describe("lease", OK, "", "no run is active")
	case state.Left < 0:
		d.describe("lease", Warn, "nothing: the next run takes it over. Find out why its holder was stopped",
			"of a run that ended without giving it up: %s", state.Holder)
	default:
		d.describe("lease", OK, "", "a run is active: %s; if it is stopped, the lease ends in %d seconds", state.Holder,
			state.Left+1)
	}
}

// lock reports whether a run of this machine is active. It does not take the lock.
func (d *doctor) lock(context.Context) {
	f, err := os.Open(filepath.Join(d.ws.LakeDir(), "LOCK"))
	if err != nil {
		d.describe("lock", OK, "", "no run is active")
		return
	}
	defer f.Close()
	text := make([]byte, 256)
	n, _ := f.Read(text) // it may be empty
	err = storage.TryLockFile(f, storage.SharedLock)
	switch {
	case errors.Is(err, storage.ErrLocked):
		d.describe("lock", OK, "", "a run is active: %s", firstLine(text[:n]))
	case n > 0:
		d.describe("lock", Warn, "nothing: the next run continues. Find out why it was killed",
			"no run is active, and the file names one that was killed: %s", firstLine(text[:n]))
	default:
		d.describe("lock", OK, "", "no run is active")
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

// permissions checks whether a run can write, and whether other users can read the keys.
func (d *doctor) permissions(context.Context) {
	for _, dir := range []string{d.ws.LakeDir(), ledger.Dir(d.Dir), d.ws.InboxDir()} {
		if dir == "" { // in an object store
			continue
		}
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			dir = filepath.Dir(dir)
		} else if err == nil && !info.IsDir() {
			d.broken("permissions", "move it away, and put the folder back", "%s is not a folder", dir)
			return
		}
		if at, err := writable(dir, dir == d.ws.LakeDir()); err != nil {
			d.broken("permissions", "let the user that runs tollbook write there, for example with chown -R",
				"%s: %v", at, err)
			return
		}
	}
	keys := d.ws.Path(d.ws.Settings.API.Keys)
	if info, err := os.Stat(keys); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.describe("permissions", Warn, "chmod 600 "+keys, "%s can be read by others: mode %04o", keys,
			info.Mode().Perm())
		return
	}
	d.describe("permissions", OK, "", "lake, inbox and runs can be written")
}

// writable reports the first folder that this user cannot read and write: dir or, of a lake, one below it, or its LOCK.
func writable(dir string, ofLake bool) (at string, err error) {
	const all = unix.R_OK | unix.W_OK | unix.X_OK
	if err := unix.Access(dir, all); err != nil || !ofLake {
		return dir, err
	}
	root := storage.Followed(dir)
	lock := filepath.Join(root, storage.LockName)
	if err := unix.Access(lock, unix.R_OK|unix.W_OK); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lock, err
	}
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.IsDir() { // a run deleted the folder
			return nil
		}
		if at = name; err == nil {
			err = unix.Access(name, all)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return at, err
}

// inbox looks for files that no run takes.
func (d *doctor) inbox(context.Context) {
	if d.ws.LacksInbox() {
		if d.snap != nil && d.snap.Manifest.Number > 0 {
			d.describe("inbox", Warn, "see that its file system is mounted", "the folder inbox/ does not exist")
		} else {
			d.describe("inbox", OK, "", "the first run creates it")
		}
		return
	}
	files, err := d.ws.Inbox()
	var odd []string
	var passed []inbox.Passed
	for _, spec := range accept.Feeds() {
		if err == nil {
			var found inbox.Found
			found, err = inbox.Discover(files, spec.Name)
			odd, passed = append(odd, found.Unknown...), append(passed, found.Passed...)
			passed = append(passed, unreadable(files, found.Files)...)
		}
	}
	if err == nil {
		var strangers []string
		strangers, err = run.Strangers(files)
		odd = append(odd, strangers...)
	}
	var strange []string
	if err == nil {
		strange, err = d.strangeCosts(files)
	}
	switch {
	case err != nil:
		d.broken("inbox", "see that the folder can be read", "%v", err)
	case len(passed) > 0:
		d.describe("inbox", Warn, passed[0].Hint, "names that runs ignore: %d, the first: %v", len(passed),
			&passed[0])
	case len(odd) > 0:
		d.describe("inbox", Warn, "rename or remove what is no feed file, or move it into the folder of a feed",
			"%d names that are no feed files, the first: inbox/%s", len(odd), feed.ShownName(odd[0]))
	case len(strange) > 0:
		d.describe("inbox", Warn, run.DeliveryHint,
			"%d names that are no delivery of cost files, the first: inbox/%s", len(strange),
			feed.ShownName(strange[0]))
	default:
		d.describe("inbox", OK, "", "every file has a name and folder that a run ingests, or is still being copied")
	}
}

// strangeCosts returns the names below inbox/costs that are part of no delivery of a source in the settings.
func (d *doctor) strangeCosts(files fs.FS) ([]string, error) {
	sources := d.ws.Settings.Costs.Sources.Names()
	unlisted, err := accept.UnlistedCosts(files, sources)
	if err != nil {
		return nil, err
	}
	list, err := accept.DiscoverCosts(files, sources)
	if err != nil {
		return nil, err
	}
	return append(unlisted, list.Strange...), nil
}

// unreadable returns the feed files that this user cannot read.
func unreadable(fsys fs.FS, files []inbox.FileRef) (out []inbox.Passed) {
	for _, f := range files {
		file, err := fsys.Open(f.Name)
		if err == nil {
			_ = file.Close() // nothing was read
		} else if errors.Is(err, fs.ErrPermission) {
			out = append(out, inbox.Unreadable(f.Name))
		}
	}
	return out
}

// newest returns the newest attempt that ended, except firings that had nothing to do; of kinds, if any are given.
func newest(entries []ledger.Entry, kinds ...jobs.Kind) *ledger.Entry {
	for i := range slices.Backward(entries) {
		e := &entries[i]
		if e.Outcome != ledger.Skipped && e.Outcome != ledger.Running &&
			(len(kinds) == 0 || slices.Contains(kinds, jobs.Kind(e.Kind))) {
			return e
		}
	}
	return nil
}

// failed reports whether an attempt did not do its job.
func failed(e *ledger.Entry) bool { return e != nil && (e.Error != "" || e.Outcome == ledger.Killed) }

// runs checks the run ledger: the newest attempt of all, and the newest one that takes feed files, because runs of
// other kinds do not do the work of one that failed.
func (d *doctor) runs(context.Context) {
	entries, damaged, err := ledger.Read(ledger.Dir(d.Dir))
	if len(entries) > 0 {
		d.last = &entries[len(entries)-1]
	}
	last, intake := newest(entries), newest(entries, jobs.Ingest, jobs.Nightly, jobs.Monthly, jobs.Close)
	switch {
	case err != nil:
		d.describe("runs", Warn, "see that the folder can be read", "%v", err)
	case len(damaged) > 0:
		d.describe("runs", Warn, "delete it: the ledger decides nothing", "%v", damaged[0])
	case len(entries) == 0:
		d.describe("runs", OK, "", "none yet")
	case last != nil && last.Owed != nil:
		d.describe("runs", Warn, "`tollbook publish`", "the newest, %s, owes a publish: %s", last.Command,
			last.Owed.Why)
	case !failed(last) && !failed(intake):
		d.describe("runs", OK, "", "%d in the ledger, the newest: %s, %s", len(entries), d.last.Command, d.last.Outcome)
	}
	if failed(last) {
		d.describe("runs", Warn, hint(last), "the newest, %s, %s", last.Command, end(last))
	}
	if failed(intake) && intake != last {
		d.describe("runs", Warn, hint(intake), "%s of %s %s; the newest, %s, does not replace it", intake.Command,
			intake.Started.UTC().Format(time.RFC3339), end(intake), last.Command)
	}
}

// end says how a failed attempt ended.
func end(e *ledger.Entry) string {
	if e.Error == "" {
		return "was killed"
	}
	return fmt.Sprintf("ended as %s: %s", e.Outcome, e.Error)
}

// hint says what to do about a failed attempt.
func hint(e *ledger.Entry) string {
	if e.Error == "" {
		return "`tollbook " + e.Command + "` does what it did not do"
	}
	return e.Hint
}

// version compares this program with the one that performed the newest run: using two versions on one workspace is a
// mistake while the program is replaced.
func (d *doctor) version(context.Context) {
	switch {
	case d.last == nil:
		d.describe("version", OK, "", "this is %s; no run is known", named(d.Version))
	case d.last.Version != d.Version:
		d.describe("version", Warn, "use one version for all: the scheduler, the server and runs by hand",
			"this is %s, the newest run was done by %s on %s", named(d.Version), named(d.last.Version),
			d.last.Host)
	default:
		d.describe("version", OK, "", "this is %s, as the newest run's", named(d.Version))
	}
}

// schedule looks for jobs that are due and were not done, if a scheduler was ever started.
func (d *doctor) schedule(context.Context) {
	const name = "schedule"
	if _, err := jobs.Began(d.Dir); errors.Is(err, fs.ErrNotExist) {
		d.describe(name, Skipped, "", "no scheduler was started for this workspace")
		return
	}
	status, err := jobs.Inspect(&jobs.Runner{Dir: d.Dir, Clock: d.Clock})
	switch {
	case err != nil:
		d.describe(name, Warn, "`tollbook verify` shows details", "%v", err)
	case status.Owed() > 0:
		i := slices.IndexFunc(status.Due, func(f jobs.Firing) bool { return f.Skip == "" })
		d.describe(name, Warn,
			"`tollbook runs --failed` shows what failed; start the scheduler, or `tollbook schedule --once`",
			"owed: %d, the first since %s: %s", status.Owed(), status.Due[i].Due, status.Due[i].Kind)
	default:
		d.describe(name, OK, "", "nothing is pending")
	}
}

// server checks which state ClickHouse shows.
func (d *doctor) server(ctx context.Context) {
	s := &d.ws.Settings.ClickHouse
	if !s.DSN.Set() {
		d.describe("ClickHouse", Skipped, "", "clickhouse.dsn is empty")
		return
	}
	o, err := publish.ServerOptionsFrom(s, d.Dir, d.Env)
	if err != nil {
		d.describe("ClickHouse", Warn, "correct the setting, or see that its file can be read", "%v", err)
		return
	}
	o.Retries = 0
	conn, err := publish.OpenServer(ctx, o)
	if err == nil {
		defer func() { _ = conn.Close() }() // nothing was written
		d.shown(ctx, conn)
		return
	}
	if publish.TableMissing(err) { // the first publish creates the database
		d.describe("ClickHouse", Warn, "`tollbook publish`",
			"it answers; nothing is published: database %s does not exist", s.DSN.Database)
		return
	}
	d.describe("ClickHouse", Warn, "start the server; runs continue without it, and the publish is pending", "%v", err)
}

func (d *doctor) shown(ctx context.Context, conn *publish.Conn) {
	database := d.ws.Settings.ClickHouse.DSN.Database
	live, ok, err := publish.Live(ctx, conn, database)
	var lacks []string
	if d.snap != nil {
		lacks = originOf(&live).Lacks(d.snap)
	}
	switch {
	case err != nil && !publish.TableMissing(err):
		d.describe("ClickHouse", Warn, "`tollbook publish` shows details", "%v", err)
	case !ok || err != nil:
		d.describe("ClickHouse", Warn, "`tollbook publish`", "%s answers; nothing is published", conn.Address())
	case d.otherLake(&live):
		d.describe("ClickHouse", Warn, "check clickhouse.dsn; `tollbook publish --take-over` replaces the copy",
			"%s shows manifest %d of another lake", conn.Address(), live.Manifest)
	case d.snap != nil && int64(live.Manifest) != d.snap.Manifest.Number:
		d.describe("ClickHouse", Warn, "`tollbook publish`", "%s shows manifest %d, the lake is at %d", conn.Address(),
			live.Manifest, d.snap.Manifest.Number)
	case d.snap != nil && live.Hash != "" && lake.Hash(live.Hash) != d.snap.Hash:
		d.describe("ClickHouse", Warn, "`tollbook publish`", otherState, conn.Address(), live.Manifest)
	case len(live.Older()) > 0:
		d.describe("ClickHouse", Warn, "`tollbook publish`", "%s shows manifest %d, but %v", conn.Address(),
			live.Manifest, live.Older()[0])
	case len(lacks) > 0:
		d.describe("ClickHouse", Warn, "`tollbook publish`", "%s shows manifest %d without %s", conn.Address(),
			live.Manifest, strings.Join(lacks, ", "))
	default:
		d.describe("ClickHouse", OK, "", "%s shows manifest %d, as the lake", conn.Address(), live.Manifest)
	}
	if ok && err == nil {
		d.tables(ctx, conn)
	}
}

// otherLake reports whether a published state is of another lake than the workspace's.
func (d *doctor) otherLake(live *publish.Pointer) bool {
	if d.snap == nil {
		return false
	}
	is, _ := published.Relate(d.snap, originOf(live)) // the check of the lake reports its errors
	return is == published.OtherLake
}

// originOf returns what identifies a published state.
func originOf(live *publish.Pointer) published.Origin {
	return published.Origin{Lake: live.Lake, Manifest: int64(live.Manifest), Hash: live.Hash, Cycles: live.Cycles}
}

// otherState is the problem that a published state has the number of the lake's, but is another state.
const otherState = "%s shows another manifest %d than the lake's: the lake was restored since"

// publishShows is the hint about an error of a published copy that has none.
const publishShows = "`tollbook publish` shows details"

// tables compares a server's tables with those that this program creates.
func (d *doctor) tables(ctx context.Context, conn *publish.Conn) {
	const name = "ClickHouse tables"
	s := &d.ws.Settings.ClickHouse
	drift, err := publish.Schema{Database: s.DSN.Database, Cluster: s.Cluster}.Drift(ctx, conn, s.Samples)
	switch {
	case err != nil:
		d.describe(name, Warn, cmp.Or(problem.HintOf(err), publishShows), "%v", err)
	case len(drift) > 0:
		d.describe(name, Warn, "`tollbook publish` makes them", "not as this program makes them: %s",
			strings.Join(drift, ", "))
	default:
		d.describe(name, OK, "", "as this program makes them")
	}
}

// iceberg checks which state the Iceberg tables show, according to their catalog if there is one.
func (d *doctor) iceberg(ctx context.Context) {
	const name = "Iceberg"
	s := &d.ws.Settings.Iceberg
	if !s.Set() {
		d.describe(name, Skipped, "", "iceberg.warehouse is empty")
		return
	}
	at, shown, hashes, err := d.tablesShow(ctx, s)
	switch {
	case err != nil:
		d.describe(name, Warn, cmp.Or(problem.HintOf(err), publishShows), "%v", err)
	case shown == 0:
		d.describe(name, Warn, "`tollbook publish`", "%s: nothing is published", at)
	case d.snap != nil && shown != d.snap.Manifest.Number:
		d.describe(name, Warn, "`tollbook publish`", "%s shows manifest %d, the lake is at %d", at, shown,
			d.snap.Manifest.Number)
	case d.snap != nil && slices.ContainsFunc(hashes,
		func(h lake.Hash) bool { return h != "" && h != d.snap.Hash }):
		d.describe(name, Warn, "`tollbook publish`", otherState, at, shown)
	default:
		d.describe(name, OK, "", "%s shows manifest %d, as the lake", at, shown)
	}
}

// tablesShow returns the manifest that the Iceberg tables show, and where it was read.
func (d *doctor) tablesShow(ctx context.Context, s *settings.Iceberg) (at string, shown int64, hashes []lake.Hash,
	err error) {
	warehouse, err := d.ws.IcebergWarehouse()
	if err != nil {
		return "", 0, nil, err
	}
	at = warehouse.Root()
	var client *iceberg.CatalogClient
	if s.Catalog != "" {
		o, err := iceberg.CatalogOptionsOf(s, d.ws.Dir, d.Env)
		if err != nil {
			return "", 0, nil, err
		}
		o.Once = true
		at, client = "the catalog "+o.Address, iceberg.NewCatalog(o)
	}
	shown, hashes, err = iceberg.Shown(ctx, warehouse, client, s.Namespace)
	return at, shown, hashes, err
}

// cache checks whether hashes of the inbox are stored.
func (d *doctor) cache(context.Context) {
	if d.HashCache == "" {
		d.describe("hash cache", Skipped, "", "the environment names no cache folder: every run reads the whole inbox")
		return
	}
	if _, err := inbox.LoadHashes(d.HashCache); err != nil {
		d.describe("hash cache", Warn, "delete "+d.HashCache, "%v", err)
		return
	}
	d.describe("hash cache", OK, "", "%s", d.HashCache)
}

// named is the name of a version for people: a program that was not built from a repository has none.
func named(version string) string { return cmp.Or(version, "a build without a version") }
