package focus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/focus/rules"
)

// Supports are the applicability criteria of FOCUS that hold for tollbook's data sets. The others do not: it knows no availability zones
// and no capacity reservations, prices in the currency that it bills in, and has one kind of sub account.
func Supports() []string {
	return []string{"ACCOUNT_NAMING_SUPPORTED", "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED", "COMMITMENT_DISCOUNT_SUPPORTED",
		"MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED", "MULTIPLE_PRICING_CATEGORIES_SUPPORTED", "NEGOTIATED_PRICING_SUPPORTED",
		"PUBLIC_PRICE_LIST_SUPPORTED", "REGION_SUPPORTED", "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED", "SUB_ACCOUNT_SUPPORTED", "TAGGING_SUPPORTED",
		"UNIT_PRICING_SUPPORTED", "USAGE_MEASUREMENT_SUPPORTED"}
}

// Checked is what a check of a written data set found.
type Checked struct {
	Issuer   string `json:"issuer"`
	File     string `json:"file"`
	Billed   string `json:"billed_cost"`          // the sum of BilledCost as the file has it
	Expected string `json:"statements,omitempty"` // what the statements of the cycle say it is; empty for one account alone
	*rules.Report
}

// Good reports whether every rule that was run holds, and the sums agree.
func (c *Checked) Good() bool {
	return c.Count(rules.Failed) == 0 && (c.Expected == "" || c.Expected == c.Billed)
}

// Check reads a data set that was written back and checks it: rule by rule, and, where it has all accounts, its sum against the statements.
func (s *Source) Check(ctx context.Context, r Request, name string) (c *Checked, err error) {
	d, err := rules.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	sum, err := newSummed(d, "BilledCost")
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", name, err)
	}
	c = &Checked{Issuer: r.Issuer, File: name}
	if c.Report, err = rules.Validate(ctx, sum, Supports()); err != nil {
		return nil, fmt.Errorf("check %s: %w", name, err)
	}
	if !sum.total.IsInt() {
		return nil, fmt.Errorf("check %s: BilledCost has more than %d decimals", name, costScale)
	}
	total, err := fromBig(sum.total.Num())
	if err != nil {
		return nil, fmt.Errorf("check %s: the sum of BilledCost: %w", name, err)
	}
	c.Billed = string(appendDec(nil, total, costScale))
	if r.Account == "" {
		c.Expected, err = s.Expected(ctx, r.Cycle, r.Issuer)
	}
	return c, err
}

// summed adds a column up while it is read.
type summed struct {
	rules.Data
	at    int
	unit  *big.Rat
	total big.Rat // in units of costScale
}

func newSummed(d rules.Data, column string) (*summed, error) {
	names, _ := d.Columns()
	at := slices.Index(names, column)
	if at < 0 {
		return nil, fmt.Errorf("no column %s", column)
	}
	return &summed{Data: d, at: at, unit: new(big.Rat).SetInt(power(costScale))}, nil
}

// Next passes a row on. What is no number, a rule finds.
func (s *summed) Next() ([]rules.Cell, error) {
	row, err := s.Data.Next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, err
	}
	if v, ok := new(big.Rat).SetString(row[s.at].Text); ok && !row[s.at].Null {
		s.total.Add(&s.total, v.Mul(v, s.unit))
	}
	return row, nil
}
