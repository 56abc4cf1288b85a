package partner

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// accountReplay replays partners' accounts and withdrawals, one group of partners after the other (PARTNER-8). It sorts
// entries and postings on disk if they do not fit in memory.
type accountReplay struct {
	round       *round
	receivables map[receivableKey]*account.Receivable
	withdrawals []*accept.MoneyEvent // of the first entries of held
	held        []account.Entry      // entries that are not in the ledger
	groups      groups
	entries     *rows.Sorter // by group and order of entries
	postings    *rows.Sorter // by partner and order of entries
	key, value  []byte
	done        []*account.Withdrawal
	balances    []balanceTotals // of each partner after its last entry
}

// balances is the number of balances of a partner.
const balances = int(account.Frozen) + 1

// balanceTotals are the balances of a partner.
type balanceTotals [balances]money.AmountTotal

// accounts replays partners' accounts and withdrawals.
func (r *round) accounts() (err error) {
	a := &accountReplay{round: r, groups: newGroups(len(r.stage.Books.Partners)),
		balances: make([]balanceTotals, len(r.stage.Books.Partners)),
		entries:  rows.NewSorter(r.stage.Txn, r.stage.SortBytes), postings: rows.NewSorter(r.stage.Txn,
			r.stage.SortBytes)}
	defer func() { err = errors.Join(err, a.entries.Close(), a.postings.Close()) }()
	r.refused = map[int64]account.Verdict{}
	if a.receivables, err = r.receivables(); err != nil {
		return err
	}
	for _, step := range []func() error{a.hold, a.group, a.sort, a.replay, a.putAccounts} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := r.stage.putWithdrawals(a.done); err != nil {
		return err
	}
	return r.stage.putReceivables(a.receivables)
}

// hold makes the entries that are not in the ledger: withdrawals, and those that other facts cause.
func (a *accountReplay) hold() error {
	back, err := a.round.stage.back()
	if err != nil {
		return err
	}
	for _, e := range a.round.stage.Events.MoneyEvents("withdrawals") {
		it, ok := a.round.withdrawalEntry(e)
		if it.Final {
			it.Back = back[it.Withdrawal]
		}
		if !ok {
			e.Verdict = gone("event")
			continue
		}
		a.withdrawals, a.held = append(a.withdrawals, e), append(a.held, it)
	}
	facts, err := a.round.factEntries()
	a.held = append(a.held, facts...)
	return err
}

// group joins the partners that an entry or a withdrawal_id connects.
func (a *accountReplay) group() error {
	first := make(map[string]int32, len(a.withdrawals)) // by withdrawal_id
	for i := range a.withdrawals {
		e := &a.held[i]
		if other, known := first[e.Withdrawal]; known {
			a.groups.join(e.Partner, other)
		}
		first[e.Withdrawal] = e.Partner
	}
	return a.round.stage.Events.Ledger.Between(func(partner, other string) {
		if p, o := a.round.stage.Books.Partner(partner), a.round.stage.Books.Partner(other); p >= 0 && o >= 0 {
			a.groups.join(p, o)
		}
	})
}

// sort passes all entries to the sorter. It omits events that the last replay rejected finally: they change nothing.
func (a *accountReplay) sort() error {
	at := int64(-1)
	err := a.round.stage.Events.Ledger.Each(func(e *accept.MoneyEvent) error {
		at++
		it, ok := a.accountEntry(e)
		switch {
		case !ok:
			a.round.refused[at] = gone("type")
			return nil
		case it.Final && !it.Past.Accepted():
			return nil
		}
		a.value = packEntry(a.value[:0], at, &it)
		return a.add(&it)
	}, nil)
	if err != nil {
		return err
	}
	for i := range a.held {
		a.value = binary.AppendUvarint(append(a.value[:0], heldEntry), uint64(i))
		if err := a.add(&a.held[i]); err != nil {
			return err
		}
	}
	return nil
}

// add passes an entry to the sorter. value must hold its packed form.
func (a *accountReplay) add(e *account.Entry) error {
	a.key = rows.AppendKeyInt(a.key[:0], int64(a.groups.of(e.Partner)))
	a.key = rows.AppendKeyInt(rows.AppendKeyInt(a.key, int64(e.Instant)), int64(e.Time))
	a.key = rows.AppendKeyInt(append(a.key, byte(e.Rank())), e.Place)
	a.key = rows.AppendKeyText(a.key, e.ID)
	return a.entries.Add(a.key, a.value)
}

// replay decides the entries group by group.
func (a *accountReplay) replay() error {
	var book *account.Replay
	group := int64(-1)
	overdrawn := make([]bool, len(a.round.stage.Books.Partners))
	end := func() error {
		if book == nil {
			return nil
		}
		a.done = append(a.done, book.Withdrawals()...)
		for partner, balance := range book.Balances() {
			overdrawn[partner] = balance[account.Cash].Sign() < 0
			for kind := range balance {
				if err := a.balances[partner][kind].Add(balance[kind]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for r, n := a.entries.Read(), int64(0); ; n++ {
		key, value, ok, err := r.Next()
		if err != nil {
			return fmt.Errorf("replay partners' accounts: %w", err)
		}
		if !ok {
			break
		}
		if of := rows.KeyInt(key); of != group {
			if err := end(); err != nil {
				return err
			}
			book, group = account.NewReplay(a.round.stage.Books.Zone), of
		}
		if err := a.decide(book, key, value, n); err != nil {
			return fmt.Errorf("replay partners' accounts: %w", err)
		}
	}
	if err := end(); err != nil {
		return err
	}
	account.SortWithdrawals(a.done)
	for partner, is := range overdrawn {
		if is {
			a.round.out.Overdrawn = append(a.round.out.Overdrawn, a.round.stage.Books.Partners[partner].ID)
		}
	}
	return nil
}

// decide decides the n-th entry.
func (a *accountReplay) decide(book *account.Replay, key, value []byte, n int64) error {
	var e *account.Entry
	ledger, held := int64(-1), -1
	if value[0] == heldEntry {
		i, _ := binary.Uvarint(value[1:])
		held, e = int(i), &a.held[i]
	} else {
		var err error
		if ledger, e, err = a.unpackEntry(key, value); err != nil {
			return err
		}
	}
	v, postings, err := book.Next(e)
	if err != nil {
		return err
	}
	switch {
	case held >= 0 && held < len(a.withdrawals):
		a.withdrawals[held].Verdict = v
	case ledger >= 0 && !v.Accepted():
		a.round.refused[ledger] = v
	}
	for i := range postings {
		p := &postings[i]
		a.key = rows.AppendKeyInt(rows.AppendKeyInt(a.key[:0], int64(p.Partner)), n)
		a.value = packPosting(a.value[:0], e, p)
		if err := a.postings.Add(a.key, a.value); err != nil {
			return err
		}
	}
	return nil
}

// decideLedger writes the events of the ledger with their verdicts, and reports the outcome of the run's rows.
func (r *round) decideLedger(write func(*accept.MoneyEvent) error) error {
	at := int64(-1)
	return r.stage.Events.Ledger.Each(func(e *accept.MoneyEvent) error {
		at++
		refused, is := r.refused[at]
		switch {
		case is:
			e.Verdict = refused
		case !r.stage.stamp(e).Final:
			e.Verdict = account.Verdict{}
		}
		switch {
		case e.File >= 0:
			r.stage.Decided(e.Refusal())
		case e.Past != e.Verdict:
			r.turned = append(r.turned, turnOf(e))
		}
		return write(e)
	}, r.stage.Decided)
}

// putAccounts stores the postings of partners' balances, by partner and in the order of the replay.
func (a *accountReplay) putAccounts() error {
	moved := make([]balanceTotals, len(a.round.stage.Books.Partners))
	sums := a.round.stage.newTally(account.Cash.String(), account.Rebate.String(), account.Credit.String(),
		account.Frozen.String())
	return putFrom(a.round.stage, tables.PartnerAccounts(), sums,
		func(w *rows.Writer[tables.PartnerAccount]) error {
			for r := a.postings.Read(); ; {
				key, value, ok, err := r.Next()
				if err != nil {
					return err
				}
				if !ok {
					return a.agree(moved)
				}
				partner := rows.KeyInt(key)
				balance, amount, err := addPosting(w.Cols, a.round.stage.Books.Partners[partner].ID, value)
				if err == nil {
					err = errors.Join(moved[partner][balance].Add(amount), sums.add(balance.String(), amount))
				}
				if err != nil {
					return err
				}
				w.Cols.N++
				if err := w.Added(); err != nil {
					return err
				}
			}
		})
}

// The first byte of a packed entry.
const (
	ledgerEntry = iota
	heldEntry
)

// packEntry appends the data of a ledger event's entry that the key lacks, and the index of the event.
func packEntry(b []byte, at int64, e *account.Entry) []byte {
	final := byte(0)
	if e.Final {
		final = 1
	}
	hi, lo := e.Amount.Raw()
	b = append(b, ledgerEntry, byte(e.Type), final)
	for _, n := range [...]int64{at, int64(e.Partner), int64(e.To), hi, int64(lo), int64(e.Cycle)} {
		b = binary.AppendVarint(b, n)
	}
	return append(appendText(b, e.ID), e.Channel...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// varints reads numbers and returns the bytes after them.
func varints(to []int64, b []byte) []byte {
	for i := range to {
		n, size := binary.Varint(b)
		to[i], b = n, b[size:]
	}
	return b
}

// unpackEntry returns the entry of a ledger event, and the event's index.
func (a *accountReplay) unpackEntry(key, value []byte) (at int64, e *account.Entry, err error) {
	e = &account.Entry{Type: account.Type(value[1])}
	e.Instant, e.Time = period.Instant(rows.KeyInt(key[8:])), period.Instant(rows.KeyInt(key[16:]))
	e.Final = value[2] == 1
	value = value[3:]
	var n [6]int64
	value = varints(n[:], value)
	if e.Amount, err = money.AmountFromRaw(n[3], uint64(n[4])); err != nil {
		return 0, nil, err
	}
	e.Partner, e.To = int32(n[1]), int32(n[2])
	if e.To >= 0 {
		e.Other, e.From = a.round.stage.Books.Partners[e.To].ID, a.round.stage.Books.Partners[e.Partner].ID
	}
	if e.Type == account.StatementPayment {
		e.Cycle = period.Cycle(n[5])
		e.Unpaid = a.unpaid(e.Partner, e.Cycle)
	}
	size, m := binary.Uvarint(value)
	text := string(value[m:])
	e.ID, e.Channel = text[:size], text[size:]
	return n[0], e, nil
}

// packPosting appends a posting of an entry without its partner.
func packPosting(b []byte, e *account.Entry, p *account.Posting) []byte {
	b = append(b, byte(e.Type), byte(p.Balance))
	hi, lo := p.Amount.Raw()
	afterHi, afterLo := p.After.Raw()
	for _, n := range [...]int64{int64(e.Instant), hi, int64(lo), afterHi, int64(afterLo)} {
		b = binary.AppendVarint(b, n)
	}
	return append(appendText(b, e.ID), p.Other...)
}

// agree checks that the postings of each partner's balances add up to the balances after its last entry (§6.6).
func (a *accountReplay) agree(moved []balanceTotals) error {
	for partner := range moved {
		for kind := range moved[partner] {
			of, after := moved[partner][kind], a.balances[partner][kind]
			if of.Cmp(after) != 0 {
				return fmt.Errorf("control total partner_accounts.%s of partner %s differs: the entries add up to %s, "+
					"the balance is %s", account.Balance(kind), a.round.stage.Books.Partners[partner].ID, of, after)
			}
		}
	}
	return nil
}

// addPosting appends a packed posting of a partner to the columns of partner_accounts. It returns balance and amount.
func addPosting(c *parquet.Columns[tables.PartnerAccount], partner string, b []byte) (account.Balance, money.Amount,
	error) {
	kind, balance := account.Type(b[0]), account.Balance(b[1])
	b = b[2:]
	var n [5]int64
	b = varints(n[:], b)
	size, m := binary.Uvarint(b)
	b = b[m:]
	c.Word(tables.PartnerAccountPartnerID).Add(partner)
	c.Time(tables.PartnerAccountTime).Add(period.Instant(n[0]))
	c.Text(tables.PartnerAccountEntryID).AddBytes(b[:size])
	c.Word(tables.PartnerAccountType).Add(kind.String())
	c.Word(tables.PartnerAccountCounterpartyID).Add(string(b[size:]))
	c.Word(tables.PartnerAccountBalanceType).Add(balance.String())
	c.Amount(tables.PartnerAccountAmount).Add(n[1], uint64(n[2]))
	c.Amount(tables.PartnerAccountBalanceAfter).Add(n[3], uint64(n[4]))
	amount, err := money.AmountFromRaw(n[1], uint64(n[2]))
	return balance, amount, err
}

// groups is a partition of the partners into sets.
type groups []int32 // by partner: a partner of its set, or itself if it represents the set

func newGroups(partners int) groups {
	g := make(groups, partners)
	for i := range g {
		g[i] = int32(i)
	}
	return g
}

// of returns the partner that represents a partner's set.
func (g groups) of(partner int32) int32 {
	for g[partner] != partner {
		g[partner] = g[g[partner]]
		partner = g[partner]
	}
	return partner
}

// join merges the sets of two partners.
func (g groups) join(a, b int32) {
	a, b = g.of(a), g.of(b)
	g[max(a, b)] = min(a, b)
}

type receivableKey struct {
	partner int32
	cycle   period.Cycle
}

// receivables returns what partners owe for closed cycles, before any payment.
func (r *round) receivables() (map[receivableKey]*account.Receivable, error) {
	all := map[receivableKey]*account.Receivable{}
	for i := range r.facts {
		f := &r.facts[i]
		if f.kind != factOwed && f.kind != factCollected {
			continue
		}
		key := receivableKey{r.stage.Books.Partner(f.partner), f.cycle}
		if key.partner < 0 {
			return nil, &accept.GoneBookError{Book: "partners.csv", What: "partner", ID: f.partner}
		}
		one := all[key]
		if one == nil {
			one = &account.Receivable{Partner: key.partner, Cycle: key.cycle,
				SetOff: r.stage.Settings.Receivables.SetOff}
			all[key] = one
		}
		to := &one.Amount
		if f.kind == factCollected {
			to = &one.Collected
		}
		var err error
		if *to, err = to.Add(f.amount); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// accountEntry converts an event of partner_accounts for package account.
func (a *accountReplay) accountEntry(e *accept.MoneyEvent) (it account.Entry, ok bool) {
	it = account.Entry{
		Stamp:   a.round.stage.stamp(e),
		ID:      e.ID,
		Partner: a.round.stage.Books.Partner(e.Partner),
		To:      -1,
		Amount:  e.Amount,
		Channel: e.Detail,
	}
	it.Type, ok = account.ParseType(e.Type)
	switch it.Type {
	case account.Allocate, account.Reclaim:
		it.To, it.Other, it.From = a.round.stage.Books.Partner(e.Other), e.Other, e.Partner
		ok = ok && it.To >= 0
	case account.StatementPayment:
		var err error
		if it.Cycle, err = period.ParseCycle(e.Scope); err != nil {
			return it, false
		}
		it.Unpaid = a.unpaid(it.Partner, it.Cycle)
	}
	return it, ok && it.Partner >= 0
}

// unpaid returns what a partner owes for a cycle; nil if the cycle is not closed.
func (a *accountReplay) unpaid(partner int32, c period.Cycle) *account.Receivable {
	if a.round.stage.Closed == lake.NoCycle || c > a.round.stage.Closed {
		return nil
	}
	key := receivableKey{partner, c}
	if a.receivables[key] == nil {
		a.receivables[key] = &account.Receivable{Partner: partner, Cycle: c,
			SetOff: a.round.stage.Settings.Receivables.SetOff}
	}
	return a.receivables[key]
}

// withdrawalEntry converts an event of withdrawals for package account.
func (r *round) withdrawalEntry(e *accept.MoneyEvent) (it account.Entry, ok bool) {
	it = account.Entry{
		Stamp:      r.stage.stamp(e),
		ID:         e.ID,
		Partner:    r.stage.Books.Partner(e.Partner),
		To:         -1,
		Amount:     e.Amount,
		Withdrawal: e.Subject,
		Rebate:     e.Detail == "rebate",
	}
	it.Type, ok = account.ParseWithdrawal(e.Type)
	if it.Partner < 0 {
		return it, false
	}
	entity := "default"
	if row, there := r.stage.Books.PartnerRowAt(it.Partner, e.Time); there && row.SigningEntity != "" {
		entity = row.SigningEntity
	}
	it.Windows = r.stage.Settings.Withdrawal.OriginalRoute.Of(entity)
	return it, ok
}

// factEntries returns the entries that other facts cause: customers' allocations, order lines, and payments of
// incentives and funds. Those of closed cycles do not depend on the settings (PARTNER-11).
func (r *round) factEntries() ([]account.Entry, error) {
	var list []account.Entry
	for i := range r.facts {
		f := &r.facts[i]
		kind, is := entryTypes[f.kind]
		if !is {
			continue
		}
		it := account.Entry{
			Stamp:   account.Stamp{Time: f.time, Instant: f.instant},
			ID:      f.id,
			Type:    kind,
			Fact:    true,
			Place:   f.place,
			Partner: r.stage.Books.Partner(f.partner),
			To:      -1,
			Other:   f.other,
			Amount:  f.amount,
		}
		if it.Partner < 0 {
			return nil, &accept.GoneBookError{Book: "partners.csv", What: "partner", ID: f.partner}
		}
		list = append(list, it)
	}
	for i := range r.payments {
		p := &r.payments[i]
		if !r.stage.paysIn() || r.isClosed(p.Instant) { // those of closed cycles are facts
			continue
		}
		list = append(
			list,
			account.Entry{
				Stamp:   account.Stamp{Time: p.Time, Instant: p.Instant},
				ID:      p.EventID,
				Type:    account.Fund,
				Fact:    true,
				Partner: p.Partner,
				To:      -1,
				Amount:  p.Amount,
			},
		)
	}
	paid, err := r.incentivesPaid()
	return append(list, paid...), err
}
