package document

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Earned is an incentive with its partner and its next step.
type Earned struct {
	Partner PageParty
	Incentive
	Currency string // of the amounts; "" = the workspace's only one
	period   settlement.Period
}

// Entry is the machine-readable form of an incentive: the columns of table incentives, and its next step. Amounts have
// all digits of their scale.
type Entry struct {
	PartnerID   string `json:"partner_id"`
	Name        string `json:"name,omitempty"`
	ProgrammeID string `json:"programme_id"`
	Period      string `json:"period"`
	Performance string `json:"performance_amount"`
	Transferred string `json:"transferred_amount"`
	CarriedIn   string `json:"carried_in"`
	Tier        string `json:"tier_amount"`
	Bonus       string `json:"bonus_amount"`
	Amount      string `json:"incentive_amount"`
	CarriedOut  string `json:"carried_out"`
	State       string `json:"state"`
	Deadline    string `json:"deadline,omitempty"` // the first instant at which the state changes by itself
	Next        string `json:"next,omitempty"`     // the state that follows, or what has to happen
	Currency    string `json:"currency,omitempty"` // empty if customers and partners have only one
}

// Entry returns the machine-readable form of the incentive.
func (e *Earned) Entry() Entry {
	i := &e.Incentive
	out := Entry{PartnerID: e.Partner.ID, Name: e.Partner.Name, ProgrammeID: i.ProgrammeID, Period: i.Period,
		Performance: i.Performance.String(), Transferred: i.Transferred.String(), CarriedIn: i.CarriedIn.String(),
		Tier: i.Tier.String(), Bonus: i.Bonus.String(), Amount: i.Amount.String(), CarriedOut: i.CarriedOut.String(),
		State: i.State, Next: i.Next, Currency: e.Currency}
	if i.Deadline != 0 {
		out.Deadline = i.Deadline.String()
	}
	return out
}

// Choice selects incentives; the zero value selects all.
type Choice struct {
	Period    string // exactly this period, such as 2026-09 or 2026-Q3; "" = any
	Partner   string
	Programme string
}

// Incentives returns the stored incentives that match a choice, in the order of table incentives: by partner, programme
// and period. States are those of the last run that wrote. Errors: *rows.NotFoundError for a partner that the books do
// not have; *books.MissingError.
func Incentives(s *Sources, c Choice) ([]Earned, error) {
	if c.Partner != "" {
		if _, err := s.parties().partnerCode(c.Partner); err != nil {
			return nil, err
		}
	}
	list, err := s.Reader().Incentives()
	if err != nil {
		return nil, err
	}
	var out []Earned
	for i := range list {
		one := &list[i]
		partner, programme := s.Books.Partners[one.Partner].ID, s.Books.Programmes[one.Programme].ID
		if c.Period != "" && c.Period != one.Period.String() || c.Partner != "" && c.Partner != partner ||
			c.Programme != "" && c.Programme != programme {
			continue
		}
		earned := Earned{Partner: s.parties().partner(partner, one.Period.Last()), Incentive: s.incentive(one),
			period: one.Period}
		if s.Books.Mixed {
			earned.Currency = s.Books.PartnerCurrency(one.Partner).Code
		}
		out = append(out, earned)
	}
	return out, nil
}

// incentive converts an incentive to what documents show. The caller decides whether it counts.
func (s *Sources) incentive(i *settlement.Incentive) Incentive {
	out := Incentive{ProgrammeID: s.Books.Programmes[i.Programme].ID, Period: i.Period.String(),
		Performance: i.Performance, Transferred: i.Transferred, CarriedIn: i.CarriedIn, Tier: i.Tier, Bonus: i.Bonus,
		Amount: i.Amount, CarriedOut: i.CarriedOut, State: i.State.String()}
	out.Deadline, out.Next = next(s.Partners.Machine(i.Programme, i.Partner, i.Period), i.State)
	return out
}

// next returns when an incentive changes by itself (0 = never), and what happens then or has to happen before (§6.5). m
// is its machine before any event.
func next(m settlement.Machine, state settlement.State) (period.Instant, string) {
	step := query.NextStepOf(m, state)
	if step.At == period.Forever {
		step.At = 0
	}
	return step.At, step.Then
}

// ofStatement returns the incentives that a partner's statement of a cycle shows: those whose period includes the
// cycle, and those of earlier periods that are neither paid nor void. Incentives whose period ends with the cycle
// count, except void ones (S7 of package settlement: a void incentive lowers no net).
func (s *Sources) ofStatement(list []settlement.Incentive, partner int32, cycle period.Cycle) []Incentive {
	var out []Incentive
	for i := range list {
		one := &list[i]
		over := one.Period.Last() < cycle && slices.Contains([]settlement.State{settlement.Paid, settlement.Void},
			one.State)
		if one.Partner != partner || one.Period.First > cycle || over {
			continue
		}
		shown := s.incentive(one)
		shown.Counts = one.Period.Last() == cycle && one.State != settlement.Void
		out = append(out, shown)
	}
	return out
}
