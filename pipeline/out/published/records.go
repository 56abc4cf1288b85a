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
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ClickHouse answers from the published states of a server.
type ClickHouse struct {
	conn     *publish.Conn
	database string

	// Away is called with the error if the server fails and the lake answers instead; nil = no call.
	Away func(error)

	mu sync.Mutex
	// superseded moves of the pointer, and whether all their rows existed at the first request
	whole map[move]bool
	// by state: the move by which its rows were last read successfully
	found map[stateOf]Shown
}

// stateOf is a cycle of a state of the lake.
type stateOf struct {
	hash  lake.Hash
	cycle string
}

// move is a move of the pointer, and one cycle of the state that it showed.
type move struct {
	number uint64
	cycle  string
}

// NewClickHouse returns a ClickHouse for a database of published views.
func NewClickHouse(conn *publish.Conn, database string) *ClickHouse {
	return &ClickHouse{conn: conn, database: database, whole: make(map[move]bool),
		found: make(map[stateOf]Shown)}
}

// BehindError reports that the requested state is not published: not yet, or not any more.
type BehindError struct {
	Server      string
	Want, State int64 // numbers of manifests; 0 = the cycle is not published
}

// Error names both states.
func (e *BehindError) Error() string {
	return fmt.Sprintf("ClickHouse %s does not have manifest %d: it shows manifest %d", e.Server, e.Want, e.State)
}

// Diagnosis implements problem.Diagnosed.
func (e *BehindError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "`tollbook publish` publishes the newest state"
}

// State is one committed state of the lake, if its published rows are still on the server.
type State struct {
	*ClickHouse
	snap *lake.Snapshot
	lake query.Store
}

// At returns the answers of a state. If the state is not on the server (between a run and its publish, or after the
// rows of an older one were deleted by clickhouse.keep), or if the server cannot be reached, lake answers; if lake is
// nil, the error is a *BehindError or a *publish.ServerError.
func (c *ClickHouse) At(snap *lake.Snapshot, lake query.Store) *State { return &State{c, snap, lake} }

// behind returns the error that names the state that the views show instead.
func (p *State) behind(ctx context.Context, cycle string) error {
	live, ok, err := publish.Live(ctx, p.conn, p.database)
	if err != nil {
		return err
	}
	e := &BehindError{Server: p.conn.Address(), Want: p.snap.Manifest.Number}
	if at := slices.Index(live.Cycles, cycle); ok && at >= 0 {
		e.State = int64(live.Manifests[at])
	}
	return e
}

// maxMoves is how many moves, and how many states, are remembered. A day has few; forgotten ones are looked up again.
const maxMoves = 1000

// usable reports whether all rows that a move named exist. The publisher has verified that for the newest move; the
// rows of a superseded one are counted at the first request.
func (p *State) usable(ctx context.Context, shown *Shown, cycle string) (bool, error) {
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

// of calls ask such that its result is of the state (REC-1): by the loads of the pointer that showed it, which exist
// while that pointer does. If the remembered move of the state is no longer its last one, ask is called again.
// Remembering it saves queries: the statement of a page reads the pointer itself.
func (p *State) of(ctx context.Context, of lake.Cycle, ask func(shown *Shown) error) error {
	if err := rows.HasCycle(p.snap, of); err != nil {
		return err
	}
	at := stateOf{p.snap.Hash, of.String()}
	if shown, ok := p.remembered(at); ok {
		err := ask(&shown)
		last := false
		if err == nil {
			_, last, err = shown.There(ctx, p.conn)
		}
		if err == nil && last || ctx.Err() != nil {
			return err
		}
		p.forget(at)
	}
	shown, ok, err := Find(ctx, p.conn, p.database, p.snap, at.cycle)
	if err == nil && ok {
		ok, err = p.usable(ctx, &shown, at.cycle)
	}
	last := false
	if err == nil && ok {
		if err = ask(&shown); err == nil {
			ok, last, err = shown.There(ctx, p.conn) // otherwise rows may have been deleted while they were read
		}
	}
	switch {
	case err != nil:
	case !ok:
		err = p.behind(ctx, at.cycle)
	case last:
		shown.read = false
		p.remember(at, shown)
	}
	return err
}

// remembered returns the move by which a state's rows were last read; it is valid while it is the state's last one.
func (c *ClickHouse) remembered(at stateOf) (Shown, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shown, ok := c.found[at]
	return shown, ok
}

func (c *ClickHouse) remember(at stateOf, shown Shown) {
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
	return publish.QuotedName(tables.Lines().Columns[col].Name)
}

// where adds the conditions for a cycle's lines to those for the state.
func (s *statement) where(cycle string, where []query.Condition) error {
	s.add(" AND cycle = ?", cycle)
	for i := range where {
		if err := s.condition(&where[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) condition(c *query.Condition) error {
	switch c.Op {
	case query.IsAnyOf, query.IsNot:
		s.oneOf(c)
	case query.Zero:
		s.add(" AND " + column(c.Column) + " = 0")
	case query.NotZero:
		s.add(" AND " + column(c.Column) + " != 0")
	case query.Negative:
		s.add(" AND " + column(c.Column) + " < 0")
	case query.Positive:
		s.add(" AND " + column(c.Column) + " >= 0")
	case query.OwnLine:
		s.add(" AND (false")
		for _, span := range c.Spans {
			s.add(" OR toUnixTimestamp64Micro(ifNull(own_time, usage_start)) >= ? AND "+
				"toUnixTimestamp64Micro(ifNull(own_time, usage_start)) < ?", int64(span.From), int64(span.To))
		}
		s.add(")")
	case query.Billed:
		billed := "toUnixTimestamp64Micro(multiIf(day = '" + lake.EventsDay.String() + "', trade_time, day IN ('" +
			lake.LateDay.String() + "', '" + lake.RerateDay.String() + "', '" + lake.RestatedDay.String() +
			"'), ifNull(instant, usage_start), usage_start))"
		s.add(" AND "+billed+" >= ? AND "+billed+" < ?", int64(c.From), int64(c.To))
	default:
		return fmt.Errorf("condition of kind %d", c.Op)
	}
	return nil
}

func (s *statement) oneOf(c *query.Condition) {
	small := tables.Lines().Columns[c.Column].Type == tables.Small
	s.add(" AND " + column(c.Column))
	if c.Op == query.IsNot {
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
			s.add("NULL") // no number is equal to it
		} else {
			s.add("?", v)
		}
	}
	s.add(")")
}

// order returns the order of §8 within a customer. Lines that are equal in it have the order of the lake: by the day of
// their file, and within it as written. The remaining columns make the order total, so that each page continues the one
// before: if one balance did not cover several lines, the first took from it.
func order() string {
	kinds := make([]string, 0, tables.CapLine+1)
	for k := tables.UsageLine; k <= tables.CapLine; k++ {
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
	away := new(publish.ServerError)
	if !errors.As(err, &away) || !publish.RetryableError(away) {
		return false
	}
	if p.Away != nil {
		p.Away(away)
	}
	return true
}

// maxAtOnce is how many rows a server may read for a page in one statement, by the granules of its index. The statement
// has the customer's rows in memory, at most about 75 MB. More are counted, read and compared separately.
const maxAtOnce = 1 << 17

// Page implements Store. The copy has no lines of archived cycles: the lake answers for what remains of them. Errors:
// those of (*State).Page, *BehindError, *publish.ServerError.
func (p *State) Page(ctx context.Context, q query.LineQuery) (out *query.LinePage, err error) {
	if ref, _ := p.snap.Cycle(q.Cycle); q.Remaining && ref.Archived != nil && p.lake != nil {
		return p.lake.Page(ctx, q)
	}
	err = p.of(ctx, q.Cycle, func(shown *Shown) error {
		from := shown.Rows(tables.Lines().Name)
		out = &query.LinePage{Rows: parquet.NewColumns(tables.Lines())}
		if q.Limit > 0 {
			if known, err := p.atOnce(ctx, shown, &q, out); known || err != nil && !publish.TooManyRows(err) {
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

// ofCustomer adds the conditions for the lines of a query.
func (s *statement) ofCustomer(q *query.LineQuery) error {
	if err := s.where(q.Cycle.String(), q.Where); err != nil {
		return err
	}
	s.add(" AND customer_id = ?", q.Customer)
	return nil
}

// atOnce reads in one statement a page, the number of lines, and which records have several lines (PUBLISHED-3). Lines
// of a record that do not meet the conditions count too, so they are removed after the counting. known is false if the
// page is after the last line, if no line meets the conditions, or if the views show another state since: then no row
// has the count.
func (p *State) atOnce(ctx context.Context, from *Shown, q *query.LineQuery, out *query.LinePage) (known bool,
	err error) {
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
		from.ofCustomer(tables.Lines().Name)+" AND cycle = ?", q.Customer, q.Cycle.String())
	if len(q.Where) > 0 {
		if err := s.fits(" QUALIFY ", q, ""); err != nil {
			return false, err
		}
	}
	s.add(order()+" LIMIT ? OFFSET ?", q.Limit, q.Offset)
	within := publish.WithSettings(ctx, "max_threads", "1", "max_rows_to_read", strconv.Itoa(maxAtOnce))
	err = p.conn.Each(within, publish.ServerSelect{
		What: "read records", SQL: s.String(), Args: s.args, Into: append([]any{&total, &lines, &records}, dest...),
		Begin: func() { out.Rows.Reset(); out.Total, out.Split, out.Shared = 0, nil, nil },
	}, func() error {
		out.Total = int64(total)
		out.Split, out.Shared = append(out.Split, lines > 1), append(out.Shared, records > 1)
		out.Rows.N++
		return nil
	})
	known = err == nil && out.Rows.N > 0
	from.read = known && from.Newest && from.whole // shards take their snapshots after the pointer was read
	return known, err
}

// recordsOfID is the number of records with the id (query.LinePage.Shared).
const recordsOfID = "uniqExact(day, usage_start, origin_cycle)"

// fits adds the conditions of a query as a value that is 1 for lines that meet them, and 0 for others.
func (s *statement) fits(before string, q *query.LineQuery, after string) error {
	s.add(before + "ifNull(true")
	for i := range q.Where {
		if err := s.condition(&q.Where[i]); err != nil {
			return err
		}
	}
	s.add(", false)" + after)
	return nil
}

func (p *State) count(ctx context.Context, from string, q *query.LineQuery, out *query.LinePage) error {
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

// cellsOf returns the columns of a query in SQL, and the destinations of their values.
func cellsOf(q *query.LineQuery, out *query.LinePage) (names string, dest []any) {
	cols := q.Columns
	if cols == nil {
		cols = query.AllLineColumns()
	}
	cols = named(cols)
	list, cells := make([]string, len(cols)), make([]query.LineCell, len(cols))
	dest = make([]any, len(cols))
	for i, col := range cols {
		list[i] = column(col)
		cells[i] = query.LineCell{Col: out.Rows.Col(col), Of: tables.Lines().Columns[col].Type}
		dest[i] = &cells[i]
	}
	return strings.Join(list, ", "), dest
}

func (p *State) rows(ctx context.Context, from string, q *query.LineQuery, out *query.LinePage) error {
	names, dest := cellsOf(q, out)
	var s statement
	s.add("SELECT " + names + " FROM " + from)
	if err := s.ofCustomer(q); err != nil {
		return err
	}
	s.add(order()+" LIMIT ? OFFSET ?", q.Limit, q.Offset)
	return p.conn.Each(ctx, publish.ServerSelect{
		What: "read records", SQL: s.String(), Args: s.args, Into: dest, Begin: out.Rows.Reset,
	}, func() error {
		out.Rows.N++
		return nil
	})
}

// named returns columns without duplicates, and with those that Split needs.
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
func (p *State) split(ctx context.Context, from string, q *query.LineQuery, out *query.LinePage) error {
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
	err := p.conn.Each(ctx, publish.ServerSelect{
		What: "count lines of records", SQL: sql, Args: []any{q.Cycle.String(), q.Customer, ids},
		Into: []any{&k.day, &k.id, &k.start}, Begin: func() { clear(several) },
	}, func() error { several[k] = true; return nil })
	out.Split = make([]bool, out.Rows.N)
	for i := range keys {
		out.Split[i] = several[keys[i]]
	}
	return err
}

// shared finds the ids of the page that several records have.
func (p *State) shared(ctx context.Context, from string, q *query.LineQuery, out *query.LinePage) error {
	if out.Rows.N == 0 {
		return nil
	}
	ids := make([]string, out.Rows.N)
	for i := range ids {
		ids[i] = string(out.Rows.Text(tables.LineID).At(i))
	}
	var id string
	several := make(map[string]bool)
	err := p.conn.Each(ctx, publish.ServerSelect{
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

// maxNamed is the largest number of customers in a statement.
const maxNamed = 1000

// Sums implements Store. Errors are those of Page.
func (p *State) Sums(ctx context.Context, q query.SumQuery) (out []query.LineSum, err error) {
	err = p.of(ctx, q.Cycle, func(shown *Shown) error {
		from := shown.Rows(tables.Lines().Name)
		found := make(map[string]*query.LineSum)
		for at := 0; at < len(q.Customers); at += maxNamed {
			if err := p.sum(ctx, from, &q, q.Customers[at:min(at+maxNamed, len(q.Customers))], found); err != nil {
				return err
			}
		}
		out = query.SumsInOrder(found)
		return nil
	})
	if p.owed(ctx, err) {
		return p.lake.Sums(ctx, q)
	}
	return out, err
}

func (p *State) sum(ctx context.Context, from string, q *query.SumQuery, customers []string,
	to map[string]*query.LineSum) error {
	var s statement
	s.add("SELECT ")
	for _, col := range q.By {
		s.add("toString(" + column(col) + "), ")
	}
	s.add("count()")
	for _, col := range query.AmountColumns() {
		// a sum of Decimal(38) overflows silently
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
	by, amounts := make([]string, len(q.By)), [query.SumAmounts]string{}
	var n uint64
	var dest []any
	for i := range by {
		dest = append(dest, &by[i])
	}
	dest = append(dest, &n)
	for i := range amounts {
		dest = append(dest, &amounts[i])
	}
	var list []query.LineSum
	err := p.conn.Each(ctx, publish.ServerSelect{
		What: "add records up", SQL: s.String(), Args: s.args, Into: dest, Begin: func() { list = nil },
	}, func() error {
		sum := query.LineSum{By: append([]string(nil), by...), Lines: int64(n)}
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
			continue // without groups there is one row over no lines
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
func (p *State) Shares(ctx context.Context, cycle lake.Cycle) (out []query.PartnerShare, err error) {
	err = p.of(ctx, cycle, func(shown *Shown) error {
		var s query.PartnerShare
		sql := "SELECT partner_id, association_type, customer_id FROM " + shown.Rows(tables.Lines().Name) +
			" AND cycle = ? AND partner_id != '' GROUP BY partner_id, association_type, customer_id ORDER BY " +
			"partner_id, association_type, customer_id"
		return p.conn.Each(ctx, publish.ServerSelect{
			What: "list who consumed", SQL: sql, Args: []any{cycle.String()},
			Into: []any{&s.Partner, &s.Association, &s.Customer}, Begin: func() { out = nil },
		}, func() error { out = append(out, s); return nil })
	})
	if p.owed(ctx, err) {
		return p.lake.Shares(ctx, cycle)
	}
	return out, err
}
