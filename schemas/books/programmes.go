package books

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// IncentiveTier is one step of an incentive programme: performance from From on earns Rate.
type IncentiveTier struct {
	From money.Amount
	Rate money.Rate
}

// Programme is one incentive programme of incentives.yaml (§6.5).
type Programme struct {
	ID                string
	Valid             period.Span
	Partners          []int32           // nil = all
	AssociationTypes  []AssociationType // never empty
	ProductClasses    []Class           // never empty
	Quarterly         bool              // period
	Tiers             []IncentiveTier
	Graduated         bool // tier_rule
	BonusRate         money.Rate
	BonusMonths       int // 0 = no bonus
	Cap               money.Amount
	HasCap            bool
	CarryNegative     bool
	ConfirmWithinDays int // working days; −1 = no limit
	PayoutQuarterly   bool
	LapseAfterDays    int // days after leaving; −1 = never
	RollUp            bool
}
