package accept

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/tollbook/tollbook/pipeline/intake/cuts"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Config is what a scan works with.
type Config struct {
	Books    *books.Books
	Prices   *tariff.Book
	Settings *settings.Settings
	AsOf     period.Instant // the run's clock
	Archived period.Cycle   // the last cycle whose lines are archived: usage up to it is too_old; NoCycle = none
	Inbox    fs.FS          // the workspace's inbox folder
	Feed     FeedFiles      // reads the files of the inbox: feed.Files
	// Still says whether a file is what its hash was made of (inbox.Hashes.Still); nil = it always is.
	Still  func(fsys fs.FS, name string) error
	Txn    *lake.SubTxn
	Events *events.Intake // takes the rows of every feed but usage and bandwidth
	// Rejected sees every record that fails by itself, from several goroutines; header is what makes its Raw readable.
	// nil = nothing.
	Rejected   func(feed, header string, x *Reject)
	Workers    int
	BatchRows  int // 0 = the reader's default
	ChunkBytes int // 0 = 48 MiB a worker
	// TaskBytes encodes and decodes the tasks that read usage and bandwidth, and their results: their rows go through
	// files.
	TaskBytes bool
	// Elsewhere has these tasks done by other processes (task.Local); nil = no other process does any.
	Elsewhere func(ctx context.Context, kind string, tasks [][]byte, take func(result []byte) error) error
	Log       *slog.Logger
	Progress  func(stage string, done, total int64)
}

func (c *Config) chunkBytes() int {
	if c.ChunkBytes > 0 {
		return c.ChunkBytes
	}
	return 48 << 20
}

// heldBytes is how much of the sorted runs of all workers stays in memory: at most a third of what a run may use.
// Only what exceeds it is written to scratch files.
func (c *Config) heldBytes() int64 {
	const chunks = 5
	return chunks * int64(c.chunkBytes())
}

// FeedFiles reads feed files, as package feed does. The rooms that use what a scan returns need not know the formats.
type FeedFiles interface {
	// Groups is the number of row groups of a Parquet file, and 1 for every other.
	Groups(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options) (int, error)
	// OpenRange opens the row groups [from, to) of a file.
	OpenRange(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options, from, to int) (feedrows.Reader, error)
	// OpenText opens a range of a text file.
	OpenText(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options, r cuts.Range) (feedrows.Reader, error)
}

// Parts maps a bucket and a day to the number by which runs are sorted, and back.
type Parts struct{ base period.Day }

const dayBits = 16

// newParts spans the days a record can have: from the oldest cycle that is not too old.
func newParts(oldest period.Cycle) Parts { return Parts{base: oldest.First()} }

// Of is the part of a bucket and a day.
func (p Parts) Of(bucket int, day period.Day) sorting.Part {
	return sorting.Part(uint32(bucket)<<dayBits | uint32(day-p.base))
}

// Bucket is the first and the last part that a bucket can have.
func (p Parts) Bucket(bucket int) (first, last sorting.Part) {
	return sorting.Part(uint32(bucket) << dayBits), sorting.Part(uint32(bucket)<<dayBits | 1<<dayBits - 1)
}

// Split is Of backwards.
func (p Parts) Split(part sorting.Part) (bucket int, day period.Day) {
	return int(part >> dayBits), p.base + period.Day(part&(1<<dayBits-1))
}
