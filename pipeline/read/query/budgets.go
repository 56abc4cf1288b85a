package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// BudgetsQuestion is the name of the question whose rows can cause alerts.
const BudgetsQuestion = "budgets"

// Keys of budgets.
const (
	budgetCycle = iota
	budgetCustomer
	budgetPartner
	budgetShare
	budgetForecastShare
	budgetNext
	budgetCrossed
	budgetKeys
)

// budgets asks how much of their budgets customers have used.
func budgets() *Question {
	def := &tables.Table{Name: BudgetsQuestion, Columns: []tables.Column{
		wordColumn("cycle", "the month"),
		wordColumn("customer_id", "whose budget it is"),
		wordColumn("partner_id", "the customer's partner at the last run, or at the end of the cycle if that was "+
			"before; empty without one"),
		wordColumn("share_percent", "billed_amount × 100 / budget_amount, rounded down to 2 decimals"),
		wordColumn("forecast_percent", "forecast_amount × 100 / budget_amount, rounded down to 2 decimals"),
		wordColumn("next_threshold", "the lowest percent of thresholds that was not reached; empty if all were"),
		wordColumn("crossed", "the percents of thresholds that were reached, each with the first day at whose "+
			"end they were: percent:day;…"),
		amountColumn("budget_amount", "amount of the row of budgets.csv that is in force in the cycle"),
		amountColumn("billed_amount", "sum of payment_amount of the customer's lines of the cycle"),
		amountColumn("forecast_amount", "billed_amount at the end of the cycle at the run-rate so far"),
	}}
	return &Question{
		Name: BudgetsQuestion, Span: OfOne,
		Answers: "how far customers have used their budgets, and what they will have used at the month's end",
		Reads: "It compares `lines` with `books/budgets.csv`. [The guide](guides/watch-budgets.md) says how the " +
			"forecast is calculated. `--format alerts` prints one JSON object for each threshold that was reached.",
		Keys: def.Columns[:budgetKeys], Sums: def.Columns[budgetKeys:],
		Lake: Shape{Table: def, Ask: listBudgets},
	}
}

// listBudgets compares the lines of a cycle with the budgets in force in it.
func listBudgets(ctx context.Context, r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	cycle, ok := r.Cycle.Period()
	if !ok {
		return nil // a lake without a cycle
	}
	b := from.Books
	start := b.Zone.Start(cycle.First())
	list := map[string]*books.Budget{}
	for i := range b.Budgets {
		id := b.Customers[b.Budgets[i].Customer].ID
		if b.Budgets[i].Valid.Holds(start) && (len(r.Only.Customers) == 0 || slices.Contains(r.Only.Customers, id)) {
			list[id] = &b.Budgets[i]
		}
	}
	if len(list) == 0 {
		return nil
	}
	rows, err := spent(list).Gather(ctx, Request{Cycle: r.Cycle, Progress: r.Progress}, from, nil)
	if err != nil {
		return err
	}
	days := map[string][]AnswerRow{}
	for _, row := range rows {
		days[row.Keys[spentCustomer]] = append(days[row.Keys[spentCustomer]], row)
	}
	t, err := lastIntake(from.Snap)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(list)) {
		budget := list[id]
		m := month{cycle: cycle, complete: completeDays(cycle, b.Zone, t),
			digits: b.CustomerCurrency(budget.Customer).Digits, budget: budget}
		partner, _ := b.PartnerAt(budget.Customer, min(t, b.Zone.Bounds(cycle).To-1))
		if err := m.row(id, partner, days[id], to); err != nil {
			return fmt.Errorf("budget of customer %s: %w", id, err)
		}
	}
	return nil
}

// lastIntake returns the as-of of the newest run that read feeds. If there is none, as in an archive, it returns that
// of the state.
func lastIntake(snap *lake.Snapshot) (period.Instant, error) {
	took := func(m *lake.Manifest) bool {
		command, _, _ := strings.Cut(m.Command, " --")
		return slices.Contains([]string{"ingest", "run nightly", "run monthly", "close"}, command)
	}
	last := snap.Manifest
	if !took(&last) {
		history, err := snap.History()
		if err != nil {
			return 0, err
		}
		if i := slices.IndexFunc(history, func(m lake.Manifest) bool { return took(&m) }); i >= 0 {
			last = history[i]
		}
	}
	if last.AsOf == "" {
		return period.Past, nil
	}
	return period.ParseInstant(last.AsOf)
}

// completeDays returns the number of days of a cycle that were over at an instant.
func completeDays(cycle period.Cycle, zone *period.Zone, t period.Instant) int {
	if t < zone.Start(cycle.First()) {
		return 0
	}
	return min(cycle.Days(), int(zone.Day(t)-cycle.First()))
}

// Keys of spent.
const (
	spentCustomer = iota
	spentDay
	spentKind
	spentAmount
)

// spentTable lists what customers were billed by day; kind is usage for lines from which the run-rate is calculated.
func spentTable() *tables.Table {
	line := tables.Lines().Columns
	return &tables.Table{Name: "spent", Columns: []tables.Column{line[tables.LineCustomerID], line[tables.LineDay],
		line[tables.LineKind], line[tables.LinePaymentAmount]}}
}

// spent asks for what the customers with a budget were billed, by day.
func spent(list map[string]*books.Budget) *Question {
	t := spentTable()
	return &Question{
		Name: "spent", Keys: t.Columns[:spentAmount], Sums: t.Columns[spentAmount:],
		Lake: Shape{Table: tables.Lines().Table, Reads: tables.Columns(tables.LineCustomerID, tables.LineDay,
			tables.LineKind,
			tables.LinePaymentAmount, tables.LineTradeTime, tables.LineUsageStart, tables.LineInstant).Any(), Made: t,
			Make: func(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
				return spend(w, list, from, to)
			}},
	}
}

// spend takes the lines of the customers with a budget.
func spend(w *QuestionReading, list map[string]*books.Budget, from, to *parquet.Columns[tables.Any]) error {
	cycle, _ := w.Cycle.Period() // lines always have a cycle
	wanted := make([]bool, len(from.Word(tables.LineCustomerID.Any()).Dict()))
	for code, id := range from.Word(tables.LineCustomerID.Any()).Dict() {
		wanted[code] = list[id] != nil
	}
	var err error
	files := make([]lake.Day, len(from.Word(tables.LineDay.Any()).Dict()))
	for code, word := range from.Word(tables.LineDay.Any()).Dict() {
		if files[code], err = lake.ParseDay(word); err != nil {
			return err
		}
	}
	for i := range from.N {
		if !wanted[from.Col(tables.LineCustomerID.Of().Any()).Codes[i]] {
			continue
		}
		file := files[from.Col(tables.LineDay.Of().Any()).Codes[i]]
		kind := from.Word(tables.LineKind.Any()).At(i)
		if kind != usageKind || slices.Contains(monthEndDays[:], file) || file.IsPosted() && file != lake.CostsDay {
			kind = ""
		}
		to.Col(spentCustomer).AddWord(from.Word(tables.LineCustomerID.Any()).At(i))
		to.Col(spentDay).AddWord(dayBilled(w, cycle, file, from, i))
		to.Col(spentKind).AddWord(kind)
		to.Amount(spentAmount).AddRaw(from.Amount(tables.LinePaymentAmount.Any()).At(i))
		to.N++
	}
	return nil
}

// usageKind is the kind of lines of usage.
const usageKind = "usage"

// monthEndDays are the days of lines that are made at the end of a cycle.
var monthEndDays = [...]lake.Day{lake.EndDay, lake.ChargesDay, lake.CommitmentsDay}

// dayBilled returns the day of the cycle on which a line is billed: for usage its day, for orders and adjustments the
// day of trade, for late records and re-rating the day of posting, for month-end charges the last day.
func dayBilled(w *QuestionReading, cycle period.Cycle, file lake.Day, from *parquet.Columns[tables.Any], i int) string {
	at := from.Time(tables.LineUsageStart.Any()).At(i)
	kind := from.Word(tables.LineKind.Any()).At(i)
	switch {
	case slices.Contains(monthEndDays[:], file),
		file == lake.CostsDay && (kind == tables.PeriodLine.String() || kind == tables.FlatFeeLine.String()):
		return cycle.Last().String()
	case file == lake.EventsDay:
		at = from.Time(tables.LineTradeTime.Any()).At(i)
	case file == lake.CostsDay:
	case !file.IsPosted():
		return from.Word(tables.LineDay.Any()).At(i)
	default:
		if t := from.MaybeTime(tables.LineInstant.Any()).At(i); t != tables.Nothing {
			at = t
		}
	}
	return max(cycle.First(), min(cycle.Last(), w.Day(at))).String()
}

// month is a cycle of a customer with a budget.
type month struct {
	cycle    period.Cycle
	complete int // number of days that are over
	digits   int
	budget   *books.Budget
}

// row adds up the days of a customer.
func (m *month) row(customer, partner string, days []AnswerRow, to *parquet.Columns[tables.Any]) error {
	slices.SortFunc(days, func(a, b AnswerRow) int {
		return cmp.Or(strings.Compare(a.Keys[spentDay], b.Keys[spentDay]),
			strings.Compare(a.Keys[spentKind], b.Keys[spentKind]))
	})
	today := (m.cycle.First() + period.Day(m.complete)).String()
	billed, usage, before := new(big.Int), new(big.Int), new(big.Int)
	var crossed []string
	for i, d := range days {
		n := bigOf(d.Sums[0])
		billed.Add(billed, n)
		if d.Keys[spentKind] == usageKind {
			usage.Add(usage, n)
			if d.Keys[spentDay] < today {
				before.Add(before, n)
			}
		}
		if i+1 == len(days) || days[i+1].Keys[spentDay] != d.Keys[spentDay] {
			for len(crossed) < len(m.budget.Thresholds) && m.reached(billed, m.budget.Thresholds[len(crossed)]) {
				crossed = append(crossed, fmt.Sprintf("%d:%s", m.budget.Thresholds[len(crossed)], d.Keys[spentDay]))
			}
		}
	}
	next := ""
	if len(crossed) < len(m.budget.Thresholds) {
		next = fmt.Sprint(m.budget.Thresholds[len(crossed)])
	}
	forecast, err := m.forecast(billed, usage, before)
	if err != nil {
		return err
	}
	total, err := amountOf(billed)
	if err != nil {
		return err
	}
	words := []string{m.cycle.String(), customer, partner, m.share(billed), m.share(bigAmount(forecast)), next,
		strings.Join(crossed, ";")}
	for i, text := range words {
		to.Col(tables.ColumnOf[tables.Any](i)).AddWord(text)
	}
	to.Col(budgetKeys).AddDec(m.budget.Amount.Raw())
	to.Col(budgetKeys + 1).AddDec(total.Raw())
	to.Col(budgetKeys + 2).AddDec(forecast.Raw())
	to.N++
	return nil
}

// forecast returns the expected amount at the end of the cycle: usage of the days that are over × days of the cycle /
// days that are over, rounded half away from zero to the currency's digits, plus everything else as billed. Before the
// first day and after the last one it is the amount billed. It is never below that amount.
func (m *month) forecast(billed, usage, before *big.Int) (money.Amount, error) {
	is, err := amountOf(billed)
	if err != nil {
		return money.Amount{}, err
	}
	now, err := money.AmountFromRaw(is.Raw())
	if err != nil || m.complete == 0 || m.complete == m.cycle.Days() {
		return now, err
	}
	unit := big.NewInt(1)
	for range money.AmountScale {
		unit.Mul(unit, big.NewInt(10))
	}
	whole := new(big.Rat).SetFrac(new(big.Int).Mul(before, big.NewInt(int64(m.cycle.Days()))),
		new(big.Int).Mul(unit, big.NewInt(int64(m.complete))))
	rest := new(big.Rat).SetFrac(new(big.Int).Sub(billed, usage), unit)
	then, err := money.RoundRat(whole.Add(whole, rest), m.digits)
	if err != nil || then.Cmp(now) < 0 {
		return now, err
	}
	return then, nil
}

// reached reports whether an amount is at least a percent of the budget.
func (m *month) reached(billed *big.Int, percent int) bool {
	limit := new(big.Int).Mul(bigAmount(m.budget.Amount), big.NewInt(int64(percent)))
	return new(big.Int).Mul(billed, big.NewInt(100)).Cmp(limit) >= 0
}

// share returns an amount as percent of the budget, rounded down to 2 decimals, so that it never shows a threshold as
// reached before it is.
func (m *month) share(n *big.Int) string {
	hundredths := new(big.Int).Mul(n, big.NewInt(10_000))
	hundredths.Div(hundredths, bigAmount(m.budget.Amount)) // the divisor is positive: rounded down
	whole, rest := new(big.Int).QuoRem(hundredths, big.NewInt(100), new(big.Int))
	sign := ""
	if hundredths.Sign() < 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%d.%02d", sign, whole.Abs(whole), rest.Abs(rest))
}

// bigAmount returns an amount in units of its last digit.
func bigAmount(a money.Amount) *big.Int {
	hi, lo := a.Raw()
	n := new(big.Int).Lsh(big.NewInt(hi), 64)
	return n.Add(n, new(big.Int).SetUint64(lo))
}

// Crossing is a threshold of a budget that was crossed.
type Crossing struct {
	Percent int
	Day     string // in the contract zone
}

// Crossings returns the crossed thresholds in a row of budgets, in ascending order.
func Crossings(r AnswerRow) (out []Crossing) {
	for one := range strings.SplitSeq(r.Keys[budgetCrossed], ";") {
		percent, day, found := strings.Cut(one, ":")
		if n, err := strconv.Atoi(percent); found && err == nil { // the format of row
			out = append(out, Crossing{n, day})
		}
	}
	return out
}

// ForecastOver reports whether the forecast of a row of budgets is above its budget.
func ForecastOver(r AnswerRow) bool { return bigOf(r.Sums[2]).Cmp(bigOf(r.Sums[0])) > 0 }
