package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// forms are the options of the nights: with one list per cycle, and with lists cut by day.
var forms = []struct {
	name string
	o    lake.Options
}{{"whole", lake.Options{}}, {"cut", cutLists}}

// cutLists cuts every list that has files of a day.
var cutLists = lake.Options{CutBytes: 1}

// undisturbed returns the lake after all nights without faults.
func undisturbed(t *testing.T, o lake.Options) map[string]string {
	t.Helper()
	m := storage.NewMem()
	historyWith(t, m, o)
	return dump(t, m)
}

// disturbed runs the nights on a faulty storage until one fails. It returns the number of that night; -1 = none.
func disturbed(st storage.Storage, o lake.Options) (failed int, err error) {
	for k := range nights {
		if _, err := night(st, o, k); err != nil {
			return k, err
		}
	}
	return -1, nil
}

// resume repeats the night that failed and runs the later ones.
func resume(t *testing.T, st storage.Storage, o lake.Options, from int) {
	t.Helper()
	for k := from; k < len(nights); k++ {
		if _, err := night(st, o, k); err != nil {
			t.Fatalf("night %d, repeated: %v", k, err)
		}
	}
}

// whole checks that a reader sees one of two states, and that its files are as they were written (LAKE-3, LAKE-4).
func whole(t *testing.T, st storage.Storage, atLeast, atMost int64) {
	t.Helper()
	snap, err := open(t, st).Head()
	if err != nil {
		t.Fatalf("after the fault: %v", err)
	}
	if n := snap.Manifest.Number; n < atLeast || n > atMost {
		t.Fatalf("after the fault manifest %d is live, want %d or %d", n, atLeast, atMost)
	}
	report, err := snap.CheckFiles(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Kind != lake.FindUnnamed {
			t.Errorf("after the fault: %v", f)
		}
	}
}

// numbers has the manifest that is live before each night and after the last one.
var numbers = []int64{0, 1, 2, 2, 3}

// after has the states in which a fault of a process can leave the machine.
var after = []struct {
	name string
	left func(m *storage.Mem, seed uint64) *storage.Mem
}{
	{"killed", func(m *storage.Mem, _ uint64) *storage.Mem { return m.Killed() }},
	{"power", func(m *storage.Mem, _ uint64) *storage.Mem { return m.PowerCut(nil) }},
	{"power-some", func(m *storage.Mem, seed uint64) *storage.Mem {
		return m.PowerCut(rand.New(rand.NewPCG(seed, 1)).IntN)
	}},
}

// step returns the distance between the operations that fail, one per attempt: the quick form tries every fourth.
func step() int64 {
	if testing.Short() {
		return 4
	}
	return 1
}

// TestFaultLoop fails the first, second, … mutating operation of all nights until there is no such operation. The fault
// must reach the caller, the storage must have one complete state, and after the night is repeated the bytes must equal
// those without faults. Invariant: STO-4.
func TestFaultLoop(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		want := undisturbed(t, form.o)
		for _, mode := range []string{"fail", "short", "down"} {
			if testing.Short() && form.o.CutBytes > 0 && mode != "down" {
				continue
			}
			for _, a := range after {
				t.Run(form.name+"/"+mode+"/"+a.name, func(t *testing.T) {
					t.Parallel()
					for n := int64(1); faultedAt(t, form.o, mode, n, a.left, want); n += step() {
					}
				})
			}
		}
	}
}

// faultedAt fails the n-th operation of the nights and reports whether there was such an operation.
func faultedAt(t *testing.T, o lake.Options, mode string, n int64, after func(*storage.Mem, uint64) *storage.Mem,
	want map[string]string) bool {
	t.Helper()
	plan, err := storage.ParsePlan(fmt.Sprintf("%s:%d", mode, n))
	if err != nil {
		t.Fatal(err)
	}
	m := storage.NewMem()
	faulty := storage.Faulty(m, plan)
	k, err := disturbed(faulty, o)
	if faulty.Injected() == 0 {
		if err != nil || n < 100 {
			t.Fatalf("n = %d: nothing injected, %v", n, err)
		}
		return false
	}
	var injected *storage.InjectedError
	if !errors.As(err, &injected) || injected.Op.N != n && !(mode == "down" && injected.Op.N > n) {
		t.Fatalf("%s:%d: the fault did not reach the caller: %v", mode, n, err)
	}
	var sync *lake.SyncError
	isSync := injected.Op.Kind == "sync" || injected.Op.Kind == "syncdir"
	if isSync != errors.As(err, &sync) && mode != "down" {
		t.Errorf("%s:%d: %s gives %v", mode, n, injected.Op.Kind, err)
	}
	left := after(m, uint64(n))
	whole(t, left, numbers[k], numbers[k+1])
	resume(t, left, o, k)
	if diff := cmp.Diff(want, dump(t, left)); diff != "" {
		t.Fatalf("%s:%d in night %d, then again (-undisturbed +got):\n%s", mode, n, k, diff)
	}
	return true
}

// errKilled is the error of a simulated process that was killed.
var errKilled = errors.New("killed")

// dying runs the nights until the n-th operation kills them. It returns the night, or -1 if none was killed, and that
// operation. Each goroutine of the killed nights ends at its next operation, which has no effect.
func dying(m *storage.Mem, o lake.Options, n int64, from int) (at int, last storage.Op, err error) {
	at = from
	var dead atomic.Bool
	st := storage.Faulty(m, storage.Plan{Mode: storage.Kill, N: n, Kill: func() {
		dead.Store(true)
		runtime.Goexit()
	}, Seen: func(op storage.Op) {
		if dead.Load() {
			runtime.Goexit()
		}
		if op.N == n {
			last = op
		}
	}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ; at < len(nights); at++ {
			if _, err = night(st, o, at); err != nil {
				return
			}
		}
	}()
	<-ended
	switch {
	case dead.Load():
		return at, last, errKilled
	case err != nil:
		return at, last, err
	}
	return -1, last, nil
}

// TestKillTwice kills the nights at every operation and then the run that repairs them at another, with and without a
// power cut after the second kill. A repair must not delete files because of a HEAD that a power cut can still undo
// (DEL-1).
func TestKillTwice(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		if testing.Short() && form.o.CutBytes > 0 {
			continue
		}
		want := undisturbed(t, form.o)
		for _, a := range after {
			t.Run(form.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				for n := int64(1); ; n += step() {
					m := storage.NewMem()
					k, at, err := dying(m, form.o, n, 0)
					if k < 0 && err == nil {
						return
					}
					if !errors.Is(err, errKilled) {
						t.Fatalf("kill:%d: %v", n, err)
					}
					seconds := []int64{1 + n%7}
					if at.Kind == "syncdir" || at.Kind == "remove" { // the repair deletes: try each of its operations
						seconds = []int64{1, 2, 3, 4, 5, 6, 7}
					}
					for _, second := range seconds {
						killTwice(t, m, form.o, at2{k, second}, a.left, want)
					}
				}
			})
		}
	}
}

// at2 gives the night of a first kill and the operation of a second one.
type at2 struct {
	night  int
	second int64
}

// killTwice continues after a process was killed in a night, and kills the next one too.
func killTwice(t *testing.T, m *storage.Mem, o lake.Options, kill at2,
	after func(*storage.Mem, uint64) *storage.Mem, want map[string]string) {
	t.Helper()
	left := m.Killed()
	whole(t, left, numbers[kill.night], numbers[kill.night+1])
	at, _, err := dying(left, o, kill.second, kill.night)
	if errors.Is(err, errKilled) {
		left = after(left, uint64(kill.second))
		whole(t, left, numbers[at], numbers[at+1])
		resume(t, left, o, at)
	} else if err != nil {
		t.Fatalf("killed in night %d, then kill:%d: %v", kill.night, kill.second, err)
	}
	if diff := cmp.Diff(want, dump(t, left)); diff != "" {
		t.Fatalf("killed in night %d, then kill:%d (-undisturbed +got):\n%s", kill.night, kill.second, diff)
	}
}

// Environment variables of the child process that TestKilledProcess starts.
const (
	childRoot = "TOLLBOOK_TEST_LAKE"
	childPlan = "TOLLBOOK_TEST_PLAN"
	childStop = "TOLLBOOK_TEST_STOP"
	childForm = "TOLLBOOK_TEST_FORM" // the name of a form
)

func TestMain(m *testing.M) {
	if root := os.Getenv(childRoot); root != "" {
		os.Exit(child(root))
	}
	os.Exit(m.Run())
}

// child runs the nights on the real file system. The plan or a stop point kills it.
func child(root string) int {
	plan, err := storage.ParsePlan(os.Getenv(childPlan))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	o := lake.Options{}
	for _, form := range forms {
		if form.name == os.Getenv(childForm) {
			o = form.o
		}
	}
	o.Stop = func(point string) error {
		if point == os.Getenv(childStop) {
			process, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			if err := process.Kill(); err != nil {
				return err
			}
			select {}
		}
		return nil
	}
	st := storage.Faulty(storage.Dir(root), plan)
	l, err := lake.Open(st, lake.Options{})
	if err == nil {
		var snap *lake.Snapshot
		if snap, err = l.Head(); err == nil {
			err = childNights(st, o, snap.Manifest.Number)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// childNights repeats the night that wrote the live state and runs the later ones.
func childNights(st storage.Storage, o lake.Options, live int64) error {
	from := 0
	for from+1 < len(numbers) && numbers[from+1] <= live {
		from++
	}
	if from > 0 {
		from-- // repeated, to remove what it left
	}
	for k := from; k < len(nights); k++ {
		if _, err := night(st, o, k); err != nil {
			return err
		}
	}
	return nil
}

// start runs a child process and reports whether SIGKILL ended it.
func start(t *testing.T, root string, env ...string) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childRoot+"="+root)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("child %v: %v\n%s", env, err, out)
	}
	return false
}

// tree returns every file below a root with its content, and every folder with the text "folder".
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if e.IsDir() {
			out[rel] = "folder"
			return nil
		}
		b, err := os.ReadFile(p)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestKilledProcess kills a real process with SIGKILL at operations spread over the nights and at each stop point.
// After the same command runs again, the tree, including folders, equals that of nights that were not disturbed.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		is := childForm + "=" + form.name
		undisturbed := filepath.Join(t.TempDir(), "lake")
		if start(t, undisturbed, is) {
			t.Fatal("killed without a plan")
		}
		want := tree(t, undisturbed)
		// 5 and the number of operations per file, about four, have no common factor, so every kind of operation is hit
		step := 5
		if testing.Short() {
			step = 25
		}
		var plans []string
		for n := 1; n < 165; n += step {
			plans = append(plans, fmt.Sprintf("%s=kill:%d", childPlan, n))
		}
		for _, point := range lake.StopPoints() {
			plans = append(plans, childStop+"="+point)
		}
		for _, plan := range plans {
			t.Run(form.name+"/"+plan, func(t *testing.T) {
				t.Parallel()
				root := filepath.Join(t.TempDir(), "lake")
				if !start(t, root, is, plan) {
					t.Fatal("the child was not killed")
				}
				if start(t, root, is) {
					t.Fatal("killed without a plan")
				}
				if diff := cmp.Diff(want, tree(t, root)); diff != "" {
					t.Errorf("%s, then again (-undisturbed +got):\n%s", plan, diff)
				}
			})
		}
	}
}
