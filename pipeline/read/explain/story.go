package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// subject is a kind of object that this package explains. Its ids begin with the prefix.
type subject struct {
	prefix, state string
	what          string // its name in messages
	list          string // the command that lists the ids
	tell          func(*teller, context.Context) error
	table         *tables.Table                 // that contains the ids
	column        tables.TextColumn[tables.Any] // of the id in that table
}

// subjects returns all kinds, by prefix.
func subjects() []subject {
	return []subject{
		{"account/", StateAccount, "entry of partners' accounts",
			"tollbook export --table partner_accounts", (*teller).account,
			tables.PartnerAccounts().Table, tables.PartnerAccountEntryID.Any()},
		{"claim/", StateClaim, "claim", "tollbook export --table funds", (*teller).claim,
			tables.Funds().Table, tables.FundClaimID.Any()},
		{"coupon/", StateCoupon, "coupon", "tollbook export --table coupons", (*teller).coupon,
			tables.Coupons().Table, tables.CouponCouponID.Any()},
		{"fund/", StateFund, "list or quota of a fund", "tollbook export --table funds", (*teller).fund,
			tables.Funds().Table, -1},
		{"invoice/", StateInvoice, "invoice", "tollbook export --table invoice_records", (*teller).invoice,
			tables.InvoiceRecords().Table, tables.InvoiceRecordInvoiceID.Any()},
		{"withdrawal/", StateWithdrawal, "withdrawal", "tollbook export --table withdrawals",
			(*teller).withdrawal, tables.Withdrawals().Table, tables.WithdrawalWithdrawalID.Any()},
	}
}

// subjectOf returns the kind of an id; ok is false if this package does not explain it.
func subjectOf(id string) (one subject, ok bool) {
	all := subjects()
	at := slices.IndexFunc(all, func(s subject) bool { return strings.HasPrefix(id, s.prefix) })
	if at < 0 {
		return subject{}, false
	}
	return all[at], true
}

// IsPartnerMoney reports whether Explain can explain an id.
func IsPartnerMoney(id string) bool {
	_, ok := subjectOf(id)
	return ok
}

// PartnerPrefixes returns the prefixes of the ids that Explain accepts.
func PartnerPrefixes() []string {
	var out []string
	for _, s := range subjects() {
		out = append(out, s.prefix)
	}
	return out
}

// PartnerMoney explains an entry of partners' accounts, a coupon, a fund, a claim, a withdrawal or an invoice. Errors:
// *rows.NotFoundError.
func PartnerMoney(ctx context.Context, s *Sources, q *Question, from *query.PartnerReader) (*Story,
	error) {
	of, ok := subjectOf(q.ID)
	if !ok {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("%q is not of partners' money", q.ID),
			Do: "ids begin with " + strings.Join(PartnerPrefixes(), ", ")}
	}
	t := &teller{src: s, from: from, id: strings.TrimPrefix(q.ID, of.prefix), customer: q.Customer,
		story: &Story{ID: q.ID, State: of.state, Agrees: true}}
	if err := of.tell(t, ctx); err != nil {
		return nil, fmt.Errorf("explain %s: %w", q.ID, err)
	}
	if len(t.story.Facts) > 0 {
		return t.story, nil
	}
	return nil, s.Rejected(ctx, t.id, &rows.NotFoundError{What: fmt.Sprintf("no %s %q", of.what, t.id),
		Do: "`" + of.list + "` lists them"})
}

// teller tells the story of one id.
type teller struct {
	src      *Sources
	from     *query.PartnerReader
	id       string // without its prefix
	customer string // to whom it must belong; "" = anybody
	story    *Story
}

func (t *teller) fact(name, value string) {
	if value != "" {
		t.story.Facts = append(t.story.Facts, Fact{Name: name, Value: value})
	}
}

// part adds a part with its steps.
func (t *teller) part(title string, steps ...string) {
	if len(steps) > 0 {
		t.story.Parts = append(t.story.Parts, Part{Kind: title, Steps: steps})
	}
}

// happened returns the selected events of a feed, in the order in which they take effect.
func (t *teller) happened(feedName string, wanted func(rows.Row[tables.PartnerEvent]) bool) ([]*accept.MoneyEvent,
	error) {
	var out []*accept.MoneyEvent
	for _, f := range t.src.Snap.Manifest.Loose {
		if f.FileKey != accept.MoneyKey() {
			continue
		}
		err := accept.EachMoney(t.src.Snap, f, feedName,
			func(c *parquet.Columns[tables.PartnerEvent], i int) bool {
				return wanted(rows.Row[tables.PartnerEvent]{Cols: c, I: i})
			},
			func(e *accept.MoneyEvent) error {
				out = append(out, e)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b *accept.MoneyEvent) int {
		return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// about selects the events that name a claim, withdrawal, invoice or coupon.
func about(id string) func(rows.Row[tables.PartnerEvent]) bool {
	return func(r rows.Row[tables.PartnerEvent]) bool { return string(r.Text(tables.PartnerEventSubjectID)) == id }
}

// bears selects the event with an id.
func bears(id string) func(rows.Row[tables.PartnerEvent]) bool {
	return func(r rows.Row[tables.PartnerEvent]) bool { return string(r.Text(tables.PartnerEventEventID)) == id }
}

// feed adds the row of the feed file from which an event came. It does not show the account of a withdrawal.
func (t *teller) feed(e *accept.MoneyEvent) {
	one := Origin{File: e.From.File, Row: e.From.Row, Note: fmt.Sprintf("%s %s: %s", e.Type, e.ID, outcome(e))}
	if e.Feed != "withdrawals" {
		one.Raw = strings.TrimRight(e.From.Raw, "\r\n")
	}
	t.story.Feeds = append(t.story.Feeds, one)
}

// outcome describes the verdict of the last replay on an event.
func outcome(e *accept.MoneyEvent) string {
	if e.Verdict.Accepted() {
		return "accepted"
	}
	text := "rejected, " + e.Verdict.Why.String()
	switch {
	case e.Verdict.Why == reason.BadState:
		return text + ": it met the state " + e.Verdict.Value
	case e.Verdict.Column == "":
		return text
	}
	return fmt.Sprintf("%s: %s %s", text, e.Verdict.Column, e.Verdict.Value)
}

// step begins the text of an event's step: when it takes effect, its type and its amount.
func step(e *accept.MoneyEvent) string {
	text := fmt.Sprintf("%s %s (%s)", e.Instant, e.Type, e.ID)
	if !e.Amount.IsZero() {
		text += " of " + e.Amount.Trim()
	}
	return text
}

// times adds the event's own time and, if it differs, the instant at which it takes effect.
func (t *teller) times(own, instant period.Instant) {
	t.fact("time", own.String())
	if own != instant {
		t.fact("takes effect", instant.String()+", because its cycle was closed when it was accepted")
	}
}

// deadline adds the next deadline of a kind and id.
func (t *teller) deadline(kind string) error {
	list, err := query.Deadlines(t.from, query.DeadlineChoice{Through: period.Day(1 << 30)})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(d query.Deadline) bool { return d.Kind == kind && d.ID == t.id })
	if at < 0 {
		t.fact("deadline", "none")
		return nil
	}
	t.fact("deadline", deadlineText(&list[at]))
	return nil
}

// deadlineText describes when time alone changes a state, and the new state.
func deadlineText(d *query.Deadline) string { return fmt.Sprintf("%s, then %s", d.At, d.Then) }

// change formats an amount before and after a step.
func change(name string, before, after money.Amount) string {
	return fmt.Sprintf("%s %s → %s", name, before.Trim(), after.Trim())
}

// maxKnown is the maximum number of ids that are read for a suggestion.
const maxKnown = 10_000

// KnownPartnerMoney returns ids of the same kind as an id, with their prefix, whose length differs from it by at most
// two. It returns at most 10,000.
func KnownPartnerMoney(s *Sources, id string) ([]string, error) {
	of, ok := subjectOf(id)
	if !ok {
		return nil, nil
	}
	seen := map[string]bool{}
	err := query.EachCouponRow(s.Snap, tables.Untyped(of.table), func(r rows.Row[tables.Any]) error {
		one := of.prefix + idOf(&of, r)
		if one != of.prefix && len(seen) < maxKnown && len(one) >= len(id)-2 && len(one) <= len(id)+2 {
			seen[one] = true
		}
		return nil
	})
	out := make([]string, 0, len(seen))
	for one := range seen {
		out = append(out, one)
	}
	slices.Sort(out)
	return out, err
}

// idOf returns the id in a row of the table of a kind; empty if the row is of another kind.
func idOf(of *subject, row rows.Row[tables.Any]) string {
	if of.column >= 0 {
		return string(row.Text(of.column))
	}
	r := rows.As[tables.Fund](row)
	if len(r.Text(tables.FundClaimID)) > 0 {
		return ""
	}
	return strings.Join([]string{r.Word(tables.FundPartnerID), r.Word(tables.FundProgrammeID),
		r.Word(tables.FundPeriod)},
		"/")
}

// NamedPartnerMoney returns the ids, with prefix, that match an id without a prefix.
func NamedPartnerMoney(s *Sources, id string) ([]string, error) {
	var out []string
	for _, of := range subjects() {
		found := false
		err := query.EachCouponRow(s.Snap, tables.Untyped(of.table), func(r rows.Row[tables.Any]) error {
			found = found || id != "" && idOf(&of, r) == id
			return nil
		})
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, of.prefix+id)
		}
	}
	return out, nil
}
