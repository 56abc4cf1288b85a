package run

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/workspace"
)

// usageOf returns n records as CSV, with ids from first on. Each is one hour of vm, which costs 1.
func usageOf(first, n int) string {
	return "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" + rowsOf(first, n)
}

func rowsOf(first, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "r%06d,acme,vm-1,vm,cn-1,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n", first+i)
	}
	return b.String()
}

const inboxAsOf = "2026-09-02T00:00:00Z"

// ingest ingests the inbox with the default options as changed by change, unless it is nil.
func (l *ledger) ingest(change func(*workspace.Options)) *workspace.Report {
	l.Helper()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	o := workspace.Options{AsOf: instantOf(l.T, inboxAsOf), Workers: 2}
	if change != nil {
		change(&o)
	}
	report, err := Ingest(l.Context(), ws, o)
	if err != nil {
		l.Fatal(err)
	}
	return report
}

// taken returns the files in the lake, with the number of accepted rows of each.
func (l *ledger) taken() map[string]int64 {
	l.Helper()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	lk, err := ws.Lake(workspace.Options{})
	if err != nil {
		l.Fatal(err)
	}
	snap, err := lk.Head()
	if err != nil {
		l.Fatal(err)
	}
	inputs, err := snap.Inputs()
	if err != nil {
		l.Fatal(err)
	}
	out := make(map[string]int64)
	for _, in := range inputs {
		out[in.Name] += in.Accepted
	}
	return out
}

func (l *ledger) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

func (l *ledger) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// leftAs checks that one file was not ingested for the given reason, that a note reports it, and that the other files
// were ingested.
func (l *ledger) leftAs(r *workspace.Report, name, how string, taken map[string]int64) {
	l.Helper()
	i := slices.IndexFunc(r.Files, func(f workspace.FileReport) bool { return f.Name == name })
	if i < 0 || r.Files[i].Deferred != how || r.Files[i].Rows != 0 {
		l.Errorf("%s: report %+v, want it left as: %s", name, r.Files, how)
	}
	if !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.HasPrefix(n, "inbox/"+name+" "+how+" while it was read")
	}) {
		l.Errorf("no note says that %s %s: %q", name, how, r.Notes)
	}
	if r.NeedsAttention() {
		l.Errorf("a file that is on its way is nothing for a person to look at: %+v", r)
	}
	if got := l.taken(); fmt.Sprint(got) != fmt.Sprint(taken) {
		l.Errorf("taken: %v, want %v", got, taken)
	}
}

// changes has the possible changes of a feed file with the content usageOf(0, 10).
var changes = map[string]struct {
	how   string
	do    func(l *ledger, path string)
	after map[string]int64 // accepted rows after the next run
}{
	"appended to": {"grew", func(l *ledger, path string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		l.must(err)
		_, err = f.WriteString(rowsOf(10, 5))
		l.must(err)
		l.must(f.Close())
	}, map[string]int64{"usage/a.csv": 15, "usage/b.csv": 10}},
	"replaced by rename": {"was replaced", func(l *ledger, path string) {
		l.must(os.WriteFile(path+".tmp", []byte(usageOf(20, 10)), 0o644))
		l.must(os.Rename(path+".tmp", path))
	}, map[string]int64{"usage/a.csv": 10, "usage/b.csv": 10}},
	"truncated": {"was cut short", func(l *ledger, path string) {
		l.must(os.Truncate(path, int64(len(usageOf(0, 4)))))
	}, map[string]int64{"usage/a.csv": 4, "usage/b.csv": 10}},
	"overwritten in place": {"was written to", func(l *ledger, path string) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		l.must(err)
		_, err = f.WriteString(usageOf(30, 10))
		l.must(err)
		l.must(f.Close())
	}, map[string]int64{"usage/a.csv": 10, "usage/b.csv": 10}},
	"removed": {"was removed", func(l *ledger, path string) {
		l.must(os.Remove(path))
	}, map[string]int64{"usage/b.csv": 10}},
}

// TestFileChangesMeanwhile checks a feed file that changes after it was hashed, before or while it is read, with and
// without stored hashes. The run ingests nothing of it and all other files, and the next run ingests its new content.
func TestFileChangesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range changes {
		for _, at := range []string{"look at the inbox", "read feeds"} {
			for _, cached := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/cached=%v", name, at, cached), func(t *testing.T) {
					t.Parallel()
					l := newLedger(t)
					l.write("inbox/usage/a.csv", usageOf(0, 10))
					l.write("inbox/usage/b.csv", usageOf(100, 10))
					cache := ""
					if cached {
						cache = filepath.Join(t.TempDir(), "tollbook", "inbox")
					}
					done := false
					r := l.ingest(func(o *workspace.Options) {
						o.HashCache, o.Workers = cache, 1
						o.Progress = func(stage string, n, _ int64) {
							if stage == at && n == 1 && !done { // in the inbox stage: a.csv is hashed, b.csv is next
								done = true
								c.do(l, l.path("inbox/usage/a.csv"))
							}
						}
					})
					l.leftAs(r, "usage/a.csv", c.how, map[string]int64{"usage/b.csv": 10})
					l.ingest(func(o *workspace.Options) { o.HashCache = cache })
					if got := l.taken(); fmt.Sprint(got) != fmt.Sprint(c.after) {
						t.Errorf("the next run has taken %v, want %v", got, c.after)
					}
				})
			}
		}
	}
}

// TestFileChangesBeforeRejects checks rejects that are found only when records are compared, so that their file is read
// a second time. If the file has changed by then, it can no longer be left out: the run fails and commits nothing, and
// the next run ingests the new content.
func TestFileChangesBeforeRejects(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	conflict := strings.Replace(rowsOf(3, 1), ",1\n", ",2\n", 1)
	l.write("inbox/usage/a.csv", usageOf(0, 10)+conflict)
	ws, err := workspace.Open(l.dir)
	l.must(err)
	o := workspace.Options{AsOf: instantOf(t, inboxAsOf), Workers: 1, Progress: func(stage string, _, _ int64) {
		if stage != "read feeds" && stage != "look at the inbox" {
			l.write("inbox/usage/a.csv", usageOf(0, 12))
		}
	}}
	_, err = Ingest(t.Context(), ws, o)
	if err == nil || !strings.Contains(err.Error(), "inbox/usage/a.csv grew while it was read") {
		t.Fatalf("%v, want that the file grew", err)
	}
	r := l.ingest(nil)
	if got := l.taken(); r.Manifest != 1 || got["usage/a.csv"] != 12 {
		t.Errorf("manifest %d, taken %v; want 1 and 12 rows", r.Manifest, got)
	}
}

// TestGrowingFile checks that runs leave out a feed file to which another process appends until it stops growing, and
// that every row of it is then ingested once.
func TestGrowingFile(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.write("inbox/usage/a.csv", usageOf(0, 10))
	l.write("inbox/usage/b.csv", usageOf(1_000_000, 10))
	path := l.path("inbox/usage/a.csv")
	const script = `i=10; while [ ! -e "$1" ]; do
	printf 'r%06d,acme,vm-1,vm,cn-1,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n' $i >> "$0"; i=$((i+1)); done; echo $i`
	stop := filepath.Join(t.TempDir(), "stop")
	writer := exec.Command("sh", "-c", script, path, stop)
	var said strings.Builder
	writer.Stdout = &said
	l.must(writer.Start())
	growth := func() { // waits until the writer has written again
		before := sizeOf(l, path)
		for sizeOf(l, path) == before {
			time.Sleep(time.Millisecond)
		}
	}
	for range 3 {
		r := l.ingest(func(o *workspace.Options) {
			o.Progress = func(stage string, done, total int64) {
				if stage == "read feeds" && done == total {
					growth()
				}
			}
		})
		l.leftAs(r, "usage/a.csv", "grew", map[string]int64{"usage/b.csv": 10})
	}
	l.must(os.WriteFile(stop, nil, 0o644))
	l.must(writer.Wait())
	written, err := strconv.ParseInt(strings.TrimSpace(said.String()), 10, 64)
	l.must(err)
	l.ingest(nil)
	if got := l.taken(); got["usage/a.csv"] != written || got["usage/b.csv"] != 10 {
		t.Errorf("taken: %v, want all %d rows that were written", got, written)
	}
}

func sizeOf(l *ledger, path string) int64 {
	info, err := os.Stat(path)
	l.must(err)
	return info.Size()
}

// TestInboxUntil checks that a run with an as-of ingests the files that changed up to that instant, to the microsecond,
// and reports the others.
func TestInboxUntil(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	due := time.Date(2026, 9, 1, 17, 30, 0, 0, time.UTC)
	for i, after := range []time.Duration{-time.Hour, 0, time.Microsecond, time.Hour, 2 * time.Hour, 3 * time.Hour} {
		name := fmt.Sprintf("inbox/usage/%d.csv", i)
		l.write(name, usageOf(i*10, 10))
		l.must(os.Chtimes(l.path(name), due.Add(after), due.Add(after)))
	}
	r := l.ingest(func(o *workspace.Options) { o.InboxUntil = instantOf(t, "2026-09-01T17:30:00Z") })
	if got := fmt.Sprint(l.taken()); got != "map[usage/0.csv:10 usage/1.csv:10]" {
		t.Errorf("taken: %s", got)
	}
	const note = "inbox/usage: 4 changed after 2026-09-01T17:30:00Z, the as-of of this run, left for a later run: " +
		"usage/2.csv, usage/3.csv, usage/4.csv and 1 more"
	if !slices.Equal(r.Notes, []string{note}) || r.NeedsAttention() {
		t.Errorf("notes %q, want %q", r.Notes, note)
	}
	l.ingest(nil)
	if got := len(l.taken()); got != 6 {
		t.Errorf("without an end %d files are taken, want 6", got)
	}
}

// TestSettle checks that files that changed less than inbox.settle before the start of the run, or that have a later
// time, are left out.
func TestSettle(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	text, err := os.ReadFile(l.path("tollbook.yaml"))
	l.must(err)
	l.write("tollbook.yaml", string(text)+"inbox: {settle: 10m}\n")
	start := time.Date(2026, 9, 2, 1, 30, 0, 0, time.UTC)
	for i, before := range []time.Duration{10 * time.Minute, 10*time.Minute - time.Microsecond, -time.Hour} {
		name := fmt.Sprintf("inbox/usage/%d.csv", i)
		l.write(name, usageOf(i*10, 10))
		l.must(os.Chtimes(l.path(name), start.Add(-before), start.Add(-before)))
	}
	r := l.ingest(func(o *workspace.Options) { o.Started = instantOf(t, "2026-09-02T01:30:00Z") })
	if got := fmt.Sprint(l.taken()); got != "map[usage/0.csv:10]" {
		t.Errorf("taken: %s", got)
	}
	const note = "inbox/usage: 2 changed less than 10m0s before this run began (inbox.settle), left for the next " +
		"run: usage/1.csv, usage/2.csv"
	if !slices.Equal(r.Notes, []string{note}) || r.NeedsAttention() {
		t.Errorf("notes %q, want %q", r.Notes, note)
	}
	l.ingest(func(o *workspace.Options) { o.Started = instantOf(t, "2026-09-02T03:00:00Z") })
	if got := len(l.taken()); got != 3 {
		t.Errorf("later %d files are taken, want 3", got)
	}
}

// TestNameTakenBefore checks that new content under the name of an ingested file is treated as another file: known
// records are duplicates, changed ones are conflicts, missing ones remain billed, and one note reports it.
func TestNameTakenBefore(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.write("inbox/usage/a.csv", usageOf(0, 10))
	l.ingest(nil)
	l.write("inbox/usage/a.csv", usageOf(5, 4)+strings.Replace(rowsOf(9, 1), ",1\n", ",2\n", 1)+rowsOf(10, 3))
	r := l.ingest(nil)
	if r.Rows != 8 || r.Accepted != 3 || r.Duplicate != 4 || r.Rejected != 1 || r.Reasons["conflict"] != 1 {
		t.Errorf("%+v, want 8 rows: 3 accepted, 4 duplicates, 1 conflict", r)
	}
	const note = "inbox/usage/a.csv has other content than when manifest 1 ingested it: it is a new file; records " +
		"that are known already are duplicates or conflicts, the others are new"
	if !slices.Equal(r.Notes, []string{note}) {
		t.Errorf("notes %q, want %q", r.Notes, note)
	}
	if r := l.ingest(nil); len(r.Notes) != 0 || r.Changed {
		t.Errorf("a third run says %q, changed %v", r.Notes, r.Changed)
	}
	if got := l.taken(); got["usage/a.csv"] != 13 {
		t.Errorf("taken: %v, want 10 and 3", got)
	}
}

// TestSameContentAsChanged checks that if a file is left out, a file with the same content is left out too, and that
// the next run ingests it.
func TestSameContentAsChanged(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.write("inbox/usage/a.csv", usageOf(0, 10))
	l.write("inbox/usage/b.csv", usageOf(0, 10))
	r := l.ingest(func(o *workspace.Options) {
		o.Progress = func(stage string, _, _ int64) {
			if stage == "read feeds" {
				l.must(os.Remove(l.path("inbox/usage/a.csv")))
			}
		}
	})
	l.leftAs(r, "usage/a.csv", "was removed", map[string]int64{})
	if len(r.Files) != 2 || r.Files[1].Deferred != "is the same as usage/a.csv, which was removed" ||
		r.Files[1].SameAs != "" {
		t.Errorf("files: %+v", r.Files)
	}
	l.ingest(nil)
	if got := fmt.Sprint(l.taken()); got != "map[usage/b.csv:10]" {
		t.Errorf("taken: %s", got)
	}
}

// TestPassedOver checks that a name that is not a readable feed file is skipped with a reason, that other files are
// ingested, and that the report needs attention, both in a run that reads everything and in one without new files.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.write("inbox/usage/a.csv", usageOf(0, 10))
	l.write("inbox/usage/real/b.csv", usageOf(10, 10))
	l.write("inbox/usage/new\nline.csv", usageOf(20, 10))
	l.write("elsewhere/c.csv", usageOf(30, 10))
	for name, to := range map[string]string{"dangling.csv": "nowhere.csv", "loop.csv": "loop.csv", "one.csv": "two.csv",
		"two.csv": "one.csv", "out.csv": "../../elsewhere/c.csv", "absolute.csv": l.path("inbox/usage/a.csv"),
		"through.csv": "a.csv/x", "folder": "real", "within.csv": "real/b.csv", "readme.txt": "gone"} {
		l.must(os.Symlink(to, l.path("inbox/usage/"+name)))
	}
	l.must(os.Symlink(l.path("elsewhere"), l.path("inbox/orders")))
	l.must(os.WriteFile(l.path("inbox/usage/bad\xff.csv"), []byte(usageOf(40, 10)), 0o600))
	l.must(os.Mkdir(l.path("inbox/usage/bad\xfe"), 0o700))
	l.must(syscall.Mkfifo(l.path("inbox/usage/pipe.csv"), 0o600))
	const gone, loop, out = "is a link to a file that does not exist", "is a link that leads back to itself",
		"is a link that leads out of the inbox, or an absolute one"
	want := map[string]string{
		`"usage/bad\xfe"`: "has a name that is not UTF-8", `"usage/bad\xff.csv"`: "has a name that is not UTF-8",
		"usage/absolute.csv": out, "usage/dangling.csv": gone,
		"usage/folder": "is a link to a folder: such links are not followed", "usage/loop.csv": loop,
		"usage/one.csv": loop, "usage/two.csv": loop, "usage/out.csv": out,
		"usage/pipe.csv":   "is not a regular file but a named pipe",
		"usage/readme.txt": gone, "usage/through.csv": gone, "orders": out,
	}
	for i := range 2 {
		r := l.ingest(nil)
		got := make(map[string]string)
		for _, f := range r.Files {
			if f.Fault != "" {
				got[f.Name] = f.Fault
			}
			if f.Fault != "" && f.Hint == "" {
				t.Errorf("%s: no hint", f.Name)
			}
		}
		for name, why := range want {
			if text := "inbox/" + name + " " + why + ": ignored"; got[name] != text {
				t.Errorf("run %d, %s: %q, want %q", i, name, got[name], text)
			}
		}
		if len(got) != len(want) || !r.NeedsAttention() || r.Changed != (i == 0) {
			t.Errorf("run %d: look %v, changed %v, passed over %v", i, r.NeedsAttention(), r.Changed, got)
		}
	}
	if got := fmt.Sprint(l.taken()); got != "map[usage/a.csv:10 usage/new\nline.csv:10 usage/real/b.csv:10]" {
		t.Errorf("taken: %s", got)
	}
}
