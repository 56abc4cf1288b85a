package run

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// eventStage decides about the events of a run: orders, adjustments, account events, and events of partners.
type eventStage struct {
	state   *runState
	intake  *accept.EventIntake
	decided []accept.EventDecision
	remade  map[lake.Place]bool // places whose event lines are calculated again
	touched map[lake.Place]bool // these, and other places whose lines or account events changed
	unread  []string            // feeds about partners' money whose events are not loaded

	counts  map[int32]state.FileCount // of rows of events, by file of the scan
	rejects []accept.Reject           // of rows of events
	cycles  []period.Cycle            // with events of this run
}

// decide decides about the rows of the feeds of events, stores the accepted ones, and finds the places whose event
// lines are calculated again because something changed.
func (ev *eventStage) decide() error {
	book, err := ev.acceptedEvents()
	if err != nil {
		return err
	}
	s := &ev.state.ws.Settings
	closed, err := settle.ClosedIncentives(ev.state.txn.SubTxn, ev.state.ws.Books, ev.state.closed)
	if err != nil {
		return fmt.Errorf("read incentives: %w", err)
	}
	ev.decided = book.Decide(ev.intake, &accept.EventTerms{Zone: ev.state.ws.Books.Zone, Partners: ev.state.partners,
		Closed: closed, BilledIn: ev.state.billedIn, Source: ev.state.source,
		Drop: func(file int32) bool { return !ev.state.scanned.Taken(file) }})
	book.Ledger.Stored(ev.state.txn.SubTxn, ev.state.next.Entries.Find(accept.MoneyKey()))
	st := ev.state.store()
	if ev.remade, err = st.StoreOrders(book); err != nil {
		return err
	}
	ev.addRefolded()
	ev.touched = maps.Clone(ev.remade)
	added := st.NewAccounts(book)
	for _, p := range lake.PlacesInOrder(added) {
		if err := st.AddAccounts(p, added[p]); err != nil {
			return err
		}
		if s.Payments == settings.Ledger { // otherwise they move nothing
			ev.touched[p] = true
		}
	}
	if err := errors.Join(st.StorePartners(book), st.StoreStatuses(book)); err != nil {
		return err
	}
	for _, list := range TurnsByFeed(book.Turned) {
		if err := ev.turn(list); err != nil {
			return err
		}
	}
	return nil
}

// addRefolded adds the places of open cycles whose event lines change because the books changed.
func (ev *eventStage) addRefolded() {
	for _, ref := range ev.state.txn.SubTxn.Base().Manifest.Cycles {
		c := ref.Period()
		if c <= ev.state.closed || !ev.state.refold(c) || !ev.state.change.Orders() {
			continue
		}
		for _, e := range ev.state.next.Entries.Files(ref.Cycle) {
			if e.Table == tables.Orders().Name || e.Table == tables.Adjustments().Name {
				ev.remade[lake.Place{Cycle: c, Bucket: e.Bucket}] = true
			}
		}
	}
}

// acceptedEvents reads the events that earlier runs accepted. Of orders, adjustments and account events, of which there
// can be many, it reads only those that decisions need.
func (ev *eventStage) acceptedEvents() (*accept.EventBook, error) {
	book := accept.NewEventBook()
	for _, e := range ev.state.next.Entries.Find(accept.StepsKey()) {
		if err := book.LoadStatuses(ev.state.txn.SubTxn, e, ev.state.ws.Books); err != nil {
			return nil, err
		}
	}
	again, accounts := ev.intake.Again(book), ev.intake.AccountIDs()
	for _, ref := range ev.state.txn.SubTxn.Base().Manifest.Cycles {
		for _, e := range ev.state.next.Entries.Files(ref.Cycle) {
			var err error
			switch e.Table {
			case "orders", "adjustments":
				err = book.LoadAgain(ev.state.txn.SubTxn, e, ev.state.ws.Books, again)
			case "transfers":
				err = book.Load(ev.state.txn.SubTxn, e, ev.state.ws.Books)
			case "account_events":
				if len(accounts) > 0 {
					err = book.LoadAccountsAgain(ev.state.txn.SubTxn, e, ev.state.ws.Books, accounts)
				}
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, e := range ev.state.next.Entries.Find(accept.IncentivesKey()) {
		if err := book.LoadIncentives(ev.state.txn.SubTxn, e); err != nil {
			return nil, err
		}
	}
	var err error
	if book.Payments, err = partner.ClosedPayments(ev.state.txn.SubTxn, ev.state.closed); err != nil {
		return nil, fmt.Errorf("read payments of incentives: %w", err)
	}
	read := moneyFeeds()
	if !ev.intake.HasMoney() && !ev.state.job.close {
		ev.unread = slices.DeleteFunc(read, func(name string) bool { return name == couponFeed })
		read = []string{couponFeed}
	}
	return book, ev.loadMoney(book, read)
}

// couponFeed is the feed whose events every run needs: lines are paid by the coupons that they issue.
const couponFeed = "coupons"

// moneyFeeds returns the feeds about partners' money whose events are held in memory.
func moneyFeeds() []string {
	var names []string
	for _, spec := range feed.PartnerMoneySpecs() {
		if spec.Name != accept.LedgerFeed {
			names = append(names, spec.Name)
		}
	}
	return names
}

// loadMoney reads the events about partners' money of some feeds.
func (ev *eventStage) loadMoney(book *accept.EventBook, feedNames []string) error {
	for _, e := range ev.state.next.Entries.Find(accept.MoneyKey()) {
		if err := book.LoadMoney(ev.state.txn.SubTxn, e, feedNames...); err != nil {
			return err
		}
	}
	return nil
}

// store returns the store of events in the run's transaction.
func (r *runState) store() *accept.EventStore {
	return &accept.EventStore{Txn: r.txn.SubTxn, Books: r.ws.Books, Prices: r.prices,
		Bucket: func(customer string) int { return lake.BucketOf(customer, r.ws.Settings.Lake.Buckets) }}
}

// source is the original file and row of a row of the run; for a retry, those with which it was rejected.
func (r *runState) source(file int32, row int64) accept.EventSource {
	f := r.scanned.Files[file]
	from := accept.EventSource{Hash: f.Hash, Header: f.Header}
	from.File, from.Row = r.nameOf(file, row)
	return from
}

// nameOf is the original feed file, below inbox/, and row of a row of the run.
func (r *runState) nameOf(file int32, row int64) (string, int64) {
	if r.retried != nil {
		return r.retried.Original(file, row)
	}
	return r.scanned.Files[file].Name, row
}

// billedIn is the cycle that bills a record of a time: its own, or the earliest open one (§4.11).
func (r *runState) billedIn(t period.Instant) period.Cycle {
	return max(r.ws.Books.Zone.Cycle(t), r.closed+1)
}

// touchedCycles are the cycles of touched places, ascending.
func (ev *eventStage) touchedCycles() []period.Cycle {
	var out []period.Cycle
	for p := range ev.touched {
		out = append(out, p.Cycle)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refold reports whether a cycle was rated with other books than today's.
func (r *runState) refold(c period.Cycle) bool {
	ref, _ := r.txn.SubTxn.Base().Cycle(lake.CycleOf(c))
	return ref.Books != "" && ref.Books != r.books
}

// archived reports whether files of a closed cycle left the lake.
func (r *runState) archived(c period.Cycle) bool {
	ref, _ := r.txn.SubTxn.Base().Cycle(lake.CycleOf(c))
	return ref.Archived != nil
}

// refuse applies a replay's decisions about the account events of open cycles (§6.3): replayed has, by place, the ids
// of events that found too little on their balance. Rows of this run are counted as decided; rows of earlier files move
// between their counts of accepted and rejected rows, and in or out of the rejects. It must run before count.
func (ev *eventStage) refuse(replayed map[lake.Place]map[string]bool) error {
	st := ev.state.store()
	var mine []accept.EventDecision
	var earlier []accept.EventTurn
	for _, p := range lake.PlacesInOrder(replayed) {
		if p.Cycle <= ev.state.closed {
			return fmt.Errorf("cycle %s is closed: its account events are not decided again", p.Cycle)
		}
		turned, err := st.Refuse(ev.intake.Book(), p, replayed[p])
		if err != nil {
			return err
		}
		for _, e := range turned {
			if e.File >= 0 {
				mine = append(mine, e.Refusal())
			} else {
				earlier = append(earlier, accept.EventTurn{Feed: "accounts", From: e.From, Was: !e.Refused,
					Is:      e.Refused,
					Refusal: e.Refusal()})
			}
		}
	}
	ev.refuseNew(mine)
	return ev.turn(earlier)
}

// refuseNew changes the decisions about rows of this run.
func (ev *eventStage) refuseNew(list []accept.EventDecision) {
	type rowKey struct {
		file int32
		row  int64
	}
	refused := make(map[rowKey]accept.EventDecision, len(list))
	for _, d := range list {
		refused[rowKey{d.File, d.Row}] = d
	}
	for i, d := range ev.decided {
		if refusal, is := refused[rowKey{d.File, d.Row}]; is {
			ev.decided[i] = refusal
		}
	}
}

// turn moves rows of earlier runs between accepted and rejected, in the counts of their files and in the stored
// rejects.
func (ev *eventStage) turn(list []accept.EventTurn) error {
	if len(list) == 0 {
		return nil
	}
	t := NewTurnedRejects()
	for i := range list {
		one := &list[i]
		in, ok := ev.state.next.Input(one.Feed, one.From.Hash)
		if !ok {
			return fmt.Errorf("%s %s is from inbox/%s, which was never ingested", one.Feed, one.Refusal.ID,
				one.From.File)
		}
		t.Add(one)
		if one.Was {
			in.Accepted, in.Rejected = in.Accepted+1, in.Rejected-1
		}
		if one.Is {
			in.Accepted, in.Rejected = in.Accepted-1, in.Rejected+1
		} else {
			ev.state.watch.AcceptedNow(one.Feed, one.Refusal.ID, accept.RejectPlace{File: one.From.File,
				Row: one.From.Row})
		}
		ev.state.next.SetInput(in)
	}
	ev.state.report.Notes = append(ev.state.report.Notes, TurnNotes(list, ev.state.report.Reasons)...)
	if err := ev.turnEnded(t); err != nil {
		return err
	}
	if ev.state.retried != nil { // the rejects are written again anyway
		ev.state.retried.Kept = t.Apply(ev.state.retried.Kept)
		return nil
	}
	open, err := ev.state.loadRejects()
	if err != nil {
		return err
	}
	open = t.Apply(open)
	slices.SortFunc(open, func(a, b accept.RejectRow) int { return accept.CompareRejects(&a, &b) })
	return ev.state.replaceRejects(accept.OpenRejectsKey(), open)
}

// turnEnded removes rows that are now accepted from the ended rejects.
func (ev *eventStage) turnEnded(t *TurnedRejects) error {
	var ended []accept.RejectRow
	changed := false
	for _, e := range ev.state.next.Entries.Find(accept.EndedRejectsKey()) {
		err := accept.EachReject(ev.state.txn.SubTxn, e, func(x *accept.RejectRow) error {
			if t.Ends(x) {
				changed = true
			} else {
				ended = append(ended, *x)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	slices.SortFunc(ended, func(a, b accept.RejectRow) int { return accept.CompareRejects(&a, &b) })
	return ev.state.replaceRejects(accept.EndedRejectsKey(), ended)
}

// replaceRejects replaces all rejects that the next state has for a key.
func (r *runState) replaceRejects(key lake.FileKey, list []accept.RejectRow) error {
	w := accept.NewRejectWriter(r.txn.SubTxn, key)
	for i := range list {
		if err := w.Add(&list[i]); err != nil {
			return err
		}
	}
	files, err := w.Finish()
	if err != nil {
		return err
	}
	return r.next.Entries.Replace(key, files...)
}

// count counts the decisions about events by file.
func (ev *eventStage) count() {
	for i := range ev.decided {
		ev.countRow(&ev.decided[i])
	}
	ev.addCycles()
}

// countRow counts the decision about a row.
func (ev *eventStage) countRow(d *accept.EventDecision) {
	n := ev.counts[d.File]
	switch {
	case d.Why != reason.None:
		n.Rejected++
		ev.rejects = append(ev.rejects, accept.Reject{File: d.File, Row: d.Row, Reason: d.Why, Column: d.Column,
			Value: d.Value, ID: d.ID})
	case d.Duplicate:
		n.Duplicate++
	default:
		n.Accepted++
		file, row := ev.state.nameOf(d.File, d.Row)
		ev.state.watch.AcceptedEvent(ev.state.scanned.Files[d.File].Feed, d.ID,
			accept.RejectPlace{File: file, Row: row})
	}
	ev.counts[d.File] = n
}

// addCycles adds the cycles with events of this run to those that the run touched.
func (ev *eventStage) addCycles() { ev.cycles = append(ev.cycles, ev.intake.Book().NewCycles()...) }
