package costs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	intake "github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// The states of deliveries.
const (
	Counted    = "counted"
	Superseded = "superseded"
	Failed     = "failed"
	Held       = "held"
)

// Delivery is a delivery of cost files and its state.
type Delivery struct {
	Source   string
	Period   period.Cycle
	Name     string
	State    string
	Hash     string // of its files; "" = they were not read
	Fixed    bool   // it has counted before
	Rows     int64
	Rejected int64
	Accepted bool // its rejects are accepted
	Currency string
	Values   [books.CostColumns]money.Cost
	Tolerant string
	Fault    string
	Inputs   string
	Reading  books.CostReading // how its files were read last

	before  *Delivery         // its state after the last run; nil = it is new
	found   *intake.CostFiles // nil = its folder is not in the inbox
	read    bool              // by this run
	rejects []intake.CostReject
	broken  string   // what is wrong with its files, whatever the settings
	ahead   []worker // the result of its rows by the books of the workspace; nil = none yet

	conversion *Conversion // of a delivery that counts
}

// Path is the name of the delivery for people: SOURCE/YYYY-MM/DELIVERY.
func (d *Delivery) Path() string { return d.Source + "/" + d.Period.String() + "/" + d.Name }

// survey holds the deliveries of the inbox and of earlier runs and determines which of them count.
type survey struct {
	stage   *Stage
	sources map[string]*source
	result  *Result
	rates   Rates     // stored in the lake
	ahead   *Delivery // of the one cycle whose deliveries are allocated while they are examined (FCOST-5)
}

// source is the state of one source of cost files.
type source struct {
	settings.CostSource
	currency   string // of its first delivery that counted; "" = none yet
	deliveries map[period.Cycle][]*Delivery
}

// find finds the deliveries of the inbox and decides which count.
func (s *survey) find(ctx context.Context, old []*Delivery) error {
	s.sources = make(map[string]*source)
	for _, one := range s.stage.Costs.Sources.All() {
		s.sources[one.Source] = &source{CostSource: one, deliveries: make(map[period.Cycle][]*Delivery)}
	}
	if err := s.sameDays(old); err != nil {
		return err
	}
	names := s.stage.Costs.Sources.Names()
	list, err := intake.DiscoverCosts(s.stage.Inbox, names)
	if err != nil {
		return err
	}
	s.result.Strange, s.result.Left = list.Strange, list.Left
	s.gather(list.Deliveries, old)
	for _, name := range names {
		if err := s.first(ctx, s.sources[name]); err != nil {
			return err
		}
	}
	for _, c := range s.cycles(old) {
		for _, name := range names {
			if err := s.decide(ctx, s.sources[name], c); err != nil {
				return err
			}
		}
	}
	if s.stage.Accept != "" && !s.result.Accepted {
		s.result.note("--accept-rejects: no delivery %s is held", s.stage.Accept)
	}
	return nil
}

// sameDays refuses another zone or period_end of a source after a delivery of it counted: ids of lines hold the day
// (FCOST-9).
func (s *survey) sameDays(old []*Delivery) error {
	for _, d := range old {
		one, listed := s.sources[d.Source]
		if !listed || !d.Fixed || one.Reading.Days() == d.Reading.Days() {
			continue
		}
		return problem.Problems{{Pos: problem.Pos{File: settings.File}, Text: fmt.Sprintf("costs.sources: zone and "+
			"period_end of %s are %q, but %q since delivery %s counted", d.Source, one.Reading.Days(), d.Reading.Days(),
			d.Path()), Hint: "put them back; for files of other days add a source of another name"}}
	}
	return nil
}

// gather assigns the deliveries of the inbox and of earlier runs to their sources, by period and name.
func (s *survey) gather(found []*intake.CostFiles, old []*Delivery) {
	known := make(map[string]*Delivery, len(old))
	for _, d := range old {
		known[d.Path()] = d
		if s.sources[d.Source] == nil { // removed from the settings: what it billed stays
			s.sources[d.Source] = &source{deliveries: make(map[period.Cycle][]*Delivery)}
			s.sources[d.Source].Source = d.Source
		}
	}
	for _, state := range []string{Counted, Superseded} { // those that counted before
		for _, d := range old {
			if one := s.sources[d.Source]; d.State == state && one.currency == "" {
				one.currency = d.Currency
			}
		}
	}
	there := make(map[string]bool, len(found))
	for _, f := range found {
		there[f.Path()] = true
		if !s.complete(f.Newest, f.Complete) {
			s.result.note("inbox/%s/%s is not complete yet: a later run takes it", intake.CostFolder, f.Path())
			if known[f.Path()] == nil {
				continue
			}
		}
		d := &Delivery{Source: f.Source, Period: f.Period, Name: f.Name, Reading: books.DefaultCostReading()}
		if k := known[f.Path()]; k != nil {
			*d = *k
			d.before = k
		}
		d.found = f
		s.add(d)
	}
	for _, k := range old {
		if there[k.Path()] || !k.Fixed {
			continue
		}
		d := *k
		d.before = k
		s.add(&d)
	}
	for _, one := range s.sources {
		for _, list := range one.deliveries {
			slices.SortFunc(list, func(a, b *Delivery) int { return strings.Compare(a.Name, b.Name) })
		}
	}
}

func (s *survey) add(d *Delivery) {
	list := s.sources[d.Source].deliveries
	list[d.Period] = append(list[d.Period], d)
}

// first sets the currency of a source without one to that of its first delivery, by period and name, that can count.
// The result does not depend on whether its deliveries came together.
func (s *survey) first(ctx context.Context, one *source) error {
	for _, c := range slices.SortedFunc(maps.Keys(one.deliveries), cmp.Compare[period.Cycle]) {
		for _, d := range one.deliveries[c] {
			if one.currency != "" {
				return nil
			}
			if err := s.judge(ctx, one, d); err != nil {
				return err
			}
			if d.State == Counted {
				one.currency = d.Currency
			}
		}
	}
	return nil
}

// decide finds the counting delivery of a source and period: the last one that is neither failed nor held (COSTS-2).
func (s *survey) decide(ctx context.Context, one *source, c period.Cycle) error {
	list := one.deliveries[c]
	last, err := s.last(ctx, one, list)
	if err != nil {
		return err
	}
	if last < 0 && c <= s.stage.Closed {
		stays(list)
	}
	for i := len(list) - 1; i > last; i-- {
		s.complain(list[i])
	}
	if last < 0 {
		return nil
	}
	list[last].Fixed = true
	for _, earlier := range list[:last] {
		// a delivery that could not count does not determine the currency of its source
		if !earlier.Fixed && earlier.State != Counted && earlier.State != Superseded {
			earlier.Currency = ""
		}
		earlier.State, earlier.Fault, earlier.rejects, earlier.ahead = Superseded, "", nil, nil
	}
	return nil
}

// last returns the index of the last delivery of a list that is neither failed nor held; -1 = none.
func (s *survey) last(ctx context.Context, one *source, list []*Delivery) (int, error) {
	for i := len(list) - 1; i >= 0; i-- {
		d := list[i]
		if err := s.judge(ctx, one, d); err != nil || d.State == Counted {
			return i, err
		}
		d.ahead = nil
	}
	return -1, nil
}

// judge reads a new or changed delivery and decides whether it can count.
func (s *survey) judge(ctx context.Context, one *source, d *Delivery) error {
	if d.Period <= s.stage.Archived {
		if d.State != Counted { // a delivery that counted when the cycle was archived is final
			d.State, d.Fault = Failed, "its cycle is archived"
		}
		return s.convert(one, d)
	}
	if d.found == nil {
		d.judgeGone()
		return s.convert(one, d)
	}
	d.found.Reading = one.Reading
	if d.Fixed && d.Period <= s.stage.Closed && d.Period != s.stage.Rerate {
		d.found.Reading.Missing = d.Reading.Missing // FCOST-9
	}
	hash, err := d.found.Hash(s.stage.Hash)
	var unreadable *intake.UnreadableError
	if err != nil && !errors.As(err, &unreadable) {
		return err
	}
	switch {
	case d.Fixed && unreadable != nil:
		d.State, d.Fault = Failed, unreadable.Error()
		return s.convert(one, d)
	case d.Fixed && hash != d.Hash:
		d.State, d.Fault = Failed, "its files changed after it had counted: put them back, or send a new delivery"
		return s.convert(one, d)
	case d.read:
	case !d.Fixed || hash != d.Hash || d.found.Reading.Missing != d.Reading.Missing:
		d.read = true
		if err := s.examine(ctx, d); err != nil {
			return err
		}
	}
	d.Hash = hash
	if s.stage.Accept == d.Path() && d.Rejected > 0 {
		d.Accepted, s.result.Accepted = true, true
	}
	d.State, d.Fault = Counted, ""
	if err := s.convert(one, d); err != nil {
		return err
	}
	_, noRate := d.conversion.To(s.stage.Currency)
	switch {
	case d.broken != "":
		d.State, d.Fault = Failed, d.broken
	case d.Currency != "" && one.currency != "" && d.Currency != one.currency:
		d.State, d.Fault = Failed, fmt.Sprintf("its currency is %s, that of the source's first delivery %s", d.Currency,
			one.currency)
	case d.Currency != "" && noRate != nil:
		d.State, d.Fault = Failed, fmt.Sprintf("there is no rate from %s to %s for %s: add a row to books/rates.csv, "+
			"or fx of the source to costs.sources", d.Currency, s.stage.Currency, d.Period)
	case d.Rejected > 0 && !d.Accepted:
		d.State = Held
	}
	return nil
}

// examine reads a delivery.
func (s *survey) examine(ctx context.Context, d *Delivery) error {
	var ahead []worker
	sinks := func(int) intake.CostSink { return intake.CostSink{} }
	if d.Period > s.stage.Closed && (s.ahead == nil || s.ahead.Period == d.Period) {
		ahead, sinks = s.stage.pricer(s.stage.Books, s.stage.Prices).ahead(d)
	}
	x, complete, err := intake.ExamineCosts(ctx, s.stage.Inbox, d.found, s.stage.Workers, sinks)
	if err != nil {
		return err
	}
	if complete && ahead != nil {
		d.ahead, s.ahead = ahead, d
		for i := range ahead {
			if err := ahead[i].move(); err != nil {
				return err
			}
		}
	}
	d.Reading = d.found.Reading
	d.Rows, d.Rejected, d.rejects, d.broken = x.Rows, x.Rejected, x.Rejects, x.Fault
	d.Currency, d.Tolerant = x.Currency, x.Tally.String()
	copy(d.Values[:], x.Values[:books.CostColumns])
	return nil
}

// cycles returns the periods of all deliveries, ascending.
func (s *survey) cycles(old []*Delivery) []period.Cycle {
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

// counted returns the deliveries of a period that count, by source.
func (s *survey) counted(c period.Cycle) []*Delivery {
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

// news reports whether the deliveries of a period that count differ from those before (FCOST-2).
func (s *survey) news(c period.Cycle, old []*Delivery) bool {
	was := slices.DeleteFunc(slices.Clone(old), func(d *Delivery) bool { return d.Period != c || d.State != Counted })
	return !slices.EqualFunc(was, s.counted(c), func(a, b *Delivery) bool {
		return a.Source == b.Source && a.Name == b.Name && a.Hash == b.Hash && a.Reading.Missing == b.Reading.Missing
	})
}

// several reports whether the sources have several currencies.
func (s *survey) several() bool {
	first := ""
	for _, one := range s.sources {
		first = cmp.Or(first, one.currency)
		if one.currency != "" && one.currency != first {
			return true
		}
	}
	return false
}

// conversions returns the rates of a period's deliveries by source. For a source whose deliveries do not count, it
// returns those of one that counted.
func (s *survey) conversions(c period.Cycle) map[string]*Conversion {
	out := make(map[string]*Conversion)
	for name, one := range s.sources {
		for _, d := range one.deliveries[c] {
			if d.conversion != nil && (d.State == Counted || out[name] == nil) {
				out[name] = d.conversion
			}
		}
	}
	return out
}

// complete reports whether a delivery of the inbox can be taken.
func (s *survey) complete(newest period.Instant, ok func(now period.Instant, settle time.Duration) bool) bool {
	return (s.stage.Until == 0 || newest <= s.stage.Until) && ok(s.stage.Now, s.stage.Costs.Settle)
}

// all returns the deliveries by source, period and name.
func (s *survey) all(old []*Delivery) []*Delivery {
	var list []*Delivery
	for _, c := range s.cycles(old) {
		for _, one := range s.sources {
			list = append(list, one.deliveries[c]...)
		}
	}
	slices.SortFunc(list, func(a, b *Delivery) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Period, b.Period),
			strings.Compare(a.Name, b.Name))
	})
	return list
}
