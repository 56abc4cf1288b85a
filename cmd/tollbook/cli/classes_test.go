package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/focus"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/settlement"
)

// classes lists errors of all exported types with a class.
var classes = map[problem.Class][]error{
	problem.Refused: {
		&UsageError{}, problem.Problem{}, problem.Problems{}, &workspace.RefusedError{},
		&run.OpenItemsError{OpenItems: workspace.OpenItems{Missing: &document.OpenItems{}}},
		&lake.TaskFailure{Class: lake.TaskRefused}, &lake.BucketsError{}, &lake.UnitsError{},
		&focus.ChangedError{}, &focus.RuleFileError{Err: syscall.EIO}, &published.TagError{}, &query.LimitError{},
		&query.SeriesError{}, &books.MissingError{}, &accept.GoneBookError{}, &accept.CurrencyError{},
		&state.ArchivedError{}, &settle.PeriodError{}, &settlement.MissingRateError{}, &tariff.NoPriceError{},
		&tariff.NoUsageError{},
	},
	problem.Gated:    {&run.GateError{}},
	problem.NotFound: {&rows.NoCycleError{}, &rows.ArchivedError{}, &rows.NotFoundError{}, &keys.UnknownKeyError{}},
	problem.Failed: {
		&DifferError{}, &lake.TaskFailure{Class: lake.TaskBroken}, &lake.MissingError{}, &lake.CorruptError{},
		&lake.SyncError{Err: syscall.EIO}, &feed.FormError{}, &inbox.Passed{}, &jobs.OtherLakeError{},
		&jobs.EmptyLakeError{}, &jobs.OlderLakeError{}, &jobs.TakenError{}, &keys.FileError{},
		&published.OtherStateError{}, &published.NotPublishedError{},
		&published.BehindError{}, &publish.NewerError{}, &publish.AlteredError{},
		&publish.NotViewsError{}, &publish.OtherLakeError{}, &publish.DifferError{},
		&iceberg.ElsewhereError{}, &iceberg.OtherLakeError{}, &publish.NoClusterError{},
		&iceberg.CatalogError{Status: 403},
		&iceberg.TableError{Err: &lake.MissingError{}},
	},
	problem.Retryable: {
		syscall.ENOSPC, &storage.LockedError{}, &storage.LostLockError{}, &lake.MovedError{}, &inbox.ChangedError{},
		&publish.MovedError{},
		&publish.ServerError{}, &iceberg.CatalogError{Status: 503}, &jobs.NewLakeError{Err: syscall.EROFS},
		&iceberg.TableError{Err: syscall.EIO}, &iceberg.LinkError{Err: syscall.EXDEV},
		&AskError{Err: &publish.ServerError{}},
	},
	problem.Unclassified: {
		&lake.TaskFailure{Class: lake.TaskFailed}, &lake.TaskFailure{Class: lake.TaskCrashed},
		&iceberg.TableError{Err: fs.ErrInvalid},
	},
}

// TestClasses tests that exit code (CLI-2) and outcome in the run ledger follow from the class of an error, and that
// the list has all types.
func TestClasses(t *testing.T) {
	t.Parallel()
	var listed []string
	for class, errs := range classes {
		exit, outcome := ExitFailed, ledger.Failed
		switch class {
		case problem.Gated:
			exit, outcome = ExitWrong, ledger.Gated
		case problem.Refused, problem.NotFound:
			exit, outcome = ExitWrong, ledger.Refused
		case problem.Unclassified, problem.Retryable, problem.Failed:
		}
		for _, err := range errs {
			of := reflect.TypeOf(err)
			if of.Kind() == reflect.Pointer {
				of = of.Elem()
			}
			name := strings.TrimPrefix(of.PkgPath(), "github.com/tollbook/tollbook/") + "." + of.Name()
			listed = append(listed, name)
			err = fmt.Errorf("night: %w", err)
			if c := problem.ClassOf(err); c != class {
				t.Errorf("%s is of class %d, want %d", name, c, class)
			}
			if e, o := ExitCode(err), ledger.OutcomeOf(err); e != exit || o != outcome {
				t.Errorf("%s: exit code %d, outcome %s, want %d, %s", name, e, o, exit, outcome)
			}
		}
	}
	listed = slices.DeleteFunc(listed, func(name string) bool { return name == "syscall.Errno" })
	slices.Sort(listed)
	if diff := cmp.Diff(diagnosed(t), slices.Compact(listed)); diff != "" {
		t.Errorf("types with a class, -declared +listed:\n%s", diff)
	}
}

// diagnosed returns the exported types that implement problem.Diagnosed, with the folder of their package.
func diagnosed(t *testing.T) []string {
	t.Helper()
	const top = "../../.."
	method := regexp.MustCompile(`(?m)^func \(\w* ?\*?([A-Z]\w*)\) Diagnosis\(\)`)
	var list []string
	for _, room := range []string{"cmd", "jobs", "pipeline", "rating", "settlement", "schemas"} {
		err := fs.WalkDir(os.DirFS(top), room, func(name string, d fs.DirEntry, err error) error {
			if err != nil || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := fs.ReadFile(os.DirFS(top), name)
			for _, found := range method.FindAllSubmatch(text, -1) {
				list = append(list, path.Dir(name)+"."+string(found[1]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(list)
	return list
}
