package explain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Origin is a row of a feed file with a record's id.
type Origin struct {
	File string `json:"file"`          // below inbox/
	Row  int64  `json:"row,omitempty"` // 0 = the file could not be read; the note says why
	Note string `json:"note"`          // the outcome of the row
	Raw  string `json:"raw,omitempty"` // the record as received
}

// maxOrigins is the maximum number of rows to find.
const maxOrigins = 10

// match reports whether a row of a feed file has the requested id, and whether its content equals that of the accepted
// record.
type match func(b *feed.Batch, i int) (bears, same bool)

// origins searches the accepted feed files that may contain the record's day for a usage record.
func (e *explainer) origins(ctx context.Context, r *accepted) ([]Origin, error) {
	spec := feed.UsageSpec()
	search := &originSearch{e}
	day := lake.DayOf(e.Books.Zone.Day(r.Start))
	return search.in(ctx, spec, day, func(b *feed.Batch, i int) (bears, same bool) {
		c := cells{b, spec, i}
		if c.text("record_id") != e.at.id || c.text("customer_id") != e.at.customer {
			return false, false
		}
		return true, search.sameContent(c, r)
	})
}

// originSearch finds the rows of feed files from which a record came.
type originSearch struct{ *explainer }

// in searches the accepted files of one feed; if day is set, only those that may contain it.
func (os *originSearch) in(ctx context.Context, spec *feed.Spec, day lake.Day, match match) ([]Origin, error) {
	if os.Inbox == nil {
		return nil, nil
	}
	inputs, err := os.Snap.Inputs()
	if err != nil {
		return nil, err
	}
	var candidates []lake.Input
	var size int64
	for _, in := range inputs {
		if in.Feed == spec.Name && (day.IsZero() ||
			day.Compare(in.FirstDay) >= 0 && day.Compare(in.LastDay) <= 0) {
			candidates, size = append(candidates, in), size+in.Bytes
		}
	}
	if os.MaxFeeds > 0 && size > os.MaxFeeds {
		os.story.Unread = size
		return nil, nil
	}
	var out []Origin
	for i, in := range candidates {
		os.Progress("look through the feeds: files", int64(i), int64(len(candidates)))
		if len(out) >= maxOrigins {
			break
		}
		found, err := os.inFile(ctx, &in, spec, match)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	first := true
	for i := range out {
		if out[i].Note != sameRecord {
			continue
		}
		out[i].Note = "a duplicate"
		if first {
			out[i].Note, first = "accepted", false
		}
	}
	return out, nil
}

// Samples searches the accepted feed files for the samples of links at a slot.
func Samples(ctx context.Context, s *Sources, links []string, slot period.Instant) ([]Origin, error) {
	if s.Progress == nil {
		s.Progress = func(string, int64, int64) {}
	}
	spec, story := feed.BandwidthSpec(), &Story{}
	search := &originSearch{&explainer{Sources: s, story: story}}
	const length = 5 * 60 * period.Instant(period.Second)
	day := lake.DayOf(s.Books.Zone.Day(slot))
	return search.in(ctx, spec, day, func(b *feed.Batch, i int) (bears, same bool) {
		c := cells{b, spec, i}
		at, ok := c.time("sample_time")
		found := ok && at >= slot && at < slot+length && slices.Contains(links, c.text("resource_id"))
		return found, found
	})
}

// FeedRows searches the accepted feed files for rows whose columns of texts and whole numbers have one of the given
// values.
func FeedRows(ctx context.Context, s *Sources, spec *feed.Spec, values map[string][]string) ([]Origin, error) {
	search := &originSearch{&explainer{Sources: s, story: &Story{}}}
	return search.in(ctx, spec, lake.Day{}, func(b *feed.Batch, i int) (bears, same bool) {
		c := cells{b, spec, i}
		for column, allowed := range values {
			value := c.text(column)
			if n, ok := c.whole(column); ok {
				value = strconv.FormatInt(n, 10)
			}
			if !slices.Contains(allowed, value) {
				return false, false
			}
		}
		return true, true
	})
}

// sameRecord marks a row with the accepted content until it is known which of them came first.
const sameRecord = "same"

// inFile searches one feed file.
func (os *originSearch) inFile(ctx context.Context, in *lake.Input, spec *feed.Spec, match match) ([]Origin,
	error) {
	hash, _, err := inbox.Hash(inbox.Fresh(os.Inbox), in.Name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []Origin{{File: in.Name, Note: "permission denied: it cannot be read"}}, nil
	case errors.Is(err, fs.ErrNotExist):
		return []Origin{{File: in.Name, Note: "not in the inbox any more: it cannot be read"}}, nil
	case err != nil:
		return nil, err
	case hash != in.Hash:
		return []Origin{{File: in.Name, Note: "another file has this name now: it cannot be read"}}, nil
	}
	reader, err := feed.Open(inbox.Fresh(os.Inbox), in.Name, spec, feed.ReadOptions{})
	if err != nil {
		return nil, err
	}
	var out []Origin
	for len(out) < maxOrigins {
		b, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, reader.Close())
		}
		out = append(out, inBatch(b, in.Name, match)...)
		b.Release()
	}
	return out, reader.Close()
}

// inBatch finds the rows of a batch with the id.
func inBatch(b *feed.Batch, name string, match match) []Origin {
	faulty := make(map[int]bool, len(b.Faults))
	for _, f := range b.Faults {
		faulty[f.Index] = true
	}
	var out []Origin
	for i := range b.Len() {
		if faulty[i] {
			continue
		}
		bears, same := match(b, i)
		if !bears {
			continue
		}
		o := Origin{File: name, Row: b.First + int64(i), Raw: string(b.Raw(nil, i)),
			Note: "not read: its content changed"}
		if same {
			o.Note = sameRecord
		}
		out = append(out, o)
	}
	return out
}

// sameContent reports whether a row has the accepted content: product, place, times and quantity.
func (os *originSearch) sameContent(c cells, r *accepted) bool {
	start, _ := c.time("usage_start")
	end, _ := c.time("usage_end")
	return c.quantity("quantity") == r.Signed() && start == r.Start && end == r.End &&
		c.text("resource_id") == string(r.Resource) &&
		c.text("sku") == os.Books.Products[r.SKU].SKU && c.text("region_code") == os.regions[r.Region]
}

// cells is one row of a feed batch; an empty cell reads as "" or false.
type cells struct {
	batch *feed.Batch
	spec  *feed.Spec
	row   int
}

func (c cells) column(name string) arrow.Array { return c.batch.Rows.Column(c.spec.Column(name)) }

func (c cells) text(name string) string {
	switch col := c.column(name).(type) {
	case *array.String:
		if col.IsValid(c.row) {
			return col.Value(c.row)
		}
	case *array.Dictionary:
		if words, ok := col.Dictionary().(*array.String); ok && col.IsValid(c.row) {
			return words.Value(col.GetValueIndex(c.row))
		}
	}
	return ""
}

func (c cells) whole(name string) (int64, bool) {
	col, ok := c.column(name).(*array.Int64)
	if !ok || col.IsNull(c.row) {
		return 0, false
	}
	return col.Value(c.row), true
}

func (c cells) time(name string) (period.Instant, bool) {
	col, ok := c.column(name).(*array.Timestamp)
	if !ok || col.IsNull(c.row) {
		return 0, false
	}
	return period.Instant(col.Value(c.row)), true
}

func (c cells) amount(name string) (money.Amount, bool) {
	col, ok := c.column(name).(*array.Decimal128)
	if !ok || col.IsNull(c.row) {
		return money.Amount{}, false
	}
	n := col.Value(c.row)
	a, err := money.AmountFromRaw(n.HighBits(), n.LowBits())
	return a, err == nil
}

func (c cells) quantity(name string) money.SignedQuantity {
	col, ok := c.column(name).(*array.Decimal128)
	if !ok || col.IsNull(c.row) {
		return money.SignedQuantity{}
	}
	n := col.Value(c.row)
	q, err := money.SignedQuantityFromRaw(n.HighBits(), n.LowBits())
	if err != nil {
		return money.SignedQuantity{}
	}
	return q
}

// String describes the origin for people.
func (o *Origin) String() string {
	if o.Row == 0 {
		return fmt.Sprintf("inbox/%s: %s", feed.ShownName(o.File), o.Note)
	}
	return fmt.Sprintf("inbox/%s row %d: %s", feed.ShownName(o.File), o.Row, o.Note)
}
