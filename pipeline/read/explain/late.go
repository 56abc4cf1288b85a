package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
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

// object identifies the sku, region and resource of a place's lines (§4.12).
type object struct{ sku, region, resource string }

// objectOf returns the object of a line.
func objectOf(row rows.Row[tables.Line]) object {
	return object{row.Word(tables.LineSKU), row.Word(tables.LineRegionCode), string(row.Text(tables.LineResourceID))}
}

// lateStory explains lines that were billed after their cycle was closed.
type lateStory struct {
	ex      *explainer
	records []lateRecord  // the customer's late records of the origin cycle that this cycle bills
	about   object        // for a difference
	parts   []period.Span // usage of the explained lines: of differences their parts of the month

	of func(rows.Row[tables.Line]) bool // for a difference: reports whether a line is of the same place
}

// late explains a line that was billed after its cycle was closed: a late record, a reversal, or a difference.
func (ls *lateStory) late(ctx context.Context) error {
	if err := ls.readRecords(); err != nil {
		return err
	}
	found, isEnd := false, false
	err := ls.ex.storedLines(ls.ex.at.day, &ls.ex.story.Stored, func(row rows.Row[tables.Line]) bool {
		if !ls.ex.ownLine(row) {
			return false
		}
		ls.about, found = objectOf(row), true
		ls.parts = append(ls.parts, period.Span{From: row.Time(tables.LineUsageStart),
			To: row.MaybeTime(tables.LineUsageEnd)})
		isEnd = endID(ls.ex.at.origin, ls.about.sku, ls.about.region, ls.about.resource) == ls.ex.at.id
		return true
	})
	if err != nil {
		return err
	}
	if found && isEnd {
		ls.of = func(row rows.Row[tables.Line]) bool { return ls.about == objectOf(row) }
		return ls.difference()
	}
	sku := ls.ex.Books.SKU(ls.about.sku)
	if sku >= 0 && ls.ex.at.day == lake.RerateDay && ls.ex.Books.Products[sku].Model == books.Recurring {
		return ls.chargeDifference(&ls.ex.Books.Products[sku])
	}
	ls.ex.story.State = StateLate
	at := slices.IndexFunc(ls.records, func(r lateRecord) bool { return string(r.ID) == ls.ex.at.id })
	if at >= 0 {
		if err := ls.lateFacts(ctx, &ls.records[at]); err != nil {
			return err
		}
	}
	return ls.lateLines()
}

// readRecords reads the late records.
func (ls *lateStory) readRecords() error {
	files, err := ls.ex.filesOfDay(tables.Late().Name, ls.ex.at.cycle, lake.Day{})
	if err != nil {
		return err
	}
	for _, f := range files {
		err := eachRow(ls.ex, f, tables.Late(), nil, tables.RecordCustomerID,
			func(row rows.Row[tables.Record]) error {
				if row.Word(tables.RecordOriginCycle) != ls.ex.at.origin {
					return nil
				}
				r, err := ls.ex.usageRow(row.Any())
				ls.records = append(ls.records, lateRecord{r, row.Time(tables.RecordAsOf)})
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// replacedBy returns the late record at the end of the chain that replaces a record; nil if there is none.
func (ls *lateStory) replacedBy(id string) *lateRecord {
	var last *lateRecord
	for range ls.records { // no chain is longer than this
		at := slices.IndexFunc(ls.records, func(r lateRecord) bool { return r.replaces == id })
		if at < 0 {
			break
		}
		last = &ls.records[at]
		id = string(last.ID)
	}
	return last
}

// lateFacts adds the facts about a late record and why it is an adjustment.
func (ls *lateStory) lateFacts(ctx context.Context, r *lateRecord) (err error) {
	p := &ls.ex.Books.Products[r.SKU]
	ls.ex.usageFacts(&r.accepted)
	ls.ex.fact("accepted", "by the run as of "+r.asOf.String())
	if by := ls.replacedBy(ls.ex.at.id); by != nil {
		ls.ex.fact("replaced by", string(by.ID))
	}
	if r.replaced {
		ls.ex.story.State = StateReplaced
	} else {
		ls.ex.story.Before = append(ls.ex.story.Before, lateText("the usage", ls.ex.at.origin, ls.ex.at.cycle.String(),
			r.asOf.String())+
			", at the prices of its own time")
	}
	why, err := ls.otherwise(p.SKU)
	if err != nil {
		return err
	}
	if why == "" && p.PeriodLevel() {
		why = fmt.Sprintf("%s is priced at the month's end: its effect is billed as a difference", p.SKU)
	}
	if !r.replaced && why != "" {
		ls.ex.story.Before = append(ls.ex.story.Before, why)
		err = ls.ex.storedLines(lake.LateDay, &ls.ex.story.Later, func(row rows.Row[tables.Line]) bool {
			o := objectOf(row)
			return row.Word(tables.LineOriginCycle) == ls.ex.at.origin && o.sku == p.SKU &&
				(o.resource == "" || o.resource == string(r.Resource)) &&
				string(row.Text(tables.LineID)) == endID(ls.ex.at.origin, o.sku, o.region, o.resource)
		})
		if err != nil {
			return err
		}
	}
	ls.ex.story.Feeds, err = ls.ex.origins(ctx, &r.accepted)
	return err
}

// otherwise says that a product counts otherwise than when the cycle was billed, if late records of it are billed by a
// difference for that reason (§4.11); else it is empty.
func (ls *lateStory) otherwise(sku string) (why string, err error) {
	files, err := ls.ex.filesOfDay(tables.LatePositions().Name, ls.ex.at.cycle, lake.Day{})
	for _, f := range files {
		err = errors.Join(err, eachRow(ls.ex, f, tables.LatePositions(), nil, tables.PositionCustomerID,
			func(row rows.Row[tables.Position]) error {
				if row.Word(tables.PositionOriginCycle) == ls.ex.at.origin && row.Word(tables.PositionKey) == sku &&
					tables.KindOfPosition(row.Small(tables.PositionKind)) == tables.OtherwisePosition {
					why = fmt.Sprintf("%s counts otherwise than when cycle %s was closed or last re-rated, or has had "+
						"a difference since for that reason: all its records are rated again, and the difference is "+
						"billed in cycle %s", sku, ls.ex.at.origin, ls.ex.at.cycle)
				}
				return nil
			}))
	}
	return why, err
}

// lateLines explains the source of the price of each late line.
func (ls *lateStory) lateLines() error {
	files, err := ls.ex.filesOfDay(tables.Lines().Name, ls.ex.at.cycle, lake.LateDay)
	if err != nil {
		return err
	}
	taken := false
	for _, f := range files {
		err := eachRow(ls.ex, f, tables.Lines(), explainedColumns(), tables.LineCustomerID,
			func(row rows.Row[tables.Line]) error {
				if !ls.ex.ownLine(row) {
					return nil
				}
				l, err := lineOf(row)
				if err != nil {
					return err
				}
				taken = taken || l.Quantity.Sign() < 0 || l.Usage.Sign() < 0
				ls.ex.story.Parts = append(ls.ex.story.Parts, Part{l.Tier, l.Kind, ls.lateSteps(&l, row)})
				return nil
			})
		if err != nil {
			return err
		}
	}
	if !taken {
		return nil
	}
	text := fmt.Sprintf("%s was billed in cycle %s and is reversed", ls.ex.at.id, ls.ex.at.origin)
	if by := ls.replacedBy(ls.ex.at.id); by != nil {
		text += fmt.Sprintf(": late record %s, accepted as of %s, replaces it", by.ID, by.asOf)
	}
	ls.ex.story.Before = append(ls.ex.story.Before, text)
	return nil
}

// lateSteps returns the steps of a stored line, if the line contains their data.
func (ls *lateStory) lateSteps(l *Line, row rows.Row[tables.Line]) []string {
	back := l.Quantity.Sign() < 0
	steps := []tariff.DerivationStep{{Kind: tariff.StepPrice, SKU: row.Word(tables.LineSKU),
		List:   row.Word(tables.LinePriceList),
		Region: row.Word(tables.LinePriceRegion),
		Period: period.Span{From: row.MaybeTime(tables.LinePriceValidFrom), To: period.Forever}}}
	var out []string
	if l.Draws != "" {
		out = append(out, "packages: "+l.Draws)
	}
	sku := ls.ex.Books.SKU(row.Word(tables.LineSKU))
	versions, tier := ls.ex.Books.Versions.Of(sku, steps[0].List, steps[0].Region, ""), l.Tier-1
	version := slices.IndexFunc(versions, func(v books.Version) bool { return v.Valid.From == steps[0].Period.From })
	if version >= 0 && tier >= 0 && tier < len(versions[version].Tiers) {
		v := &versions[version]
		steps[0].Period.To = v.Valid.To
		t := &v.Tiers[tier]
		step := tariff.DerivationStep{Kind: tariff.StepTier, Tier: l.Tier, Upper: t.UpTo, Open: t.Open,
			Quantity: l.Quantity.Abs(), Price: l.UnitPrice, Negative: back}
		if tier > 0 {
			step.Lower = v.Tiers[tier-1].UpTo
		}
		if l.Usage.IsZero() && l.UnitPrice == t.FlatFee && !t.FlatFee.IsZero() {
			step.Kind = tariff.StepFee
		}
		if len(v.Tiers) > 1 {
			steps = append(steps, step)
		}
	}
	amounts := tariff.DerivationStep{Kind: tariff.StepAmounts, Quantity: l.Quantity.Abs(), Negative: back,
		Price:    l.UnitPrice,
		Official: l.Official, Discount: l.DiscountID, Reduction: l.Discount, Truncated: l.Truncated, Payment: l.Payment,
		PerLine: !l.Truncated.IsZero(), Mode: ls.ex.Settings.Rounding.Mode,
		Digits: ls.ex.Books.CustomerCurrency(ls.ex.customer).Digits}
	if after, err := l.Official.Sub(l.Discount); err == nil {
		amounts.Amount, amounts.Mode = after, after.CutBy(l.Payment, amounts.Digits, amounts.Mode)
	}
	for _, s := range append(steps, amounts) {
		out = append(out, s.String())
	}
	return out
}

// difference explains a difference by all that is billed of its place.
func (ls *lateStory) difference() (err error) {
	if sku := ls.ex.Books.SKU(ls.about.sku); sku >= 0 {
		ls.ex.fact("product", productText(&ls.ex.Books.Products[sku]))
	}
	ls.ex.fact("region", ls.about.region)
	ls.ex.fact("resource", ls.about.resource)
	ls.ex.fact("cycle", ls.ex.at.origin)
	if ls.ex.at.day == lake.RerateDay {
		ls.ex.story.State = StateRerating
		err = ls.postings()
	} else {
		ls.ex.story.State = StateDifference
		why, failed := ls.otherwise(ls.about.sku)
		if failed != nil {
			return failed
		}
		if why == "" {
			why = fmt.Sprintf("cycle %s was closed: its month-end line stays, and what late records change of it is "+
				"billed in cycle %s", ls.ex.at.origin, ls.ex.at.cycle)
		}
		ls.ex.story.Before = append(ls.ex.story.Before, why)
		err = ls.lateReasons()
	}
	if err != nil {
		return err
	}
	ls.ex.story.Sums, err = ls.placeSums()
	return err
}

// chargeDifference explains a difference of a recurring charge, which a re-rating posted, by all that is billed of it.
func (ls *lateStory) chargeDifference(p *books.Product) error {
	ls.ex.story.State = StateRerating
	ls.ex.fact("product", productText(p))
	ls.ex.fact("cycle", ls.ex.at.origin)
	ls.ex.story.Before = append(ls.ex.story.Before,
		fmt.Sprintf("`tollbook rerate --cycle %s` rated the closed cycle again with the books of then: the difference "+
			"is billed in cycle %s", ls.ex.at.origin, ls.ex.at.cycle))
	return ls.sumsOfID()
}

// sumsOfID adds all that is billed of the explained id, where the id alone identifies the place.
func (ls *lateStory) sumsOfID() (err error) {
	ls.of = func(row rows.Row[tables.Line]) bool { return string(row.Text(tables.LineID)) == ls.ex.at.id }
	ls.ex.story.Sums, err = ls.placeSums()
	return err
}

// lateReasons names the late records that changed a month-end line.
func (ls *lateStory) lateReasons() error {
	for i := range ls.records {
		r := &ls.records[i]
		p := &ls.ex.Books.Products[r.SKU]
		if p.SKU != ls.about.sku || r.replaced || ls.about.resource != "" && ls.about.resource != string(r.Resource) {
			continue
		}
		text := fmt.Sprintf("late record %s: %s of %s, accepted as of %s", r.ID, delivered(p, r.Quantity.Trim()),
			period.Span{From: r.Start, To: r.End}, r.asOf)
		if r.replaces != "" {
			text += ", in the place of " + r.replaces
		}
		ls.ex.story.Before = append(ls.ex.story.Before, text)
	}
	files, err := ls.ex.filesOfDay(tables.LateSamples().Name, ls.ex.at.cycle, lake.Day{})
	if sku := ls.ex.Books.SKU(ls.about.sku); err != nil || sku < 0 || !ls.ex.isPercentile(sku) {
		return err
	}
	counts := make(map[string]int)
	for _, f := range files {
		err := eachRow(ls.ex, f, tables.LateSamples(), nil, tables.SampleCustomerID,
			func(row rows.Row[tables.Sample]) error {
				if ls.ex.Books.Zone.Cycle(row.Time(tables.SampleSlot)).String() == ls.ex.at.origin {
					counts[row.Word(tables.SampleResourceID)]++
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	for link, n := range counts {
		ls.ex.story.Before = append(ls.ex.story.Before, fmt.Sprintf("late samples of link %s: %d count now", link, n))
	}
	slices.Sort(ls.ex.story.Before[len(ls.ex.story.Before)-len(counts):])
	return nil
}

// postings names the runs that re-rated the place.
func (ls *lateStory) postings() error {
	files, err := ls.ex.filesOfDay(tables.Reratings().Name, ls.ex.at.cycle, lake.Day{})
	if err != nil {
		return err
	}
	for _, f := range files {
		err := eachRow(ls.ex, f, tables.Reratings(), nil, tables.ReratingCustomerID,
			func(row rows.Row[tables.Rerating]) error {
				if row.Word(tables.ReratingOriginCycle) != ls.ex.at.origin ||
					ls.about != (object{row.Word(tables.ReratingSKU), row.Word(tables.ReratingRegionCode),
						string(row.Text(tables.ReratingResourceID))}) {
					return nil
				}
				payment, err := row.Amount(tables.ReratingPaymentAmount)
				ls.ex.story.Before = append(ls.ex.story.Before,
					fmt.Sprintf("`tollbook rerate --cycle %s` as of %s rated the closed cycle again with the books of "+
						"then: the difference to what was billed, to pay %s, is billed in cycle %s",
						ls.ex.at.origin, row.Time(tables.ReratingAsOf), payment.Trim(), ls.ex.at.cycle))
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// Sum is what one posting, or all together, bill of a place.
type Sum struct {
	What      string               `json:"what"`
	Usage     money.SignedQuantity `json:"usage_amount"`
	Free      money.SignedQuantity `json:"free_resource_usage"`
	Official  money.Amount         `json:"official_amount"`
	Discount  money.Amount         `json:"official_discount_amount"`
	Truncated money.Amount         `json:"truncated_amount"`
	Payment   money.Amount         `json:"payment_amount"`
}

// add adds the numbers of another sum.
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

// posting is a part of a place's lines that was billed together.
type posting struct{ cycle, how string }

// The ways in which lines are billed, in order of time within a cycle.
const (
	howBilled  = "billed in"
	howLate    = "late, in"
	howRerated = "re-rated, in"
)

// placeSums adds up all lines of a place: those billed by its cycle, each later posting, and the total. If some of them
// are archived, the total has another name, and the story says where they are.
func (ls *lateStory) placeSums() ([]Sum, error) {
	sums, all := make(map[posting]*Sum), Sum{What: "in all"}
	var archived string
	for _, part := range ls.parts {
		if origin, err := period.ParseCycle(ls.ex.at.origin); err == nil && part != ls.ex.Books.Zone.Bounds(origin) {
			ls.ex.story.Before = append(ls.ex.story.Before, fmt.Sprintf("partner, association, terms or taxes change "+
				"within %s: the difference of the lines of %s has those of its beginning", origin, part))
		}
	}
	for _, ref := range ls.ex.Snap.Manifest.Cycles {
		if ref.Cycle.String() < ls.ex.at.origin {
			continue
		}
		if ref.Archived != nil {
			all.What = "in this lake"
			archived = fmt.Sprintf("lines billed up to cycle %s are archived and not in the sums below; to read them, "+
				"use the same command with `--lake %s` and without `--cycle`", ref.Cycle, ref.Archived.Where)
			continue
		}
		files, err := ls.ex.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.Table != tables.Lines().Name || f.Bucket != ls.ex.bucket() || f.Day == lake.EventsDay {
				continue
			}
			if err := ls.addPosting(sums, f); err != nil {
				return nil, err
			}
		}
	}
	if archived != "" {
		ls.ex.story.Before = append(ls.ex.story.Before, archived)
	}
	var out []Sum
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

func (ls *lateStory) addPosting(sums map[posting]*Sum, f lake.FileEntry) error {
	how := howBilled
	switch f.Day {
	case lake.LateDay:
		how = howLate
	case lake.RerateDay:
		how = howRerated
	}
	cycle := f.Cycle.String()
	return eachRow(ls.ex, f, tables.Lines(), explainedColumns(), tables.LineCustomerID,
		func(row rows.Row[tables.Line]) error {
			origin := cmp.Or(row.Word(tables.LineOriginCycle), cycle)
			if origin != ls.ex.at.origin || !ls.of(row) {
				return nil
			}
			l, err := lineOf(row)
			if err != nil {
				return err
			}
			at := posting{cycle, how}
			if sums[at] == nil {
				sums[at] = &Sum{}
			}
			return sums[at].add(&Sum{Usage: l.Usage, Free: l.Free, Official: l.Official, Discount: l.Discount,
				Truncated: l.Truncated, Payment: l.Payment})
		})
}
