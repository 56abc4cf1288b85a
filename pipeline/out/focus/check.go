package focus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
)

// Supports returns the applicability criteria of FOCUS that tollbook's data sets meet. They do not meet the others:
// tollbook knows no availability zones and no capacity reservations, prices in the currency in which it bills, and has
// one kind of sub account.
func Supports() []string {
	return []string{"ACCOUNT_NAMING_SUPPORTED", "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
		"COMMITMENT_DISCOUNT_SUPPORTED",
		"MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED", "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
		"NEGOTIATED_PRICING_SUPPORTED",
		"PUBLIC_PRICE_LIST_SUPPORTED", "REGION_SUPPORTED", "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
		"SUB_ACCOUNT_SUPPORTED", "TAGGING_SUPPORTED",
		"UNIT_PRICING_SUPPORTED", "USAGE_MEASUREMENT_SUPPORTED"}
}

// SupportsOf returns the criteria that a cycle's data sets meet: a line priced on a cost has no unit price.
func SupportsOf(s *Source, cycle lake.Cycle) ([]string, error) {
	list := Supports()
	costs, err := s.HasCosts(cycle)
	if costs {
		list = slices.DeleteFunc(list, func(c string) bool {
			return c == "NEGOTIATED_PRICING_SUPPORTED" || c == "PUBLIC_PRICE_LIST_SUPPORTED"
		})
	}
	if mixed, mixedErr := s.HasCurrencies(cycle); mixed || mixedErr != nil {
		list, err = append(list, "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED"), errors.Join(err, mixedErr)
	}
	return list, err
}

// Checked is what a check of a written data set found.
type Checked struct {
	Issuer string `json:"issuer"`
	File   string `json:"file"`
	Summed
	Differ []AuditAccount `json:"accounts,omitempty"` // accounts for which the file and the statements differ
	*RuleReport
}

// Summed is the sum of BilledCost in a data set and in the statements; for several currencies, one sum for each.
type Summed struct {
	Billed     string        `json:"billed_cost,omitempty"` // sum in the file
	Expected   string        `json:"statements,omitempty"`  // sum in the statements of the cycle
	Currencies []CurrencySum `json:"currencies,omitempty"`
}

// CurrencySum is the sum of BilledCost in one currency.
type CurrencySum struct {
	Currency string `json:"currency"`
	Billed   string `json:"billed_cost"`
	Expected string `json:"statements"`
}

// AuditAccount is a billed account in a data set and in the statements.
type AuditAccount struct {
	ID       string `json:"account"`
	Currency string `json:"currency,omitempty"` // of a cycle with several
	Billed   string `json:"billed_cost"`
	Expected string `json:"statements"`
	Lines    int64  `json:"lines"`           // rows that are a line
	Stated   int64  `json:"statement_lines"` // number of lines in the statements
}

// Good reports whether no rule failed, and what the file bills each account agrees with the statements.
func (c *Checked) Good() bool { return c.Count(Failed) == 0 && len(c.Differ) == 0 }

// CheckExport reads a written data set and checks it by all rules, and the sum and the lines of each account against
// the statements. Errors: *RuleFileError, those of Source.Owed.
func CheckExport(ctx context.Context, s *Source, r Request, name string) (c *Checked, err error) {
	d, err := OpenData(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	sums, err := newSummed(d)
	if err != nil {
		return nil, &RuleFileError{Name: name, Err: err}
	}
	supports, err := SupportsOf(s, r.Cycle)
	if err != nil {
		return nil, err
	}
	c = &Checked{Issuer: r.Issuer, File: name}
	if c.RuleReport, err = Validate(ctx, sums, supports); err != nil {
		return nil, fmt.Errorf("check %s: %w", name, err)
	}
	return c, c.with(ctx, s, r, sums)
}

// CompareExport reads a data set and only compares it with the statements, without the rules.
func CompareExport(ctx context.Context, s *Source, r Request, name string) (c *Checked, err error) {
	d, err := OpenData(name, "NULL")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	sums, err := newSummed(d)
	if err != nil {
		return nil, &RuleFileError{Name: name, Err: err}
	}
	for err == nil {
		if _, err = sums.Next(); err == nil {
			err = ctx.Err()
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	c = &Checked{Issuer: r.Issuer, File: name}
	return c, c.with(ctx, s, r, sums)
}

// with compares the sums that were read with the statements.
func (c *Checked) with(ctx context.Context, s *Source, r Request, sums *summed) error {
	owed, err := s.Owed(ctx, r.Cycle, r.Issuer)
	if err != nil {
		return err
	}
	if r.Account != "" {
		maps.DeleteFunc(owed, func(id AccountKey, _ *AccountSum) bool { return id.ID != r.Account })
	}
	mixed, err := s.HasCurrencies(r.Cycle)
	if err != nil {
		return err
	}
	return c.compare(sums, owed, mixed)
}

// byAccount returns what the file bills each account. Without several currencies, the file's currency is ignored.
func (s *summed) byAccount(mixed bool) map[AccountKey]*fileSum {
	if mixed {
		return s.accounts
	}
	out := map[AccountKey]*fileSum{}
	for key, sum := range s.accounts {
		key.Currency = ""
		if one := out[key]; one != nil {
			sum.billed.Add(&sum.billed, &one.billed)
			sum.lines += one.lines
		}
		out[key] = sum
	}
	return out
}

// compare adds the accounts that differ, and the sums per currency.
func (c *Checked) compare(sums *summed, owed map[AccountKey]*AccountSum, mixed bool) error {
	accounts := sums.byAccount(mixed)
	type total struct {
		billed   big.Rat
		expected big.Int
	}
	totals, unit := map[string]*total{}, new(big.Int).Exp(big.NewInt(10), big.NewInt(money.AmountScale), nil)
	ids := slices.AppendSeq(slices.Collect(maps.Keys(owed)), maps.Keys(accounts))
	slices.SortFunc(ids, func(a, b AccountKey) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Currency, b.Currency))
	})
	for _, id := range slices.Compact(ids) {
		file, stated := accounts[id], owed[id]
		if file == nil {
			if stated.Billed.Sign() == 0 && stated.Lines == 0 { // a reseller bills all of it
				continue
			}
			file = &fileSum{}
		}
		if stated == nil {
			stated = &AccountSum{Billed: new(big.Int)}
		}
		sum := totals[id.Currency]
		if sum == nil {
			sum = &total{}
			totals[id.Currency] = sum
		}
		sum.billed.Add(&sum.billed, &file.billed)
		sum.expected.Add(&sum.expected, stated.Billed)
		want := new(big.Rat).SetFrac(stated.Billed, unit)
		if file.billed.Cmp(want) == 0 && (!sums.hasKinds || file.lines == stated.Lines) {
			continue
		}
		text, err := AmountText(stated.Billed)
		if err != nil {
			return err
		}
		c.Differ = append(c.Differ, AuditAccount{id.ID, id.Currency, exactly(&file.billed), text, file.lines,
			stated.Lines})
	}
	if !mixed && len(totals) == 0 {
		totals[""] = &total{}
	}
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		expected, err := AmountText(&totals[currency].expected)
		if err != nil {
			return err
		}
		one := CurrencySum{currency, exactly(&totals[currency].billed), expected}
		if !mixed {
			c.Billed, c.Expected = one.Billed, one.Expected
			continue
		}
		c.Currencies = append(c.Currencies, one)
	}
	return nil
}

// exactly formats a sum of decimals with all of its decimals.
func exactly(v *big.Rat) string {
	digits, _ := v.FloatPrec()
	return v.FloatString(digits)
}

// fileSum is what a data set bills an account.
type fileSum struct {
	billed big.Rat
	lines  int64
}

// summed adds up what a data set bills each account while it is read.
type summed struct {
	RuleData
	cost, account, kind int
	currency            int
	hasKinds            bool // the column x_LineKind exists, so rows that are lines can be counted
	accounts            map[AccountKey]*fileSum
}

func newSummed(d RuleData) (*summed, error) {
	names, _ := d.Columns()
	s := &summed{RuleData: d, kind: slices.Index(names, "x_LineKind"), accounts: map[AccountKey]*fileSum{},
		currency: slices.Index(names, "BillingCurrency")}
	s.hasKinds = s.kind >= 0
	for column, at := range map[string]*int{"BilledCost": &s.cost, "BillingAccountId": &s.account} {
		if *at = slices.Index(names, column); *at < 0 {
			return nil, fmt.Errorf("no column %s, which the statements are compared with", column)
		}
	}
	return s, nil
}

// Next returns the next row and adds it up. It ignores a cost that is not a number: the rules report it.
func (s *summed) Next() ([]RuleCell, error) {
	row, err := s.RuleData.Next()
	if err != nil {
		return nil, err
	}
	key := AccountKey{ID: row[s.account].Text}
	if s.currency >= 0 {
		key.Currency = row[s.currency].Text
	}
	sum := s.accounts[key]
	if sum == nil {
		sum = &fileSum{}
		s.accounts[AccountKey{ID: strings.Clone(key.ID), Currency: strings.Clone(key.Currency)}] = sum
	}
	if v, ok := ParseNumber(row[s.cost].Text); ok && !row[s.cost].Null {
		sum.billed.Add(&sum.billed, v.Rat())
	}
	if s.hasKinds && IsLine(row[s.kind].Text) {
		sum.lines++
	}
	return row, nil
}
