package costs

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Stage is one run's work on cost files.
type Stage struct {
	Txn      *lake.Txn
	Books    *books.Books
	Prices   *rating.Book
	Costs    settings.Costs
	Currency string // the workspace's
	Buckets  int
	Inbox    fs.FS
	Hash     func(name string) (string, error) // content hash of a file of the inbox
	Now      period.Instant                    // the machine's clock, for settle; 0 = every delivery is complete
	Until    period.Instant                    // deliveries that changed after it are left; 0 = none
	AsOf     period.Instant
	Closed   period.Cycle // the last closed cycle, or place.NoCycle
	Archived period.Cycle // the last archived cycle, or place.NoCycle
	MonthEnd func(period.Cycle) bool
	Made     string       // names the books and settings that lines depend on
	Rerate   period.Cycle // a closed cycle that is rated again whatever counts; place.NoCycle = none
	Draft    *Draft       // the books that it is rated by; nil = Books
	DryRun   bool         // list the differences of Rerate and write nothing
	Accept   string       // the delivery whose rejects are accepted, SOURCE/YYYY-MM/DELIVERY; "" = none

	sources map[string]*source
	result  Result
}

// Draft is books that only Stage.Rerate is rated by.
type Draft struct {
	Books  *books.Books
	Prices *rating.Book
}

// Result is what the stage did.
type Result struct {
	Places    []place.Place // whose lines changed
	Lines     int64
	Notes     []string
	Attention bool // a delivery failed or is held: a person should look
	Accepted  bool // Stage.Accept named a delivery
	// Differences is what re-rating Stage.Rerate changes, by customer, sku, region and resource.
	Differences []Difference
}

// source is what the stage knows of one source of cost files.
type source struct {
	settings.CostSource
	currency   string // of its first counted delivery; "" = none yet
	deliveries map[period.Cycle][]*Delivery
}

// Run brings the lines of cost files up to date in the transaction's next state.
func (s *Stage) Run(ctx context.Context) (*Result, error) {
	old, err := Deliveries(s.Txn.Open, s.Txn.Next().Find(DeliveriesKey()))
	if err != nil {
		return nil, err
	}
	if len(old) == 0 && len(s.Costs.Sources.All()) == 0 {
		return &s.result, nil
	}
	if err := s.survey(ctx, old); err != nil {
		return nil, err
	}
	if s.DryRun {
		return &s.result, s.closed(ctx, s.Rerate, old)
	}
	for _, c := range s.cycles(old) {
		if c > s.Closed {
			err = s.open(ctx, c, old)
		} else {
			err = s.closed(ctx, c, old)
		}
		if err != nil {
			return nil, fmt.Errorf("bill the cost files of %s: %w", c, err)
		}
	}
	return &s.result, s.keep(old)
}

// cycles are the periods of all deliveries, ascending.
func (s *Stage) cycles(old []*Delivery) []period.Cycle {
	set := make(map[period.Cycle]bool)
	for _, d := range old {
		set[d.Period] = true
	}
	for _, one := range s.sources {
		for c := range one.deliveries {
			set[c] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), cmp.Compare[period.Cycle])
}

// counted are the deliveries of a period that count, by source.
func (s *Stage) counted(c period.Cycle) []*Delivery {
	var out []*Delivery
	for _, name := range slices.Sorted(maps.Keys(s.sources)) {
		for _, d := range s.sources[name].deliveries[c] {
			if d.State == Counted {
				out = append(out, d)
			}
		}
	}
	return out
}

// news reports whether other deliveries of a period count than before (FCOST-2).
func (s *Stage) news(c period.Cycle, old []*Delivery) bool {
	was := slices.DeleteFunc(slices.Clone(old), func(d *Delivery) bool { return d.Period != c || d.State != Counted })
	return !slices.EqualFunc(was, s.counted(c), func(a, b *Delivery) bool {
		return a.Source == b.Source && a.Name == b.Name && a.Hash == b.Hash
	})
}

// made names what the lines of a cycle depend on besides its deliveries.
func (s *Stage) made(d *Delivery) string {
	rate := ""
	if fx, ok := s.sources[d.Source].Fx[d.Period]; ok {
		rate = fx.Trim()
	}
	end := ""
	if d.Period > s.Closed && s.MonthEnd(d.Period) {
		end = "end"
	}
	return string(lake.HashBytes([]byte(s.Made + "|" + s.Costs.Grain.String() + "|" + rate + "|" + end)))
}

// open rates an open cycle again if it must be.
func (s *Stage) open(ctx context.Context, c period.Cycle, old []*Delivery) error {
	counted := s.counted(c)
	stale := s.news(c, old)
	for _, d := range counted {
		stale = stale || d.Made != s.made(d)
	}
	if !stale {
		return nil
	}
	r, err := s.rate(ctx, c, counted)
	if err != nil {
		return err
	}
	for _, d := range counted {
		d.Made = s.made(d)
	}
	return s.write(r)
}

// closed posts what another delivery changes in a closed cycle.
func (s *Stage) closed(ctx context.Context, c period.Cycle, old []*Delivery) error {
	counted, news := s.counted(c), s.news(c, old)
	stale := news || c == s.Rerate && len(counted) > 0
	if !stale {
		other := false
		for _, d := range counted {
			other = other || d.Made != s.made(d)
		}
		if !other {
			return nil
		}
		held, err := s.holds(c)
		if err != nil || !held {
			return err
		}
	}
	by := *s
	if c == s.Rerate && s.Draft != nil {
		by.Books, by.Prices = s.Draft.Books, s.Draft.Prices
	}
	r, err := by.rate(ctx, c, counted)
	if err != nil {
		return err
	}
	for _, d := range counted {
		d.Made = s.made(d)
	}
	return s.post(r)
}

// fx is the rate from a source's currency to the workspace's.
func (s *Stage) fx(d *Delivery) money.UnitPrice {
	if rate, ok := s.sources[d.Source].Fx[d.Period]; ok && d.Currency != s.Currency {
		return rate
	}
	one, _ := money.ParseUnitPrice("1")
	return one
}

// complete reports whether a delivery of the inbox can be taken.
func (s *Stage) complete(newest period.Instant, ok func(now period.Instant, settle time.Duration) bool) bool {
	return (s.Until == 0 || newest <= s.Until) && ok(s.Now, s.Costs.Settle)
}

func (s *Stage) note(format string, args ...any) {
	s.result.Notes = append(s.result.Notes, fmt.Sprintf(format, args...))
}
