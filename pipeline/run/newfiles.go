package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// FileFinder finds the feed files of the inbox that a run takes, and reports every name that it does not take.
type FileFinder struct {
	Inbox   fs.FS
	Settle  time.Duration      // minimum time between a file's last change and the start of the run
	Options *workspace.Options // of the run
	Next    *lake.NextState    // knows the files that were taken; nil = none, for Offered
	Report  *workspace.Report  // of the run: receives the names and the notes
	Sources []string           // of cost files
	Uncut   bool               // large files are not cut into ranges

	ahead map[string]*hashed // files that HashAhead hashed, by name
}

// Fresh returns the files of one feed that were not taken yet.
func (f *FileFinder) Fresh(ctx context.Context, name string, hashes *inbox.Hashes) ([]*accept.File, error) {
	refs, err := f.Offered(name)
	if err != nil {
		return nil, err
	}
	known := f.takenNames(name)
	var files []*accept.File
	seen := make(map[content]string) // name of the first file with the content
	take := func(ref *inbox.FileRef, h *hashed) error {
		if changed := new(inbox.ChangedError); errors.As(h.err, &changed) {
			f.Leave(name, ref.Name, h.err)
			return nil
		}
		if errors.Is(h.err, fs.ErrPermission) {
			f.passOver(name, inbox.Unreadable(ref.Name))
			return nil
		}
		if h.err != nil {
			return h.err
		}
		if _, taken := f.Next.Input(name, h.hash); taken {
			return nil
		}
		if old, taken := known[ref.Name]; taken {
			f.Report.Note("inbox/%s has other content than when manifest %d ingested it: it is a new file; "+
				"records that are known already are duplicates or conflicts, the others are new",
				feed.ShownName(ref.Name), old.Run)
		}
		as := content{hash: h.hash}
		as.format, _ = feed.FormatOf(ref.Name)
		if first, twice := seen[as]; twice {
			f.Report.Files = append(f.Report.Files,
				workspace.FileReport{Feed: name, Name: ref.Name, SameAs: first})
			return nil
		}
		seen[as] = ref.Name
		files = append(files, &accept.File{Feed: name, Name: ref.Name, Hash: h.hash,
			Stamp: hashes.SettledStamp(ref.Name), Bytes: h.size, Ranges: h.rangesOf(f.Inbox)})
		return nil
	}
	err = f.hashEach(ctx, name, refs, hashes, take)
	return files, err
}

// content identifies what a file says. It includes the format, because the same bytes can be readable in one format and
// not in another.
type content struct {
	hash   string
	format feed.Format
}

// hashed is a feed file that was hashed.
type hashed struct {
	hash   string
	size   int64 // bytes
	cutter *feed.Cutter
	ranges []feed.Range // if there is no cutter
	err    error
}

// rangesOf returns the ranges of a text file that is read in several.
func (h *hashed) rangesOf(in fs.FS) []feed.Range {
	if h.cutter == nil {
		return h.ranges
	}
	return h.cutter.Ranges(in)
}

// hashesAhead is how many files can be hashed before the results of earlier ones are used.
const hashesAhead = 64

// hashEach hashes the files of a feed, as many at the same time as the run has workers, and calls take for each in the
// order of refs.
func (f *FileFinder) hashEach(ctx context.Context, feed string, refs []inbox.FileRef, hashes *inbox.Hashes,
	take func(*inbox.FileRef, *hashed) error) error {
	var started sync.WaitGroup
	defer started.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	free := make(chan struct{}, max(1, f.Options.Workers))
	results := make([]chan *hashed, len(refs))
	next := 0
	for i := range refs {
		for ; next < len(refs) && next < i+hashesAhead; next++ {
			ref, result := &refs[next], make(chan *hashed, 1)
			results[next] = result
			started.Go(func() {
				if h := f.ahead[ref.Name]; h != nil {
					result <- h
					return
				}
				free <- struct{}{}
				h := &hashed{cutter: f.cutter(feed, ref), err: ctx.Err()}
				if h.err == nil {
					h.hash, h.size, h.err = hashes.HashInto(f.Inbox, ref.Name, h.cutter)
				}
				<-free
				result <- h
			})
		}
		if f.Options.Progress != nil {
			f.Options.Progress("look at the inbox", int64(i), int64(len(refs)))
		}
		if err := take(&refs[i], <-results[i]); err != nil {
			return err
		}
	}
	return nil
}

// cutter returns the cutter of a file, or nil if the files of its feed cannot be read by several tasks.
func (f *FileFinder) cutter(of string, ref *inbox.FileRef) *feed.Cutter {
	if f.Uncut || !accept.ByItself(of) {
		return nil
	}
	return feed.NewCutter(ref.Name, ref.Size, f.Options.RangeBytes)
}

// Offered returns the files of one feed that the run can take. It reports every other name.
func (f *FileFinder) Offered(name string) ([]inbox.FileRef, error) {
	found, err := inbox.Discover(f.Inbox, name)
	if err != nil {
		return nil, fmt.Errorf("look into inbox/%s: %w", name, err)
	}
	for _, other := range found.Unknown {
		f.Report.Note("inbox/%s is no feed file (.csv, .ndjson, .parquet; the first two also .gz or .zst): not "+
			"ingested", feed.ShownName(other))
		if meant(other) {
			f.hold(name, other, "its name is not that of a feed file",
				"rename it to end in .csv, .ndjson or .parquet; the first two can be packed: .gz or .zst")
		}
	}
	for _, passed := range found.Passed {
		f.passOver(name, passed)
	}
	f.Left(name, found.Left)
	return f.waiting(name, found.Files), nil
}

// Strangers reports the names of the inbox that belong to no feed and to no source of cost files. A close asks about
// those that are feed files or contain some.
func (f *FileFinder) Strangers() error {
	names, err := Strangers(f.Inbox)
	var taken map[copied]bool
	if len(names) > 0 && f.Next != nil { // the check for an unchanged inbox holds nothing
		taken = f.taken()
	}
	for _, name := range names {
		f.Report.Note("inbox/%s belongs to no feed: not ingested; `tollbook check` lists the folders",
			feed.ShownName(name))
		if taken == nil {
			continue
		}
		if file := feedFile(f.Inbox, name, taken); file != "" {
			f.hold("", file, "it is in no folder of a feed",
				"move feed files into the folder of their feed, and others out of the inbox")
		}
	}
	if err != nil {
		return err
	}
	names, err = accept.UnlistedCosts(f.Inbox, f.Sources)
	f.Strange(names)
	return err
}

// Strange reports names below inbox/costs that are part of no delivery. A close asks about them.
func (f *FileFinder) Strange(names []string) {
	for _, name := range names {
		f.Report.Costs = true
		f.Report.Note("inbox/%s is no delivery of cost files: %s", feed.ShownName(name), DeliveryHint)
		f.hold(accept.CostFolder, name, "it is no delivery of cost files", DeliveryHint)
	}
}

// Left notes the names in a folder of the inbox that other programs leave (§3.23).
func (f *FileFinder) Left(folder string, names []string) {
	if len(names) > 0 {
		shown := make([]string, 0, len(names))
		for _, name := range names {
			shown = append(shown, feed.ShownName(name))
		}
		f.Report.Note("inbox/%s: passed over %d that other programs leave: %s", folder, len(names), some(shown))
	}
}

// DeliveryHint tells a person where deliveries of cost files belong.
const DeliveryHint = "put files into inbox/costs/SOURCE/YYYY-MM/DELIVERY/, and list SOURCE in costs.sources"

// Strangers are the names of an inbox that belong to no feed.
func Strangers(files fs.FS) ([]string, error) {
	feeds := []string{accept.CostFolder}
	for _, spec := range accept.Feeds() {
		feeds = append(feeds, spec.Name)
	}
	return inbox.Strangers(files, feeds)
}

// passOver reports a name without a readable file. A person should check it; the run continues.
func (f *FileFinder) passOver(name string, p inbox.Passed) {
	f.Report.Files = append(f.Report.Files, workspace.FileReport{Feed: name, Name: p.Name,
		Fault: p.Error() + ": ignored", Hint: p.Hint})
}

// looksTaken reports whether a file has the name and size of one that an earlier run took.
func (f *FileFinder) looksTaken(feed string, ref inbox.FileRef) bool {
	if f.Next == nil {
		return false
	}
	return slices.ContainsFunc(f.Next.Inputs(), func(in lake.Input) bool {
		return in.Feed == feed && in.Name == ref.Name && in.Bytes == ref.Size
	})
}

// hold makes a close ask about a file that stays in the inbox and can have records of the cycle.
func (f *FileFinder) hold(feedName, name, why, hint string) {
	f.Report.Held = append(f.Report.Held,
		workspace.FileReport{Feed: feedName, Name: feed.ShownName(name), Fault: why, Hint: hint})
}

// waiting removes from refs the files that changed too recently for this run, and reports how many.
func (f *FileFinder) waiting(name string, refs []inbox.FileRef) []inbox.FileRef {
	var late, young []string
	o := f.Options
	refs = slices.DeleteFunc(refs, func(ref inbox.FileRef) bool {
		switch isLate, isYoung := f.waits(&ref); {
		case isLate:
			late = append(late, feed.ShownName(ref.Name))
		case isYoung:
			young = append(young, feed.ShownName(ref.Name))
		default:
			return false
		}
		if o.Started != 0 && ref.Changed > o.Started && !f.looksTaken(name, ref) {
			f.hold(name, ref.Name, fmt.Sprintf("it waits for its time of change, %s, which is in the future",
				ref.Changed), "give it the time of its arrival with `touch`")
		}
		return true
	})
	if len(late) > 0 {
		f.Report.Note("inbox/%s: %d changed after %s, the as-of of this run, left for a later run: %s", name,
			len(late), o.InboxUntil, some(late))
	}
	if len(young) > 0 {
		f.Report.Note("inbox/%s: %d changed less than %s before this run began (inbox.settle), left for the next "+
			"run: %s", name, len(young), f.Settle, some(young))
	}
	return refs
}

// waits reports whether a file changed after the as-of of the run, or too recently for it.
func (f *FileFinder) waits(ref *inbox.FileRef) (late, young bool) {
	o := f.Options
	late = o.InboxUntil != 0 && ref.Changed > o.InboxUntil
	young = f.Settle != 0 && o.Started != 0 && ref.Changed > o.Started-period.Instant(f.Settle.Microseconds())
	return late, young
}

// some names the first few files.
func some(names []string) string {
	const maxNamed = 3
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// takenNames returns the files of a feed that earlier runs took, by name; the last one if several had a name.
func (f *FileFinder) takenNames(name string) map[string]lake.Input {
	taken := make(map[string]lake.Input)
	for _, in := range f.Next.Inputs() {
		if in.Feed == name {
			taken[in.Name] = in
		}
	}
	return taken
}

// Leave reports a file that changed while the run read it. Nothing was taken of files with the same content either.
func (f *FileFinder) Leave(name, file string, why error) {
	f.Report.Note("%v: nothing of it is ingested, the next run reads it again", why)
	changed := new(inbox.ChangedError)
	errors.As(why, &changed)
	f.Report.Files = append(f.Report.Files, workspace.FileReport{Feed: name, Name: file, Deferred: changed.How})
	for i := range f.Report.Files {
		if f := &f.Report.Files[i]; f.Feed == name && f.SameAs == file {
			f.SameAs, f.Deferred = "", "is the same as "+file+", which "+changed.How
		}
	}
}
