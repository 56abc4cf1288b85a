package explain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lateRecord is a usage record that was accepted after its cycle was closed.
type lateRecord struct {
	accepted
	asOf period.Instant
}

// object is what the lines of a place are of (§4.12).
type object struct{ sku, region, resource string }

// late explains what was billed after its cycle was closed: a late record, the reversal of a record, or a difference.
func (e *explainer) late(ctx context.Context) error {
	records, err := e.lateRecords()
	if err != nil {
		return err
	}
	var about object
	found, isEnd := false, false
	err = e.storedLines(e.at.day, &e.story.Stored, func(row rows.Row) bool {
		if !e.ownLine(row) {
			return false
		}
		about, found = object{row.Word(tables.LSKU), row.Word(tables.LRegionCode),
			string(row.Text(tables.LResourceID))}, true
		isEnd = endID(e.at.origin, about.sku, about.region, about.resource) == e.at.id
		return true
	})
	if err != nil {
		return err
	}
	if found && isEnd {
		return e.difference(about, records)
	}
	e.story.State = StateLate
	at := slices.IndexFunc(records, func(r lateRecord) bool { return string(r.ID) == e.at.id })
	if at >= 0 {
		if err := e.lateFacts(ctx, &records[at], records); err != nil {
			return err
		}
	}
	return e.lateLines(records)
}

// lateRecords are the customer's records of the origin cycle that are billed late in this one.
func (e *explainer) lateRecords() (out []lateRecord, err error) {
	files, err := e.filesOfDay(tables.Late().Name, e.at.cycle, "")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		err := e.each(f, tables.Late(), nil, tables.UCustomerID, func(row rows.Row) error {
			if row.Word(tables.LateOrigin) != e.at.origin {
				return nil
			}
			r, err := e.usageRow(row)
			out = append(out, lateRecord{r, row.Time(tables.LateAsOf)})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replacedBy is the record that replaces another at last; nil where none does.
func replacedBy(id string, records []lateRecord) *lateRecord {
	var last *lateRecord
	for range records { // no chain is longer
		at := slices.IndexFunc(records, func(r lateRecord) bool { return r.replaces == id })
		if at < 0 {
			break
		}
		last = &records[at]
		id = string(last.ID)
	}
	return last
}

// lateFacts notes what a late record says and why it is an adjustment.
func (e *explainer) lateFacts(ctx context.Context, r *lateRecord, records []lateRecord) (err error) {
	p := &e.Books.Products[r.SKU]
	e.usageFacts(&r.accepted)
	e.fact("accepted", "by the run as of "+r.asOf.String())
	if by := replacedBy(e.at.id, records); by != nil {
		e.fact("replaced by", string(by.ID))
	}
	if r.replaced {
		e.story.State = StateReplaced
	} else {
		e.story.Before = append(e.story.Before, lateText("the usage", e.at.origin, e.at.cycle, r.asOf.String())+
			", at the prices of its own time")
	}
	if !r.replaced && p.PeriodLevel() {
		e.story.Before = append(e.story.Before,
			fmt.Sprintf("%s is priced at the month's end: its effect is billed as a difference", p.SKU))
		err = e.storedLines(lake.LateDay, &e.story.Later, func(row rows.Row) bool {
			o := object{row.Word(tables.LSKU), row.Word(tables.LRegionCode), string(row.Text(tables.LResourceID))}
			return row.Word(tables.LOriginCycle) == e.at.origin && o.sku == p.SKU &&
				(o.resource == "" || o.resource == string(r.Resource)) &&
				string(row.Text(tables.LID)) == endID(e.at.origin, o.sku, o.region, o.resource)
		})
		if err != nil {
			return err
		}
	}
	e.story.Feeds, err = e.origins(ctx, &r.accepted)
	return err
}

// lateLines reports for each late line the source of its price.
func (e *explainer) lateLines(records []lateRecord) error {
	files, err := e.filesOfDay(tables.Lines().Name, e.at.cycle, lake.LateDay)
	if err != nil {
		return err
	}
	taken := false
	for _, f := range files {
		err := e.each(f, tables.Lines(), explainedColumns(), tables.LCustomerID, func(row rows.Row) error {
			if !e.ownLine(row) {
				return nil
			}
			l, err := lineOf(row)
			if err != nil {
				return err
			}
			taken = taken || l.Quantity.Sign() < 0 || l.Usage.Sign() < 0
			e.story.Parts = append(e.story.Parts, Part{l.Tier, l.Kind, e.lateSteps(&l, row)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !taken {
		return nil
	}
	text := fmt.Sprintf("%s was billed in cycle %s and is reversed", e.at.id, e.at.origin)
	if by := replacedBy(e.at.id, records); by != nil {
		text += fmt.Sprintf(": late record %s, accepted as of %s, replaces it", by.ID, by.asOf)
	}
	e.story.Before = append(e.story.Before, text)
	return nil
}

// lateSteps are the steps of a stored line as far as it tells them itself.
func (e *explainer) lateSteps(l *Line, row rows.Row) []string {
	back := l.Quantity.Sign() < 0
	steps := []rating.Step{{Kind: rating.StepPrice, SKU: row.Word(tables.LSKU), List: row.Word(tables.LPriceList),
		Region: row.Word(tables.LPriceRegion),
		Period: period.Span{From: row.Time(tables.LPriceValidFrom), To: period.Forever}}}
	var out []string
	if l.Draws != "" {
		out = append(out, "packages: "+l.Draws)
	}
	sku := e.Books.SKU(row.Word(tables.LSKU))
	versions, tier := e.Books.VersionsOf(sku, steps[0].List, steps[0].Region, ""), l.Tier-1
	version := slices.IndexFunc(versions, func(v books.Version) bool { return v.Valid.From == steps[0].Period.From })
	if version >= 0 && tier >= 0 && tier < len(versions[version].Tiers) {
		v := &versions[version]
		steps[0].Period.To = v.Valid.To
		t := &v.Tiers[tier]
		step := rating.Step{Kind: rating.StepTier, Tier: l.Tier, Upper: t.UpTo, Open: t.Open,
			Quantity: l.Quantity.Abs(), Price: l.UnitPrice, Negative: back}
		if tier > 0 {
			step.Lower = v.Tiers[tier-1].UpTo
		}
		if l.Usage.IsZero() && l.UnitPrice == t.FlatFee && !t.FlatFee.IsZero() {
			step.Kind = rating.StepFee
		}
		if len(v.Tiers) > 1 {
			steps = append(steps, step)
		}
	}
	amounts := rating.Step{Kind: rating.StepAmounts, Quantity: l.Quantity.Abs(), Negative: back, Price: l.UnitPrice,
		Official: l.Official,
		Discount: l.DiscountID, Reduction: l.Discount, Truncated: l.Truncated, Payment: l.Payment,
		PerLine: !l.Truncated.IsZero(), Mode: e.Settings.Rounding.Mode, Digits: e.Settings.Currency.Digits}
	if after, err := l.Official.Sub(l.Discount); err == nil {
		amounts.Amount = after
	}
	for _, s := range append(steps, amounts) {
		out = append(out, s.String())
	}
	return out
}

// difference explains a difference by all that is billed of its place.
func (e *explainer) difference(about object, records []lateRecord) (err error) {
	if sku := e.Books.SKU(about.sku); sku >= 0 {
		e.fact("product", productText(&e.Books.Products[sku]))
	}
	e.fact("region", about.region)
	e.fact("resource", about.resource)
	e.fact("cycle", e.at.origin)
	if e.at.day == lake.RerateDay {
		e.story.State = StateRerating
		err = e.postings(about)
	} else {
		e.story.State = StateDifference
		e.story.Before = append(e.story.Before,
			fmt.Sprintf("cycle %s was closed: its month-end line stays, and what late records change of it is billed "+
				"in cycle %s",
				e.at.origin, e.at.cycle))
		err = e.lateReasons(about, records)
	}
	if err != nil {
		return err
	}
	e.story.Sums, err = e.placeSums(about)
	return err
}

// lateReasons names late records for a month-end line.
func (e *explainer) lateReasons(about object, records []lateRecord) error {
	for i := range records {
		r := &records[i]
		p := &e.Books.Products[r.SKU]
		if p.SKU != about.sku || r.replaced || about.resource != "" && about.resource != string(r.Resource) {
			continue
		}
		text := fmt.Sprintf("late record %s: %s %s of %s, accepted as of %s", r.ID, r.Quantity.Trim(), p.Measure,
			period.Span{From: r.Start, To: r.End}, r.asOf)
		if r.replaces != "" {
			text += ", in the place of " + r.replaces
		}
		e.story.Before = append(e.story.Before, text)
	}
	files, err := e.filesOfDay(tables.LateSamples().Name, e.at.cycle, "")
	if sku := e.Books.SKU(about.sku); err != nil || sku < 0 || !e.isPercentile(sku) {
		return err
	}
	counts := make(map[string]int)
	for _, f := range files {
		err := e.each(f, tables.LateSamples(), nil, tables.BCustomerID, func(row rows.Row) error {
			if e.Books.Zone.Cycle(row.Time(tables.BSlot)).String() == e.at.origin {
				counts[row.Word(tables.BResourceID)]++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for link, n := range counts {
		e.story.Before = append(e.story.Before, fmt.Sprintf("late samples of link %s: %d count now", link, n))
	}
	slices.Sort(e.story.Before[len(e.story.Before)-len(counts):])
	return nil
}

// postings names the runs that rated the place again.
func (e *explainer) postings(about object) error {
	files, err := e.filesOfDay(tables.Reratings().Name, e.at.cycle, "")
	if err != nil {
		return err
	}
	for _, f := range files {
		err := e.each(f, tables.Reratings(), nil, tables.TCustomerID, func(row rows.Row) error {
			if row.Word(tables.TOriginCycle) != e.at.origin ||
				about != (object{row.Word(tables.TSKU), row.Word(tables.TRegionCode),
					string(row.Text(tables.TResourceID))}) {
				return nil
			}
			payment, err := row.Amount(tables.TPayment)
			e.story.Before = append(e.story.Before,
				fmt.Sprintf("`tollbook rerate --cycle %s` as of %s rated the closed cycle again with the books of "+
					"then: the difference to what was billed, to pay %s, is billed in cycle %s",
					e.at.origin, row.Time(tables.TAsOf), payment.Trim(), e.at.cycle))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Sum is what one posting bills of a place, or all of them.
type Sum struct {
	What      string               `json:"what"`
	Usage     money.SignedQuantity `json:"usage_amount"`
	Free      money.SignedQuantity `json:"free_resource_usage"`
	Official  money.Amount         `json:"official_amount"`
	Discount  money.Amount         `json:"official_discount_amount"`
	Truncated money.Amount         `json:"truncated_amount"`
	Payment   money.Amount         `json:"payment_amount"`
}

// add adds another sum's numbers.
func (s *Sum) add(o *Sum) (err error) {
	for _, q := range [...]struct{ to, by *money.SignedQuantity }{{&s.Usage, &o.Usage}, {&s.Free, &o.Free}} {
		if *q.to, err = q.to.Add(*q.by); err != nil {
			return err
		}
	}
	for _, a := range [...]struct{ to, by *money.Amount }{{&s.Official, &o.Official}, {&s.Discount, &o.Discount},
		{&s.Truncated, &o.Truncated}, {&s.Payment, &o.Payment}} {
		if *a.to, err = a.to.Add(*a.by); err != nil {
			return err
		}
	}
	return nil
}

// posting is a part of a place's lines that was billed at once.
type posting struct{ cycle, how string }

// The ways in which a place comes to lines; in order of time within a cycle.
const (
	howBilled  = "billed in"
	howLate    = "late, in"
	howRerated = "re-rated, in"
)

// placeSums adds up all lines of a place: what its cycle billed, and what came to it later, each on its own and then in
// all.
func (e *explainer) placeSums(about object) ([]Sum, error) {
	sums := make(map[posting]*Sum)
	for _, ref := range e.Snap.Manifest.Cycles {
		if ref.Cycle < e.at.origin {
			continue
		}
		files, err := e.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.Table != tables.Lines().Name || f.Bucket != e.bucket() || f.Day == lake.EventsDay {
				continue
			}
			if err := e.addPosting(sums, f, about); err != nil {
				return nil, err
			}
		}
	}
	var out []Sum
	all := Sum{What: "in all"}
	for _, p := range slices.SortedFunc(maps.Keys(sums), func(a, b posting) int {
		return cmp.Or(cmp.Compare(a.cycle, b.cycle), cmp.Compare(a.how, b.how))
	}) {
		sums[p].What = p.how + " " + p.cycle
		out = append(out, *sums[p])
		if err := all.add(sums[p]); err != nil {
			return nil, err
		}
	}
	return append(out, all), nil
}

func (e *explainer) addPosting(sums map[posting]*Sum, f lake.FileEntry, about object) error {
	how := howBilled
	switch f.Day {
	case lake.LateDay:
		how = howLate
	case lake.RerateDay:
		how = howRerated
	}
	return e.each(f, tables.Lines(), explainedColumns(), tables.LCustomerID, func(row rows.Row) error {
		origin := cmp.Or(row.Word(tables.LOriginCycle), f.Cycle)
		if origin != e.at.origin || about != (object{row.Word(tables.LSKU), row.Word(tables.LRegionCode),
			string(row.Text(tables.LResourceID))}) {
			return nil
		}
		l, err := lineOf(row)
		if err != nil {
			return err
		}
		at := posting{f.Cycle, how}
		if sums[at] == nil {
			sums[at] = &Sum{}
		}
		return sums[at].add(&Sum{Usage: l.Usage, Free: l.Free, Official: l.Official, Discount: l.Discount,
			Truncated: l.Truncated, Payment: l.Payment})
	})
}
