package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

var (
	long = flag.Bool("schedule.long", false, "the long form: a year in each zone")
	seed = flag.Uint64("schedule.seed", 20260325, "seed of outages, faults and kills")
)

// child is the environment variable of a child process, which does one pass: workspace, instant and fault plan.
const child = "TOLLBOOK_SCHEDULE_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(child); text != "" {
		part := strings.Split(text, "|")
		micros, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			panic(err)
		}
		y := &year{dir: part[0], now: time.UnixMicro(micros), plan: part[2]}
		y.start(func(err error) { panic(err) })
		y.scheduler.Pass(context.Background(), context.Background())
		os.Exit(0) // the fault was after the last operation
	}
	os.Exit(m.Run())
}

// drop is a feed file that arrives.
type drop struct {
	at   period.Instant // its mtime
	name string         // below inbox/
	text string
}

// year is a workspace, the clock of its machine, and the files that have not arrived yet.
type year struct {
	dir       string
	zone      *period.Zone
	now       time.Time
	drops     []drop
	plan      string // fault plan of the run's storage; "" = none
	log       *slog.Logger
	runner    *Runner
	scheduler *Scheduler
	outcomes  map[string]int
}

// drops returns the files for the days [first, last]. The usage of each day arrives at 00:20 of the next. Every fourth
// day has a second file, which arrives after the nightly run began; every seventh has a row that is rejected; every
// ninth has a row of eight days before, whose cycle can be closed by then.
func drops(zone *period.Zone, first, last period.Day) (out []drop) {
	const header = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	row := func(d period.Day, id, customer, sku string, minutes int64, quantity string) string {
		at := zone.At(d, minutes*period.Minute)
		return fmt.Sprintf("%s-%s,%s,%s-1,%s,east,%s,%s,%s\n", d, id, customer, sku, sku, at,
			at+period.Instant(5*period.Minute), quantity)
	}
	for d := first; d <= last; d++ {
		text := header + row(d, "a", "acme", "vm", 10, "1.25") + row(d, "b", "acme", "api", 130, "30") +
			row(d, "c", "beta", "cdn", 23*60+54, "2.5")
		if d%7 == 0 {
			text += row(d, "wrong", "acme", "vm", 600, `"1,000"`)
		}
		if d%9 == 0 && d-8 >= first {
			text += row(d-8, "late", "beta", "api", 720, "11")
		}
		out = append(out, drop{zone.At(d+1, 20*period.Minute), fmt.Sprintf("usage/%s.csv", d), text})
		if d%4 == 0 {
			out = append(out, drop{zone.At(d+1, 135*period.Minute), fmt.Sprintf("usage/%s-more.csv", d),
				header + row(d, "d", "beta", "vm", 1000, "0.5")})
		}
	}
	return out
}

func newYear(t testing.TB, zone string, first, last period.Day) *year {
	t.Helper()
	y := &year{dir: t.TempDir(), zone: zoneOf(t, zone), outcomes: make(map[string]int)}
	must(t, os.CopyFS(y.dir, os.DirFS("testdata")))
	must(t, os.WriteFile(filepath.Join(y.dir, "tollbook.yaml"), fmt.Appendf(nil,
		"zone: %s\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: truncate}\nlake: {buckets: 2}\n"+
			"close: {with_open_rejects: true, with_missing_feeds: true}\n"+
			"schedule: {nightly: \"5 2 * * *\", monthly: \"0 12 3 * *\"}\n", zone), 0o666))
	y.drops = drops(y.zone, first, last)
	y.now = micro(y.zone.At(first, 12*period.Hour))
	y.start(func(err error) { must(t, err) })
	t.Cleanup(func() { y.scheduler.Close() })
	return y
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func micro(at period.Instant) time.Time { return time.UnixMicro(int64(at)) }

// start starts the machine.
func (y *year) start(fail func(error)) {
	y.log = slog.New(slog.DiscardHandler)
	y.runner = &Runner{Dir: y.dir, Clock: func() time.Time { return y.now }, Options: workspace.Options{Workers: 2,
		Wrap: func(st storage.Storage) storage.Storage {
			plan, err := storage.ParsePlan(y.plan)
			if err != nil {
				panic(err)
			}
			return storage.Faulty(st, plan)
		}}}
	var err error
	if y.scheduler, err = Open(y.runner, y.log, Watch{}); err != nil {
		fail(err)
	}
}

// to advances the clock and writes the files that arrive until then to the inbox.
func (y *year) to(t testing.TB, at time.Time) {
	t.Helper()
	y.now = at
	for len(y.drops) > 0 && micro(y.drops[0].at).Compare(at) <= 0 {
		d := y.drops[0]
		y.drops = y.drops[1:]
		path := filepath.Join(y.dir, "inbox", d.name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o777))
		must(t, os.WriteFile(path, []byte(d.text), 0o666))
		must(t, os.Chtimes(path, micro(d.at), micro(d.at)))
	}
}

// pass runs due jobs and counts the outcomes.
func (y *year) pass() {
	for _, o := range y.scheduler.Pass(context.Background(), context.Background()) {
		y.outcomes[string(o.Why)+" "+o.Word()]++
	}
}

// next returns a time shortly after the next firing.
func (y *year) next() time.Time {
	status := y.scheduler.Status()
	return micro(status.Next[0].Due).Add(3 * time.Second)
}

// steady runs a machine without outages.
func (y *year) steady(t testing.TB, end time.Time) {
	for y.pass(); y.next().Before(end); y.pass() {
		y.to(t, y.next())
	}
	y.to(t, end)
	y.pass()
}

// rough runs a machine that is off for days, mostly across ends of months and changes of the clock. Its disk fails, and
// its scheduler is killed while it works.
func (y *year) rough(t testing.TB, end time.Time, r *rand.Rand) {
	y.pass()
	for y.now.Before(end) {
		at := y.next()
		switch {
		case y.turning(), r.IntN(8) == 0:
			at = at.Add(time.Duration(r.IntN(9*24)) * time.Hour)
		case r.IntN(5) == 0:
			y.plan = fmt.Sprintf("%s:%d", []string{"fail", "full", "short", "down"}[r.IntN(4)], 1+r.IntN(60))
		}
		y.to(t, minTime(at, end))
		if r.IntN(6) == 0 {
			y.kill(t, fmt.Sprintf("kill:%d", 1+r.IntN(60)))
		}
		y.pass()
		y.plan = ""
		for status := y.scheduler.Status(); len(status.Failing) > 0 && status.Failing[0].Retryable; status =
			y.scheduler.Status() {
			y.to(t, micro(status.Failing[0].RetryAt).Add(time.Second))
			y.pass()
		}
	}
	// Restart the scheduler, so that it also tries jobs that wait for a person.
	must(t, y.scheduler.Close())
	y.start(func(err error) { must(t, err) })
	y.pass()
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// turning reports whether the month ends or the clock changes within two days.
func (y *year) turning() bool {
	at := period.Instant(y.now.UnixMicro())
	day, _ := y.zone.Local(at)
	_, _, of := day.Date()
	_, offset := y.now.In(y.zone.Location()).Zone()
	_, then := y.now.Add(48 * time.Hour).In(y.zone.Location()).Zone()
	return offset != then || of == day.Cycle().Days()-1
}

// kill does the pass in a child process, which is killed at an operation of its disk; then it restarts the scheduler.
func (y *year) kill(t testing.TB, plan string) {
	t.Helper()
	must(t, y.scheduler.Close())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d|%s", child, y.dir, y.now.UnixMicro(), plan))
	out, err := cmd.CombinedOutput()
	switch exit := new(exec.ExitError); {
	case err == nil:
		y.outcomes["child done"]++
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		y.outcomes["child killed"]++
	default:
		t.Fatalf("%v\n%s", err, out)
	}
	y.start(func(err error) { must(t, err) })
}

// tree returns every file of the lake with the hash of its bytes.
func (y *year) tree(t testing.TB) map[string]string {
	t.Helper()
	out := make(map[string]string)
	root := filepath.Join(y.dir, "lake")
	must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == storage.LockName {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		out[strings.TrimPrefix(path, root)] = hex.EncodeToString(sum[:])
		return err
	}))
	return out
}

// history returns the content of the lake's manifests, oldest first, with the as-of in local time.
func (y *year) history(t testing.TB) (out []string) {
	t.Helper()
	w, err := workspace.Open(y.dir)
	must(t, err)
	l, err := w.Lake(workspace.Options{})
	must(t, err)
	must(t, l.Read(func(snap *lake.Snapshot) error {
		all, err := snap.History()
		for _, m := range slices.Backward(all) {
			day, micros := y.zone.Local(instant(t, m.AsOf))
			out = append(out, fmt.Sprintf("%s %02d:%02d %s", day, micros/period.Hour, micros%period.Hour/period.Minute,
				m.Command))
		}
		return err
	}))
	return out
}

// TestYear runs the days around changes of the clock and ends of months, or the complete year. A machine with outages,
// failing disks and kills must end with the same lake, byte for byte, as one without. Every nightly run occurs once, on
// its local day, and every cycle is closed once.
func TestYear(t *testing.T) {
	t.Parallel()
	for zone, days := range map[string][2]period.Day{
		"Asia/Shanghai":       {period.DayOf(2026, 1, 27), period.DayOf(2026, 3, 9)},
		"America/New_York":    {period.DayOf(2026, 2, 25), period.DayOf(2026, 4, 8)},
		"Africa/Casablanca":   {period.DayOf(2026, 2, 12), period.DayOf(2026, 3, 25)},
		"Australia/Lord_Howe": {period.DayOf(2026, 3, 26), period.DayOf(2026, 5, 8)},
	} {
		t.Run(filepath.Base(zone), func(t *testing.T) {
			t.Parallel()
			if zone != "Africa/Casablanca" { // the quick form contains two changes of its clock
				program.Slow(t)
			}
			first, last := days[0], days[1]
			if *long {
				first, last = period.DayOf(2026, 1, 1), period.DayOf(2027, 1, 9)
			}
			end := micro(zoneOf(t, zone).At(last, 12*period.Hour))
			steady, rough := newYear(t, zone, first, last), newYear(t, zone, first, last)
			steady.steady(t, end)
			rough.rough(t, end, rand.New(rand.NewPCG(*seed, uint64(len(zone)))))
			if want, got := steady.tree(t), rough.tree(t); !maps.Equal(got, want) {
				t.Errorf("seed %d: another lake: %d files, want %d\n%s\nwant\n%s", *seed, len(got), len(want),
					strings.Join(rough.history(t), "\n"), strings.Join(steady.history(t), "\n"))
			}
			steady.once(t, first, last)
			t.Logf("steady %v; rough %v", steady.outcomes, rough.outcomes)
		})
	}
}

// once checks that each day has one nightly run at its time, and each cycle one close and one monthly run.
func (y *year) once(t *testing.T, first, last period.Day) {
	t.Helper()
	nights, others := map[string]int{}, map[string]int{}
	for _, line := range y.history(t) {
		day, command, _ := strings.Cut(line, " ")
		if wall, night := strings.CutSuffix(command, " run nightly"); night {
			nights[day]++
			if _, gap := y.zone.Local(y.zone.At(must1(period.ParseDay(day)), 125*period.Minute)); wall != fmt.Sprintf(
				"%02d:%02d", gap/period.Hour, gap%period.Hour/period.Minute) {
				t.Errorf("the night of %s at %s", day, wall)
			}
		} else {
			others[command]++
		}
	}
	for d := first + 1; d <= last; d++ {
		if nights[d.String()] != 1 {
			t.Errorf("%d nights on %s", nights[d.String()], d)
		}
	}
	want := map[string]int{}
	for c := first.Cycle(); y.zone.Start((c+1).First()+4) < y.zone.At(last, 12*period.Hour); c++ {
		want["12:00 run monthly --cycle "+c.String()]++
		want["00:00 close --cycle "+c.String()]++
	}
	if !maps.Equal(others, want) {
		t.Errorf("%v, want %v", others, want)
	}
	entries, damaged, err := ledger.Read(ledger.Dir(y.dir))
	if err != nil || len(damaged) > 0 || len(entries) == 0 {
		t.Errorf("ledger: %d entries, %v %v", len(entries), damaged, err)
	}
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
