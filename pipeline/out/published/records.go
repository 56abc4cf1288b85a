package published

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/read/records"
	"github.com/tollbook/tollbook/schemas/line"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ClickHouse answers from what is published to a server.
type ClickHouse struct {
	conn     *clickhouse.Conn
	database string

	// Away is called with the error when the server does not answer, and the lake does; nil = nothing is called.
	Away func(error)

	mu sync.Mutex
	// moves of the pointer that were left behind, and whether all of their rows were there when they were first asked
	// for
	whole map[move]bool
	// by state: the move that its rows were last read by, when that was right
	found map[stateOf]publish.Shown
}

// stateOf is a cycle of a state of the lake.
type stateOf struct {
	hash  manifest.Hash
	cycle string
}

// move is a move of the pointer, and one cycle of what it showed.
type move struct {
	number uint64
	cycle  string
}

// NewClickHouse answers from a database that is published to.
func NewClickHouse(conn *clickhouse.Conn, database string) *ClickHouse {
	return &ClickHouse{conn: conn, database: database, whole: make(map[move]bool),
		found: make(map[stateOf]publish.Shown)}
}

// BehindError says that the state that is asked for is not published: not yet, or not any more.
type BehindError struct {
	Server      string
	Want, State int64 // numbers of manifests; 0 = nothing of the cycle is published
}

// Error names both states.
func (e *BehindError) Error() string {
	return fmt.Sprintf("ClickHouse %s does not have manifest %d: it shows manifest %d", e.Server, e.Want, e.State)
}

// Hint says what to do.
func (e *BehindError) Hint() string { return "`tollbook publish` publishes the newest state" }

// State is one committed state of the lake as it is published, or was and is on the server still.
type State struct {
	*ClickHouse
	snap *lake.Snapshot
	lake records.Store
}

// At answers from a state. While it is not on the server, as between a run and its publish, or when the rows of an
// older one were deleted after clickhouse.keep, the lake answers, and also when the server cannot be reached; where
// that is nil, the error is a *BehindError or a *clickhouse.Error.
func (c *ClickHouse) At(snap *lake.Snapshot, lake records.Store) *State { return &State{c, snap, lake} }

// behind says what the views show in the place of the state.
func (p *State) behind(ctx context.Context, cycle string) error {
	live, ok, err := publish.Live(ctx, p.conn, p.database)
	if old := new(publish.OldLayoutError); err != nil && !errors.As(err, &old) {
		return err
	}
	e := &BehindError{Server: p.conn.Address(), Want: p.snap.Manifest.Number}
	if at := slices.Index(live.Cycles, cycle); ok && at >= 0 {
		e.State = int64(live.Manifests[at])
	}
	return e
}

// maxMoves is how many moves, and how many states, are remembered. Those of a day are few: beyond it they are looked
// for again.
const maxMoves = 1000

// usable reports whether all rows that a move named are there. While it is the newest the publisher has seen to that;
// one that was left behind is counted when it is first asked for.
func (p *State) usable(ctx context.Context, shown *publish.Shown, cycle string) (bool, error) {
	if shown.Newest {
		return true, nil
	}
	p.mu.Lock()
	whole, known := p.whole[move{shown.Number, cycle}]
	p.mu.Unlock()
	if known {
		return whole, nil
	}
	whole, err := shown.Whole(ctx, p.conn, tables.Lines().Name)
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.whole) >= maxMoves {
		clear(p.whole)
	}
	p.whole[move{shown.Number, cycle}] = whole
	return whole, nil
}

// of asks so that all of the answer is of the state (REC-1): by the loads that the pointer named when it showed it,
// which are there as long as that pointer is. from is what follows FROM. ask is called again if the pointer moved since
// rows of the state were read last: the move that they were read by is remembered, so that a page takes one question
// for the pointer, after the rows.
func (p *State) of(ctx context.Context, of manifest.Cycle, ask func(from string) error) error {
	if err := rows.HasCycle(p.snap, of); err != nil {
		return err
	}
	at := stateOf{p.snap.Hash, of.String()}
	if shown, ok := p.remembered(at); ok {
		err := ask(shown.Rows(tables.Lines().Name))
		last := false
		if err == nil {
			_, last, err = shown.There(ctx, p.conn)
		}
		if err == nil && last || ctx.Err() != nil {
			return err
		}
		p.forget(at)
	}
	shown, ok, err := publish.Find(ctx, p.conn, p.database, p.snap, at.cycle)
	if err == nil && ok {
		ok, err = p.usable(ctx, &shown, at.cycle)
	}
	last := false
	if err == nil && ok {
		if err = ask(shown.Rows(tables.Lines().Name)); err == nil {
			ok, last, err = shown.There(ctx, p.conn) // else rows may have gone while they were read
		}
	}
	switch {
	case err != nil:
	case !ok:
		err = p.behind(ctx, at.cycle)
	case last:
		p.remember(at, shown)
	}
	return err
}

// remembered is the move that rows of a state were last read by, right as long as it is the last one of the state.
func (c *ClickHouse) remembered(at stateOf) (publish.Shown, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shown, ok := c.found[at]
	return shown, ok
}

func (c *ClickHouse) remember(at stateOf, shown publish.Shown) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.found) >= maxMoves {
		clear(c.found)
	}
	c.found[at] = shown
}

func (c *ClickHouse) forget(at stateOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.found, at)
}

// statement is a statement with its arguments.
type statement struct {
	strings.Builder
	args []any
}

func (s *statement) add(sql string, args ...any) {
	s.WriteString(sql)
	s.args = append(s.args, args...)
}

func column(col tables.ColumnOf[tables.Line]) string {
	return clickhouse.Name(tables.Lines().Columns[col].Name)
}

// where adds the conditions of a cycle's lines to those of the state.
func (s *statement) where(cycle string, where []records.Condition) error {
	s.add(" AND cycle = ?", cycle)
	for i := range where {
		if err := s.condition(&where[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) condition(c *records.Condition) error {
	switch c.Op {
	case records.Is, records.IsNot:
		s.oneOf(c)
	case records.Zero:
		s.add(" AND " + column(c.Column) + " = 0")
	case records.NotZero:
		s.add(" AND " + column(c.Column) + " != 0")
	case records.Negative:
		s.add(" AND " + column(c.Column) + " < 0")
	case records.Positive:
		s.add(" AND " + column(c.Column) + " >= 0")
	case records.Own:
		s.add(" AND (false")
		for _, span := range c.Spans {
			s.add(" OR toUnixTimestamp64Micro(ifNull(own_time, usage_start)) >= ? AND "+
				"toUnixTimestamp64Micro(ifNull(own_time, usage_start)) < ?", int64(span.From), int64(span.To))
		}
		s.add(")")
	case records.Billed:
		billed := "toUnixTimestamp64Micro(multiIf(day = '" + manifest.EventsDay.String() + "', trade_time, day IN ('" +
			manifest.LateDay.String() + "', '" + manifest.RerateDay.String() + "', '" + manifest.RestatedDay.String() +
			"'), ifNull(instant, usage_start), usage_start))"
		s.add(" AND "+billed+" >= ? AND "+billed+" < ?", int64(c.From), int64(c.To))
	default:
		return fmt.Errorf("condition of kind %d", c.Op)
	}
	return nil
}

func (s *statement) oneOf(c *records.Condition) {
	small := tables.Lines().Columns[c.Column].Type == tables.Small
	s.add(" AND " + column(c.Column))
	if c.Op == records.IsNot {
		s.add(" NOT")
	}
	s.add(" IN (")
	for i, v := range c.Values {
		if i > 0 {
			s.add(", ")
		}
		if n, err := strconv.Atoi(v); small && err == nil {
			s.add("?", n)
		} else if small {
			s.add("NULL") // no number is that
		} else {
			s.add("?", v)
		}
	}
	s.add(")")
}

// order is the order of §8 within a customer. Lines that agree in it come as in the lake: by the day of their file, and
// within it as it was written. The rest makes the order total, so that each page of a state continues the one before:
// of lines that one balance was not enough for, the first took from it.
func order() string {
	kinds := make([]string, 0, line.Cap+1)
	for k := line.Usage; k <= line.Cap; k++ {
		kinds = append(kinds, "'"+k.String()+"'")
	}
	return " ORDER BY usage_start, id, tier, indexOf([" + strings.Join(kinds, ", ") +
		"], kind), resource_id, unit_price, quantity, trade_id, origin_cycle, payment_amount, day, " +
		"ifNull(instant, usage_start), official_amount, official_discount_amount, usage_amount, free_resource_usage, " +
		"debt_amount, credit_amount, cash_amount, flexipurchase_coupon_amount, package_draws, own_time"
}

// owed reports whether the lake has to answer (PUBLISHED-4).
func (p *State) owed(ctx context.Context, err error) bool {
	if p.lake == nil || err == nil || ctx.Err() != nil {
		return false
	}
	if behind := new(BehindError); errors.As(err, &behind) {
		return true
	}
	away := new(clickhouse.Error)
	if !errors.As(err, &away) || !clickhouse.Retryable(away) {
		return false
	}
	if p.Away != nil {
		p.Away(away)
	}
	return true
}

// maxAtOnce is how many rows a server may read for a page in one statement, by the granules of its index. The statement
// holds the customer's rows in memory, at most about 75 MB. More are counted, read and compared in a statement each.
const maxAtOnce = 1 << 17

// Page implements Store. Errors: those of (*State).Page, *BehindError, *clickhouse.Error.
func (p *State) Page(ctx context.Context, q records.Query) (out *records.Page, err error) {
	err = p.of(ctx, q.Cycle, func(from string) error {
		out = &records.Page{Rows: parquet.NewColumns(tables.Lines())}
		if q.Limit > 0 {
			if known, err := p.atOnce(ctx, from, &q, out); known || err != nil && !clickhouse.TooManyRows(err) {
				return err
			}
		}
		if err := p.count(ctx, from, &q, out); err != nil || q.Offset >= out.Total || q.Limit <= 0 {
			return err
		}
		if err := p.rows(ctx, from, &q, out); err != nil {
			return err
		}
		if err := p.split(ctx, from, &q, out); err != nil {
			return err
		}
		return p.shared(ctx, from, &q, out)
	})
	if p.owed(ctx, err) {
		return p.lake.Page(ctx, q)
	}
	return out, err
}

// ofCustomer is the lines of a query.
func (s *statement) ofCustomer(q *records.Query) error {
	if err := s.where(q.Cycle.String(), q.Where); err != nil {
		return err
	}
	s.add(" AND customer_id = ?", q.Customer)
	return nil
}

// atOnce reads a page, the number of lines and which records have several lines in one statement (PUBLISHED-3). Lines
// of a record that do not meet the conditions count too, so they are removed after the counting. known is false if the
// page is after the last line, or if no line meets the conditions: then no row says how many there are.
func (p *State) atOnce(ctx context.Context, from string, q *records.Query, out *records.Page) (known bool, err error) {
	var s statement
	var total, lines, records uint64
	names, dest := cellsOf(q, out)
	s.add("SELECT ")
	if len(q.Where) == 0 {
		s.add("count() OVER ()")
	} else if err := s.fits("countIf(", q, ") OVER ()"); err != nil {
		return false, err
	}
	s.add(", count() OVER (PARTITION BY usage_start, id, day), "+recordsOfID+" OVER (PARTITION BY id), "+names+" FROM "+
		from+" AND cycle = ? AND customer_id = ?", q.Cycle.String(), q.Customer)
	if len(q.Where) > 0 {
		if err := s.fits(" QUALIFY ", q, ""); err != nil {
			return false, err
		}
	}
	s.add(order()+" LIMIT ? OFFSET ?", q.Limit, q.Offset)
	within := clickhouse.With(ctx, "max_threads", "1", "max_rows_to_read", strconv.Itoa(maxAtOnce))
	err = p.conn.Each(within, clickhouse.Select{
		What: "read records", SQL: s.String(), Args: s.args, Into: append([]any{&total, &lines, &records}, dest...),
		Begin: func() { out.Rows.Reset(); out.Total, out.Split, out.Shared = 0, nil, nil },
	}, func() error {
		out.Total = int64(total)
		out.Split, out.Shared = append(out.Split, lines > 1), append(out.Shared, records > 1)
		out.Rows.N++
		return nil
	})
	return err == nil && out.Rows.N > 0, err
}

// recordsOfID is how many records have the id (records.Page.Shared).
const recordsOfID = "uniqExact(day, usage_start, origin_cycle)"

// fits adds the conditions of a query as a value that is 1 for lines that meet them, and 0 for others.
func (s *statement) fits(before string, q *records.Query, after string) error {
	s.add(before + "ifNull(true")
	for i := range q.Where {
		if err := s.condition(&q.Where[i]); err != nil {
			return err
		}
	}
	s.add(", false)" + after)
	return nil
}

func (p *State) count(ctx context.Context, from string, q *records.Query, out *records.Page) error {
	var s statement
	s.add("SELECT count() FROM " + from)
	if err := s.ofCustomer(q); err != nil {
		return err
	}
	var n uint64
	err := p.conn.One(ctx, "count records", s.String(), s.args, &n)
	out.Total = int64(n)
	return err
}

// cellsOf lists the columns of a query as SQL has them, and where their values go.
func cellsOf(q *records.Query, out *records.Page) (names string, dest []any) {
	cols := q.Columns
	if cols == nil {
		cols = records.AllColumns()
	}
	cols = named(cols)
	list, cells := make([]string, len(cols)), make([]records.Cell, len(cols))
	dest = make([]any, len(cols))
	for i, col := range cols {
		list[i] = column(col)
		cells[i] = records.Cell{Col: out.Rows.Col(col), Of: tables.Lines().Columns[col].Type}
		dest[i] = &cells[i]
	}
	return strings.Join(list, ", "), dest
}

func (p *State) rows(ctx context.Context, from string, q *records.Query, out *records.Page) error {
	names, dest := cellsOf(q, out)
	var s statement
	s.add("SELECT " + names + " FROM " + from)
	if err := s.ofCustomer(q); err != nil {
		return err
	}
	s.add(order()+" LIMIT ? OFFSET ?", q.Limit, q.Offset)
	return p.conn.Each(ctx, clickhouse.Select{
		What: "read records", SQL: s.String(), Args: s.args, Into: dest, Begin: out.Rows.Reset,
	}, func() error {
		out.Rows.N++
		return nil
	})
}

// named is columns without those that are duplicate, and with those by which Split splits.
func named(cols tables.List[tables.Line]) tables.List[tables.Line] {
	seen := make(map[tables.ColumnOf[tables.Line]]bool)
	var out tables.List[tables.Line]
	for _, c := range append(tables.Columns(tables.LineDay, tables.LineUsageStart, tables.LineID), cols...) {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// split finds which records of the page have several lines.
func (p *State) split(ctx context.Context, from string, q *records.Query, out *records.Page) error {
	if out.Rows.N == 0 {
		return nil
	}
	type key struct {
		day, id string
		start   int64
	}
	keys, ids := make([]key, out.Rows.N), make([]string, out.Rows.N)
	for i := range keys {
		row := rows.Row[tables.Line]{Cols: out.Rows, I: i}
		keys[i] = key{row.Word(tables.LineDay), string(row.Text(tables.LineID)), int64(row.Time(tables.LineUsageStart))}
		ids[i] = keys[i].id
	}
	var k key
	several := make(map[key]bool)
	sql := "SELECT day, id, toUnixTimestamp64Micro(usage_start) FROM " + from +
		" AND cycle = ? AND customer_id = ? AND id IN (?) GROUP BY day, id, usage_start HAVING count() > 1"
	err := p.conn.Each(ctx, clickhouse.Select{
		What: "count lines of records", SQL: sql, Args: []any{q.Cycle.String(), q.Customer, ids},
		Into: []any{&k.day, &k.id, &k.start}, Begin: func() { clear(several) },
	}, func() error { several[k] = true; return nil })
	out.Split = make([]bool, out.Rows.N)
	for i := range keys {
		out.Split[i] = several[keys[i]]
	}
	return err
}

// shared finds which ids of the page are those of several records.
func (p *State) shared(ctx context.Context, from string, q *records.Query, out *records.Page) error {
	if out.Rows.N == 0 {
		return nil
	}
	ids := make([]string, out.Rows.N)
	for i := range ids {
		ids[i] = string(out.Rows.Text(tables.LineID).At(i))
	}
	var id string
	several := make(map[string]bool)
	err := p.conn.Each(ctx, clickhouse.Select{
		What: "count records of ids",
		SQL: "SELECT id FROM " + from + " AND cycle = ? AND customer_id = ? AND id IN (?)" +
			" GROUP BY id HAVING " + recordsOfID + " > 1", Args: []any{q.Cycle.String(), q.Customer, ids},
		Into: []any{&id}, Begin: func() { clear(several) },
	}, func() error { several[id] = true; return nil })
	out.Shared = make([]bool, out.Rows.N)
	for i := range ids {
		out.Shared[i] = several[ids[i]]
	}
	return err
}

// maxNamed is how many customers a statement names.
const maxNamed = 1000

// Sums implements Store. Errors are those of Page.
func (p *State) Sums(ctx context.Context, q records.SumQuery) (out []records.Sum, err error) {
	err = p.of(ctx, q.Cycle, func(from string) error {
		found := make(map[string]*records.Sum)
		for at := 0; at < len(q.Customers); at += maxNamed {
			if err := p.sum(ctx, from, &q, q.Customers[at:min(at+maxNamed, len(q.Customers))], found); err != nil {
				return err
			}
		}
		out = records.InOrder(found)
		return nil
	})
	if p.owed(ctx, err) {
		return p.lake.Sums(ctx, q)
	}
	return out, err
}

func (p *State) sum(ctx context.Context, from string, q *records.SumQuery, customers []string,
	to map[string]*records.Sum) error {
	var s statement
	s.add("SELECT ")
	for _, col := range q.By {
		s.add("toString(" + column(col) + "), ")
	}
	s.add("count()")
	for _, col := range records.AmountColumns() {
		// a sum of Decimal(38) overflows without a word
		s.add(", toString(sum(toDecimal256(" + column(col.Of()) + ", 8)))")
	}
	s.add(" FROM " + from)
	if err := s.where(q.Cycle.String(), q.Where); err != nil {
		return err
	}
	s.add(" AND customer_id IN (?)", customers)
	for i, col := range q.By {
		s.add([]string{" GROUP BY ", ", "}[min(i, 1)] + column(col))
	}
	by, amounts := make([]string, len(q.By)), [records.Amounts]string{}
	var n uint64
	var dest []any
	for i := range by {
		dest = append(dest, &by[i])
	}
	dest = append(dest, &n)
	for i := range amounts {
		dest = append(dest, &amounts[i])
	}
	var list []records.Sum
	err := p.conn.Each(ctx, clickhouse.Select{
		What: "add records up", SQL: s.String(), Args: s.args, Into: dest, Begin: func() { list = nil },
	}, func() error {
		sum := records.Sum{By: append([]string(nil), by...), Lines: int64(n)}
		for i, text := range amounts {
			if err := sum.Amounts[i].UnmarshalText([]byte(text)); err != nil {
				return fmt.Errorf("add records up in ClickHouse: %w", err)
			}
		}
		list = append(list, sum)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Lines == 0 {
			continue // without groups there is a row of nothing
		}
		key := strings.Join(list[i].By, "\x00")
		if sum := to[key]; sum != nil {
			if err := sum.Add(&list[i]); err != nil {
				return err
			}
			continue
		}
		to[key] = &list[i]
	}
	return nil
}

// Shares implements Store. Errors are those of Page.
func (p *State) Shares(ctx context.Context, cycle manifest.Cycle) (out []records.Share, err error) {
	err = p.of(ctx, cycle, func(from string) error {
		var s records.Share
		sql := "SELECT partner_id, association_type, customer_id FROM " + from +
			" AND cycle = ? AND partner_id != '' GROUP BY partner_id, association_type, customer_id ORDER BY " +
			"partner_id, association_type, customer_id"
		return p.conn.Each(ctx, clickhouse.Select{
			What: "list who consumed", SQL: sql, Args: []any{cycle.String()},
			Into: []any{&s.Partner, &s.Association, &s.Customer}, Begin: func() { out = nil },
		}, func() error { out = append(out, s); return nil })
	})
	if p.owed(ctx, err) {
		return p.lake.Shares(ctx, cycle)
	}
	return out, err
}
