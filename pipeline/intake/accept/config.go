package accept

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Config is the input of a scan.
type Config struct {
	Books    *books.Books
	Prices   *tariff.Book
	Settings *settings.Settings
	AsOf     period.Instant // the run's clock
	Archived period.Cycle   // the last cycle whose lines are archived: usage up to it is too_old; NoCycle = none
	Inbox    fs.FS          // the workspace's inbox folder
	Feed     FeedFiles      // reads the files of the inbox: feed.Files
	// Still checks that a file still has the content that was hashed (inbox.Hashes.Still); nil = files never change.
	Still  func(fsys fs.FS, name string) error
	Txn    *lake.SubTxn
	Events *EventIntake // takes the rows of every feed but usage and bandwidth
	// Rejected is called for every record that fails by itself, from several goroutines. header must precede the
	// reject's Raw to parse it. The call must not keep Raw. nil = no call.
	Rejected   func(feed, header string, x *Reject)
	Workers    int
	BatchRows  int // 0 = the reader's default
	ChunkBytes int // 0 = 48 MiB per worker
	// Chunk.SegmentRows; 0 = default; for tests
	SegmentRows int64
	// RangeBytes is the largest size of a range of a text (feed.NewCutter); 0 = default
	RangeBytes int64
	// TaskBytes encodes and decodes the tasks that read usage and bandwidth, and their results. Their rows then go
	// through files.
	TaskBytes bool
	// Elsewhere makes other processes do these tasks (lake.LocalTasks); nil = this process does all of them.
	Elsewhere func(ctx context.Context, kind string, tasks [][]byte, take func(result []byte) error) error
	Log       *slog.Logger
	Progress  func(stage string, done, total int64)

	apart bool // one task is done, whose rows go to a file
}

// heldChunks is the number of chunks that sorted runs in memory have room for: at most a third of what a run may use.
const heldChunks = 5

// chunkBytes is the size of a chunk of rows that are sorted together. A task whose rows go to a file holds no sorted
// runs in memory, and has their room for its chunk: most tasks then sort all of their rows at once.
func (c *Config) chunkBytes() int {
	size := cmp.Or(c.ChunkBytes, 48<<20)
	if c.apart {
		size *= heldChunks
	}
	return size
}

// separate reports whether usage and bandwidth are read by separate tasks.
func (c *Config) separate() bool { return c.TaskBytes || c.Elsewhere != nil }

// taskBytes is the smallest size of the input of a task: 64 MiB of a separate one, because each costs some requests to
// an object store, and every bucket reads a part of its result.
func (c *Config) taskBytes() int64 {
	if !c.separate() {
		return 0
	}
	return cmp.Or(c.RangeBytes, feed.DefaultBytes) / 4
}

// heldBytes is the limit of the sorted runs of all workers in memory. Runs beyond it are written to scratch files.
func (c *Config) heldBytes() int64 {
	if c.apart {
		return 0
	}
	return heldChunks * int64(c.chunkBytes())
}

// FeedFiles reads feed files, as package feed does. With it, users of a scan's results need not import the formats.
type FeedFiles interface {
	// Groups returns the sizes in bytes of the row groups of a Parquet file. A file of another format is one group of
	// the given size.
	Groups(fsys fs.FS, name string, size int64, spec *feed.Spec, opts feed.ReadOptions) ([]int64, error)
	// OpenRange opens the row groups [from, to) of a file.
	OpenRange(fsys fs.FS, name string, spec *feed.Spec, opts feed.ReadOptions, from, to int) (feed.Reader, error)
	// OpenText opens a range of a text file.
	OpenText(fsys fs.FS, name string, spec *feed.Spec, opts feed.ReadOptions, r feed.Range) (feed.Reader, error)
}

// Parts maps a bucket and a day to the number by which runs are sorted, and back.
type Parts struct{ base period.Day }

const dayBits = DayBits

// newParts begins with the oldest cycle that is not too old: no record has an earlier day.
func newParts(oldest period.Cycle) Parts { return Parts{base: oldest.First()} }

// Of returns the part of a bucket and a day.
func (p Parts) Of(bucket int, day period.Day) RunPart {
	return RunPart(uint32(bucket)<<dayBits | uint32(day-p.base))
}

// Bucket returns the first and the last part that a bucket can have.
func (p Parts) Bucket(bucket int) (first, last RunPart) {
	return RunPart(uint32(bucket) << dayBits), RunPart(uint32(bucket)<<dayBits | 1<<dayBits - 1)
}

// Split returns the bucket and the day of a part.
func (p Parts) Split(part RunPart) (bucket int, day period.Day) {
	return int(part >> dayBits), p.base + period.Day(part&(1<<dayBits-1))
}
