package explain

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/rating/tariff"
)

func TestChargeSteps(t *testing.T) {
	t.Parallel()
	steps := []tariff.DerivationStep{
		{Kind: tariff.StepPrice, SKU: "cdn", List: "l", Region: "*"}, {Kind: tariff.StepTier, Tier: 1},
		{Kind: tariff.StepAmounts},
		{Kind: tariff.StepTier, Tier: 2}, {Kind: tariff.StepAmounts},
		{Kind: tariff.StepPassed, SKU: "api", List: "x", Region: "*"},
		{Kind: tariff.StepPrice, SKU: "api", List: "l",
			Region: "*"}, {Kind: tariff.StepAmounts},
	}
	// a meter that had a price, but no charge
	steps = append(steps, tariff.DerivationStep{Kind: tariff.StepPrice, SKU: "none", List: "l", Region: "*"},
		tariff.DerivationStep{Kind: tariff.StepPassed, SKU: "last", List: "x", Region: "*"},
		tariff.DerivationStep{Kind: tariff.StepPrice, SKU: "last", List: "l", Region: "*"},
		tariff.DerivationStep{Kind: tariff.StepAmounts})
	got := chargeSteps(steps, 4)
	var lengths []int
	for _, part := range got {
		lengths = append(lengths, len(part))
	}
	if !slices.Equal(lengths, []int{3, 3, 3, 3}) || got[1][0] != steps[0].String() || got[2][0] != steps[5].String() ||
		got[3][0] != steps[9].String() {
		t.Errorf("parts of %v steps: %v", lengths, got)
	}
}

// TestChargeStepsOfLevels checks that the mean level 0 of a meter, which has no charge, is not in the steps of the next
// meter, whether or not that has a price of its own.
func TestChargeStepsOfLevels(t *testing.T) {
	t.Parallel()
	price := func(sku string) tariff.DerivationStep {
		return tariff.DerivationStep{Kind: tariff.StepPrice, SKU: sku, List: "l", Region: "*"}
	}
	mean := func(sku, scope string) tariff.DerivationStep {
		return tariff.DerivationStep{Kind: tariff.StepMean, SKU: sku, Scope: scope}
	}
	amounts, zero := tariff.DerivationStep{Kind: tariff.StepAmounts}, tariff.DerivationStep{Kind: tariff.StepZero,
		SKU: "d"}
	steps := []tariff.DerivationStep{mean("a", "none"), mean("a", "one"), price("a"), amounts, mean("a", "none"),
		mean("b", "none"), price("c"), amounts, mean("b", "none"), zero, price("d"), amounts}
	want := [][]string{
		{price("a").String(), mean("a", "one").String(), amounts.String()},
		{price("c").String(), amounts.String()},
		{price("d").String(), zero.String(), amounts.String()},
	}
	if got := chargeSteps(steps, 3); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("steps %q, want %q", got, want)
	}
}
