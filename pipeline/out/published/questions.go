package published

import (
	"context"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

//go:embed sql/*.sql
var files embed.FS

// SQL returns the statement of a question over the published views, with the parameters cycle (” = all of them) and
// zone (the contract zone). Limits become a subquery of its view. Errors: *TagError.
func SQL(q *query.Question, only query.OnlyFor) (string, error) {
	text, err := files.ReadFile("sql/" + q.Name + ".sql")
	if err != nil {
		return "", fmt.Errorf("the SQL of %s: %w", q.Name, err)
	}
	if len(only.Tags) > 0 {
		return "", &TagError{q.Name}
	}
	sql := perCurrency(q, string(text))
	condition := q.Condition(only, publish.QuotedText)
	if condition == "" {
		return sql, nil
	}
	from := "FROM " + q.View + " AS "
	return strings.Replace(sql, from, "FROM (SELECT * FROM "+q.View+" WHERE "+condition+") AS ", 1), nil
}

// perCurrency adds the question's currencies to its SQL as keys: after the sums, in the groups, and first in the order.
func perCurrency(q *query.Question, sql string) string {
	keys := q.Currencies()
	if len(keys) == 0 {
		return sql
	}
	alias := regexp.MustCompile(`\nFROM ` + q.View + ` AS (\w+)`).FindStringSubmatch(sql)[1]
	var columns, names strings.Builder
	for _, k := range slices.Backward(keys) {
		fmt.Fprintf(&columns, ",\n       %s.%s AS %s", alias, k, k)
		fmt.Fprintf(&names, ", %s", k)
	}
	sql = strings.Replace(sql, "\nFROM "+q.View+" AS ", columns.String()+"\nFROM "+q.View+" AS ", 1)
	sql = regexp.MustCompile(`(?m)^GROUP BY .*$`).ReplaceAllString(sql, "$0"+names.String())
	return regexp.MustCompile(`(?m)^ORDER BY `).ReplaceAllString(sql, "ORDER BY "+names.String()[2:]+", ")
}

// several reports whether a published state has amounts of several currencies, so that its rows name theirs.
func several(ctx context.Context, conn *publish.Conn) (bool, error) {
	var n uint64
	err := conn.One(ctx, "look for currencies", "SELECT count() FROM system.columns WHERE "+
		"database = currentDatabase() AND table = 'statements' AND name = 'currency'", nil, &n)
	if err != nil || n == 0 {
		return false, err
	}
	err = conn.One(ctx, "look for currencies",
		"SELECT count() FROM (SELECT 1 FROM statements WHERE currency != '' LIMIT 1)", nil, &n)
	return n > 0, err
}

// TagError reports that a question cannot be limited by tags on a server.
type TagError struct{ Question string }

// Error names the question.
func (e *TagError) Error() string { return "limit " + e.Question + " by --tag: SQL has no form for it" }

// Diagnosis implements problem.Diagnosed.
func (e *TagError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "`--from lake` answers it"
}

// NotPublishedError reports that nothing was published to a server.
type NotPublishedError struct{ Server string }

// Error names the server.
func (e *NotPublishedError) Error() string { return "nothing was published to ClickHouse " + e.Server }

// Diagnosis implements problem.Diagnosed.
func (e *NotPublishedError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "`tollbook publish` does that; `--from lake` asks the lake"
}

// turns is how often a question is repeated because another state was published meanwhile.
const turns = 10

// Ask answers a question from the published state, whose origin it returns. zone is the contract zone's name. Errors:
// *NotPublishedError, *rows.NoCycleError, *publish.ServerError.
func Ask(ctx context.Context, q *query.Question, r query.Request, zone string,
	conn *publish.Conn) (*query.Answer, Origin, error) {
	live, err := state(ctx, conn)
	if err != nil {
		return nil, Origin{}, err
	}
	for range turns {
		cycle := r.Cycle.String()
		without := cycle != "" && !slices.Contains(live.cycles, cycle)
		if without && !q.OfIncentives() {
			return nil, live.of(), &rows.NoCycleError{Cycle: cycle, Known: live.cycles}
		}
		a, err := runSQL(ctx, q, r, zone, conn, live)
		if err != nil {
			return nil, Origin{}, err
		}
		if without && a.Count == 0 {
			return nil, live.of(), &rows.NoCycleError{Cycle: cycle, Known: live.cycles}
		}
		now, err := state(ctx, conn)
		if err != nil {
			return nil, Origin{}, err
		}
		if now.number == live.number {
			return a, live.of(), nil
		}
		live = now
	}
	return nil, Origin{}, fmt.Errorf("answer %s from ClickHouse %s: another state was published %d times during the "+
		"query", q.Name,
		conn.Address(), turns)
}

// shownState is the state that the views show.
type shownState struct {
	number     uint64 // of the pointer: every publish has another one
	lake, hash string // of the lake's first manifest; of the state's manifest
	manifest   uint64
	asOf       time.Time
	cycles     []string
	manifests  []uint64 // of the cycles
}

// of returns what identifies the state.
func (s *shownState) of() Origin {
	of := publish.Pointer{Manifest: s.manifest, Cycles: s.cycles, Manifests: s.manifests}
	return Origin{Lake: s.lake, Manifest: int64(s.manifest), Hash: s.hash, Cycles: s.cycles, Older: of.Older()}
}

// state returns the state that the views show.
func state(ctx context.Context, conn *publish.Conn) (s shownState, err error) {
	found := false
	err = conn.Each(ctx, publish.ServerSelect{
		What:  "request the published state",
		SQL:   "SELECT number, lake, manifest, manifest_hash, as_of, cycles, cycle_manifests FROM live",
		Into:  []any{&s.number, &s.lake, &s.manifest, &s.hash, &s.asOf, &s.cycles, &s.manifests},
		Begin: func() { found = false },
	}, func() error { found = true; return nil })
	if publish.TableMissing(err) || err == nil && !found {
		err = &NotPublishedError{conn.Address()}
	}
	return s, err
}

// runSQL runs the question's SQL, whose columns and rows are in the order of the question.
func runSQL(ctx context.Context, q *query.Question, r query.Request, zone string, conn *publish.Conn,
	live shownState) (*query.Answer, error) {
	mixed, err := several(ctx, conn)
	if err != nil {
		return nil, err
	}
	if mixed {
		q = q.PerCurrency()
	}
	sql, err := SQL(q, r.Only)
	if err != nil {
		return nil, err
	}
	cells := make([]cell, len(q.Columns()))
	for i, c := range q.Columns() {
		cells[i].of = c.Type
	}
	own := len(q.Keys) - len(q.Currencies()) // in the SQL the currencies are last, with the last key first
	var dest []any
	for i := range cells[:own] {
		dest = append(dest, &cells[i])
	}
	for i := range q.Sums {
		dest = append(dest, &cells[len(q.Keys)+i])
	}
	for i := len(q.Keys) - 1; i >= own; i-- {
		dest = append(dest, &cells[i])
	}
	empty, err := query.NewAnswer(q, query.ClickHouseSource, int64(live.manifest),
		period.Instant(live.asOf.UnixMicro()).String())
	if err != nil {
		return nil, err
	}
	var a *query.Answer
	var last *query.AnswerRow
	begin := func() { a, last = empty.Clone(), nil }
	ctx = ch.Context(ctx, ch.WithParameters(ch.Parameters{"cycle": r.Cycle.String(), "zone": zone}))
	err = conn.Each(ctx, publish.ServerSelect{What: "answer " + q.Name, SQL: sql, Into: dest, Begin: begin},
		func() error {
			row := row(q, cells)
			if last != nil && q.Compare(*last, row) >= 0 {
				return fmt.Errorf("answer %s from ClickHouse: rows are not in order: %v after %v", q.Name, row.Keys,
					last.Keys)
			}
			last = &row
			return a.Add(row, r.Limit)
		})
	return a, err
}

// row converts a scanned row.
func row(q *query.Question, cells []cell) query.AnswerRow {
	var row query.AnswerRow
	for i := range q.Keys {
		row.Keys = append(row.Keys, cells[i].text)
	}
	for i := range q.Sums {
		row.Sums = append(row.Sums, cells[len(q.Keys)+i].total)
	}
	return row
}

// cell converts a value of the server to a column of an answer: a key's text, or a sum.
type cell struct {
	of    tables.Type
	text  string
	total money.Total
}

// Scan implements sql.Scanner.
func (c *cell) Scan(value any) (err error) {
	switch v := value.(type) {
	case string:
		c.text = strings.Clone(v)
		return nil
	case int32:
		c.text = query.SmallText(v)
		return nil
	case int64:
		c.total, err = wholeTotal(v>>63, uint64(v))
		return err
	case uint64:
		c.total, err = wholeTotal(0, v)
		return err
	case decimal.Decimal:
		c.total, err = decimalTotal(v, c.of)
		return err
	}
	return fmt.Errorf("a %T from the server", value)
}

func wholeTotal(hi int64, lo uint64) (money.Total, error) {
	t, err := money.NewTotal(0)
	if err == nil {
		err = t.Add(hi, lo)
	}
	return t, err
}

// decimalTotal converts a sum of the server, which has the column's scale.
func decimalTotal(d decimal.Decimal, of tables.Type) (money.Total, error) {
	scale := of.Scale()
	t, err := money.NewTotal(scale)
	if err != nil {
		return t, err
	}
	if int(-d.Exponent()) != scale {
		return t, fmt.Errorf("a decimal of %d digits from the server, want %d", -d.Exponent(), scale)
	}
	var hi int64
	var lo uint64
	switch of {
	case tables.Amount:
		var a money.AmountTotal
		err = a.UnmarshalText([]byte(d.StringFixed(int32(scale))))
		hi, lo = a.Raw()
	case tables.Cost:
		var a money.Cost
		err = a.UnmarshalText([]byte(d.StringFixed(int32(scale))))
		hi, lo = a.Raw()
	default:
		var a money.QuantityTotal
		err = a.UnmarshalText([]byte(d.StringFixed(int32(scale))))
		hi, lo = a.Raw()
	}
	if err == nil {
		err = t.Add(hi, lo)
	}
	return t, err
}
