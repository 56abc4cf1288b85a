package pay_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// world is a lake whose lines are written by the test and paid by the package under test.
type world struct {
	t       testing.TB
	st      *storage.Mem
	books   *books.Books
	ledger  bool
	buckets int
	workers int
	refold  bool // books or settings changed, and all lines were rated again
	again   bool // books or settings changed, but lines were kept as they were paid
	kept    bool // lines that paying writes are passed in memory, not in files (CASH-9)
	closed  period.Cycle
	rated   map[lake.FileKey]string // the text of the file of each key
	result  *pay.Result             // of all buckets in the last night
}

const (
	bookProducts = `sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name,usage_type,measure,pricing_model
ecs,Server,compute,Compute,vm,VM,duration,hour,flat
obs,Storage,storage,Storage,bucket,Bucket,capacity,GB,flat
month,Server,compute,Compute,vm,VM,subscription,count,period
`
	bookPrices = "sku,region_code,period_type,valid_from,tier,up_to,unit_price\necs,*,,2026-01-01,1,,1\n" +
		"obs,*,,2026-01-01,1,,1\nmonth,*,month,2026-01-01,1,,1\n"
	bookCustomers = "customer_id,name\nacme,Acme\nbeta,Beta\ngamma,Gamma\n"
	couponHeader  = "coupon_id,customer_id,kind,counts_as_performance,amount,min_consumption,service_type_code,sku," +
		"with_discount,valid_from,valid_to\n"
)

// newWorld returns an empty lake in the zone of Shanghai. coupons has rows of coupons.csv.
func newWorld(t testing.TB, ledger bool, coupons string) *world {
	t.Helper()
	w := &world{t: t, st: storage.NewMem(), ledger: ledger, buckets: 1, workers: 1, closed: lake.NoCycle,
		rated: make(map[lake.FileKey]string)}
	w.setCoupons(coupons)
	return w
}

func (w *world) setCoupons(rows string) {
	w.t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		w.t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{"products.csv": bookProducts, "prices.csv": bookPrices,
		"customers.csv": bookCustomers, "coupons.csv": couponHeader + rows} {
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
		fsys[name] = fsys["books/"+name]
	}
	if w.books, err = load.Books(fsys,
		settings.Settings{Zone: zone, Currency: settings.Currency{Code: "CNY", Digits: 2}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) amount(text string) money.Amount {
	w.t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// instant parses a time such as `2026-09-03 10:00` in the contract zone.
func (w *world) instant(text string) period.Instant {
	w.t.Helper()
	at, err := period.ParseInstant(strings.Replace(text, " ", "T", 1) + ":00+08:00")
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// clock formats an instant as instant parses it.
func (w *world) clock(at period.Instant) string {
	d, micros := w.books.Zone.Local(at)
	text := fmt.Sprintf("%s %02d:%02d", d, micros/period.Hour, micros%period.Hour/period.Minute)
	if rest := micros % period.Minute; rest > 0 {
		text += fmt.Sprintf(":%02d.%06d", rest/period.Second, rest%period.Second)
	}
	return text
}

func (w *world) open() *lake.Lake {
	w.t.Helper()
	l, err := lake.Open(w.st, lake.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// night rates the given cycles, pays and commits. The text of a cycle has one item per line:
//
//	usage|late|rerate|end|adjust CUSTOMER DATE TIME ID SKU PAYMENT [discount=ID] [at=DATE_TIME]
//	 [tier=N] [kind=K] [resource=R] [price=P] [origin=CYCLE]
//	order|unsubscribe CUSTOMER DATE TIME ID/LINE SKU PAYMENT [coupons=A;B] [payer=P] [of=ID/LINE] [until=DATE]
//	event CUSTOMER DATE TIME ID TYPE BALANCE AMOUNT
//
// The text is the complete content of the cycle. A file is rated again if its part of the text changed; with w.refold
// all files are.
func (w *world) night(cycles map[string]string) {
	w.t.Helper()
	txn, err := w.open().Begin()
	if err != nil {
		w.t.Fatal(err)
	}
	defer txn.Close()
	var list []period.Cycle
	for _, name := range slices.Sorted(maps.Keys(cycles)) {
		c, err := period.ParseCycle(name)
		if err != nil {
			w.t.Fatal(err)
		}
		w.rate(txn, name, cycles[name])
		list = append(list, c)
	}
	p := &pay.Payer{Base: txn.SubTxn.Base(), Books: w.books, Rules: payment.Rules{Ledger: w.ledger, Digits: 2},
		Refunds: ordering.RefundRules{UnconditionalHours: 24, Digits: 2},
		Buckets: w.buckets, Closed: w.closed,
		Refold: func(period.Cycle) bool {
			return w.refold || w.again
		}}
	results, err := w.payAll(w.t.Context(), txn, p, list)
	if err != nil {
		w.t.Fatal(err)
	}
	w.result = &pay.Result{}
	for bucket, r := range results {
		w.result.Days += r.Days
		w.result.Cycles = append(w.result.Cycles, r.Cycles...)
		w.result.Refused = append(w.result.Refused, r.Refused...)
		for _, one := range r.Refused {
			ids := make(map[string]bool)
			for _, id := range one.IDs {
				ids[string(id)] = true
			}
			w.flag(txn, lake.Place{Cycle: one.Cycle, Bucket: bucket}, ids)
		}
	}
	if _, err := txn.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// paid is the result of paying a bucket.
type paid struct {
	Changes *lake.Changes `json:"changes"`
	Result  *pay.Result   `json:"result"`
}

// payAll pays all buckets for the given rated cycles and returns the results by bucket.
func (w *world) payAll(ctx context.Context, txn *lake.Txn, p *pay.Payer, cycles []period.Cycle) (map[int]*pay.Result,
	error) {
	if err := p.Begin(); err != nil {
		return nil, err
	}
	results := make(map[int]*pay.Result)
	return results, lake.RunTasks(ctx, lake.LocalTasks{Workers: w.workers}, lake.TaskStage[lake.BucketState, paid]{
		Kind: "pay", Tasks: txn.BucketStates(p.Buckets),
		Worker: func() func(context.Context, *lake.BucketState) (*paid, error) {
			sub := txn.Sub()
			var payer *pay.Worker
			lines := state.NewRatedLines(sub, func(key lake.FileKey) bool { return w.kept && payer.Writes(key, false) })
			payer = p.NewWorker(sub, lines)
			return func(ctx context.Context, s *lake.BucketState) (*paid, error) {
				err := sub.Enter(s)
				if err == nil {
					err = keep(sub, lines, cycles)
				}
				if err != nil {
					return nil, err
				}
				r, err := payer.Pay(ctx, s.Bucket, cycles)
				return &paid{sub.Leave(), r}, errors.Join(err, lines.Left(), lines.Close())
			}
		},
		Take: func(r *paid) error {
			results[r.Changes.Bucket] = r.Result
			p.Take(r.Result)
			return txn.Take(r.Changes)
		},
	})
}

// keep moves the rated files of lines that paying will write into memory.
func keep(txn *lake.SubTxn, lines *state.RatedLines, cycles []period.Cycle) error {
	for _, c := range cycles {
		for _, e := range txn.Next().Files(lake.CycleOf(c)) {
			if e.Table != "lines" || !lines.Keeps(e.FileKey) {
				continue
			}
			was, err := txn.Base().Find(e.FileKey)
			if err != nil {
				return err
			}
			if len(was) > 0 && was[0].Path == e.Path {
				continue
			}
			r, err := rows.OpenFile(txn, e, tables.Lines(), nil)
			if err != nil {
				return err
			}
			for cols, err := r.Next(); cols != nil || err != nil; cols, err = r.Next() {
				if err != nil {
					return err
				}
				batch := parquet.NewColumns(tables.Lines())
				for i := range cols.N {
					rows.AppendRow(batch, rows.Row[tables.Line]{Cols: cols, I: i}, nil)
				}
				if _, err := lines.Add(e.FileKey, batch); err != nil {
					return err
				}
			}
			lines.End(e.FileKey, e.Sums)
			sums := e.FileKey
			sums.Table = "sums"
			err = errors.Join(r.Close(), txn.Next().Replace(e.FileKey), txn.Next().Replace(sums))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// close closes a cycle.
func (w *world) close(name string) {
	w.t.Helper()
	txn, err := w.open().Begin()
	if err != nil {
		w.t.Fatal(err)
	}
	defer txn.Close()
	if err := txn.Next().CloseThrough(lakekey.Cycle(name)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := txn.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if w.closed, err = period.ParseCycle(name); err != nil {
		w.t.Fatal(err)
	}
}

// rate writes those files of a cycle whose part of the text changed.
func (w *world) rate(txn *lake.Txn, cycle, text string) {
	w.t.Helper()
	parts := make(map[lake.FileKey][]string)
	for _, one := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(one)
		if len(f) < 6 {
			continue
		}
		day := map[string]lake.Day{"order": lake.EventsDay, "unsubscribe": lake.EventsDay,
			"adjust": lake.EventsDay, "late": lake.LateDay, "rerate": lake.RerateDay,
			"end": lake.EndDay}[f[0]]
		if f[0] == "usage" {
			day = lakekey.Day(f[2])
		}
		key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle(cycle), Day: day,
			Bucket: lake.BucketOf(f[1], w.buckets)}
		if f[0] == "event" {
			key.Table = "account_events"
		}
		parts[key] = append(parts[key], one)
		if f[0] == "order" || f[0] == "unsubscribe" {
			key.Table, key.Day = "orders", lake.Day{}
			parts[key] = append(parts[key], one)
		}
	}
	for key := range w.rated {
		if key.Cycle.String() == cycle && parts[key] == nil {
			parts[key] = nil
		}
	}
	for key, lines := range parts {
		if text := strings.Join(lines, "\n"); w.rated[key] != text || w.refold && key.Table == "lines" {
			w.rated[key] = text
			w.file(txn, key, lines)
		}
	}
}

// fields has the columns of one row by name. Columns that are not named are 0 or empty.
type fields map[string]string

// append adds a row to a batch.
func (w *world) append(c *parquet.Columns[tables.Any], f fields) {
	w.t.Helper()
	for name := range f {
		if c.Def.Index(name) < 0 {
			w.t.Fatalf("table %s has no column %s", c.Def.Name, name)
		}
	}
	for i, def := range c.Def.Columns {
		col, text := c.Col(tables.ColumnOf[tables.Any](i)), f[def.Name]
		switch def.Type {
		case tables.Word:
			col.AddWord(text)
		case tables.Text:
			col.AddText(text)
		case tables.Small:
			n, _ := strconv.Atoi(cmp.Or(text, "0"))
			col.Codes = append(col.Codes, int32(n))
		case tables.Amount, tables.Quantity, tables.Cost:
			col.AddDec(w.amount(cmp.Or(text, "0")).Raw())
		case tables.Whole:
			n, _ := strconv.Atoi(cmp.Or(text, "0"))
			col.Ints = append(col.Ints, int64(n))
		default:
			at := tables.Nothing
			if text != "" {
				at = w.instant(text)
			}
			col.Ints = append(col.Ints, int64(at))
		}
	}
	c.N++
}

// put writes a batch as the file of a key.
func (w *world) put(txn *lake.Txn, key lake.FileKey, c *parquet.Columns[tables.Any], summed ...string) {
	w.t.Helper()
	if c.N == 0 {
		if err := txn.Next().Entries.Replace(key); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	out, err := txn.SubTxn.Create(key)
	if err != nil {
		w.t.Fatal(err)
	}
	pq, err := parquet.NewWriter(out, c.Def)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, group := range w.groups(c, key) {
		if err := pq.Write(group); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := pq.Close(); err != nil {
		w.t.Fatal(err)
	}
	var columns tables.List[tables.Any]
	for _, name := range summed {
		columns = append(columns, tables.ColumnOf[tables.Any](c.Def.Index(name)))
	}
	sums, err := rows.SumsIn(c, columns)
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := out.Finish(int64(c.N), sums)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := txn.Next().Entries.Replace(key, e); err != nil {
		w.t.Fatal(err)
	}
}

// groups divides the lines of a day into row groups of two rows, so that some customers are in several groups.
func (w *world) groups(c *parquet.Columns[tables.Any], key lake.FileKey) []*parquet.Columns[tables.Any] {
	if _, ok := key.Day.Calendar(); !ok || key.Table != "lines" {
		return []*parquet.Columns[tables.Any]{c}
	}
	var out []*parquet.Columns[tables.Any]
	for i := range c.N {
		if i%2 == 0 {
			out = append(out, parquet.NewColumns(tables.Untyped(c.Def)))
		}
		rows.AppendRow(out[i/2], rows.Row[tables.Any]{Cols: c, I: i}, nil)
	}
	return out
}

// file writes the file of a key from its part of the text.
func (w *world) file(txn *lake.Txn, key lake.FileKey, text []string) {
	w.t.Helper()
	var rows []fields
	for _, one := range text {
		f := strings.Fields(one)
		switch key.Table {
		case "account_events":
			rows = append(rows, fields{"customer_id": f[1], "event_id": f[4], "time": f[2] + " " + f[3],
				"instant": f[2] + " " + f[3], "type": f[5],
				"balance_type": f[6], "amount": f[7], "as_of": f[2] + " " + f[3]})
		case "orders":
			rows = append(rows, orderFields(f))
		default:
			rows = append(rows, lineFields(key, f))
		}
	}
	slices.SortStableFunc(rows, func(a, b fields) int {
		return cmp.Or(strings.Compare(a["customer_id"], b["customer_id"]),
			strings.Compare(a["usage_start"], b["usage_start"]), strings.Compare(a["id"], b["id"]))
	})
	def := map[string]*tables.Table{"lines": tables.Lines().Table, "orders": tables.Orders().Table,
		"account_events": tables.AccountEvents().Table}[key.Table]
	c := parquet.NewColumns(tables.Untyped(def))
	refused := w.refusedIn(txn, key)
	for _, f := range rows {
		if refused[f["event_id"]] {
			f["refused"] = "1"
		}
		w.append(c, f)
	}
	if key.Table == "lines" {
		w.put(txn, key, c, "official_amount", "payment_amount", "cash_amount", "coupon_amount", "debt_amount")
		key.Table = "sums"
		w.put(txn, key, w.sums(rows).Any())
		return
	}
	w.put(txn, key, c)
}

// refusedIn reports which account events of a key were refused before. Events that are added leave the outcome of the
// existing ones unchanged.
func (w *world) refusedIn(txn *lake.Txn, key lake.FileKey) map[string]bool {
	w.t.Helper()
	out := make(map[string]bool)
	for _, e := range txn.Next().Entries.Find(key) {
		if key.Table != "account_events" {
			break
		}
		c := parquet.As[tables.AccountEvent](w.read(txn.SubTxn, e, tables.AccountEvents().Table))
		for i := range c.N {
			out[string(c.Text(tables.AccountEventEventID).At(i))] = c.Small(tables.AccountEventRefused).At(i) == 1
		}
	}
	return out
}

// sums returns the sums of rated lines in the order of customers.
func (w *world) sums(lines []fields) *parquet.Columns[tables.Sum] {
	w.t.Helper()
	c := parquet.NewColumns(tables.Sums())
	for len(lines) > 0 {
		n, total := 0, money.AmountTotal{}
		for n < len(lines) && lines[n]["customer_id"] == lines[0]["customer_id"] {
			if err := total.Add(w.amount(lines[n]["payment_amount"])); err != nil {
				w.t.Fatal(err)
			}
			n++
		}
		w.append(c.Any(), fields{"customer_id": lines[0]["customer_id"], "line_count": strconv.Itoa(n),
			"official_amount": total.String(), "payment_amount": total.String(), "cash_amount": total.String()})
		lines = lines[n:]
	}
	return c
}

// option returns the value of NAME=VALUE among words.
func option(words []string, name string) string {
	for _, word := range words {
		if v, ok := strings.CutPrefix(word, name+"="); ok {
			return v
		}
	}
	return ""
}

func lineFields(key lake.FileKey, f []string) fields {
	at := f[2] + " " + f[3]
	line := fields{"cycle": key.Cycle.String(), "day": key.Day.String(), "customer_id": f[1], "id": f[4], "sku": f[5],
		"trade_id": key.Cycle.String(), "trade_time": at, "consume_time": at,
		"usage_start": at, "usage_end": at, "kind": "usage", "service_type_code": map[string]string{"ecs": "compute",
			"obs": "storage", "month": "compute"}[f[5]],
		"payment_amount": f[6], "official_amount": f[6], "cash_amount": f[6], "discount_id": option(f, "discount"),
		"charging_mode": "3"}
	switch f[0] {
	case "order", "unsubscribe":
		line["kind"], line["charging_mode"] = map[string]string{"order": "order", "unsubscribe": "refund"}[f[0]], "1"
		line["trade_id"], _, _ = strings.Cut(f[4], "/")
	case "adjust", "late", "rerate":
		line["kind"] = "adjustment"
	case "end":
		line["kind"] = "period"
	}
	line["instant"] = strings.Replace(option(f, "at"), "_", " ", 1)
	line["tier"], line["resource_id"], line["unit_price"], line["origin_cycle"] = option(f, "tier"),
		option(f, "resource"), option(f, "price"), option(f, "origin")
	line["kind"] = cmp.Or(option(f, "kind"), line["kind"])
	return line
}

func orderFields(f []string) fields {
	id, line, _ := strings.Cut(f[4], "/")
	at := f[2] + " " + f[3]
	o := fields{"customer_id": f[1], "order_id": id, "order_line": line, "order_type": map[string]string{"order": "new",
		"unsubscribe": "unsubscribe"}[f[0]],
		"sku": f[5], "pay_time": at, "effective_time": at, "as_of": at, "payer": cmp.Or(option(f, "payer"), "customer"),
		"coupon_ids": option(f, "coupons")}
	if until := option(f, "until"); until != "" {
		o["expire_time"] = until + " 00:00"
	}
	o["base_order_id"], o["base_order_line"], _ = strings.Cut(option(f, "of"), "/")
	return o
}

// flag records in the account events of a place which events were refused, as a run does.
func (w *world) flag(txn *lake.Txn, at lake.Place, refused map[string]bool) {
	w.t.Helper()
	key := lake.FileKey{Table: "account_events", Cycle: lake.CycleOf(at.Cycle), Bucket: at.Bucket}
	for _, e := range txn.Next().Entries.Find(key) {
		c := parquet.As[tables.AccountEvent](w.read(txn.SubTxn, e, tables.AccountEvents().Table))
		for i := range c.N {
			c.Col(tables.AccountEventRefused.Of()).Codes[i] = 0
			if refused[string(c.Text(tables.AccountEventEventID).At(i))] {
				c.Col(tables.AccountEventRefused.Of()).Codes[i] = 1
			}
		}
		w.put(txn, key, c.Any())
	}
}

// read reads a file into one batch.
func (w *world) read(o rows.FileOpener, e lake.FileEntry, def *tables.Table) *parquet.Columns[tables.Any] {
	w.t.Helper()
	f, err := o.Open(e)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), tables.Untyped(def), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	all := parquet.NewColumns(tables.Untyped(def))
	for {
		c, err := r.Next()
		if err != nil {
			w.t.Fatal(err)
		}
		if c == nil {
			return all
		}
		for i := range c.N {
			rows.AppendRow(all, rows.Row[tables.Any]{Cols: c, I: i}, nil)
		}
	}
}

// show returns a table of a cycle as text, one row per line, file by file in the order of days.
func (w *world) show(cycle, name string) string {
	w.t.Helper()
	head, err := w.open().Head()
	if err != nil {
		w.t.Fatal(err)
	}
	files, err := head.Files(lakekey.Cycle(cycle))
	if err != nil {
		w.t.Fatal(err)
	}
	def := map[string]*tables.Table{"lines": tables.Lines().Table, "balances": tables.Balances().Table,
		"account_entries": tables.AccountEntries().Table, "sums": tables.Sums().Table}[name]
	var out []string
	for _, e := range files {
		if e.Table != name {
			continue
		}
		c := w.read(head, e, def)
		for i := range c.N {
			out = append(out, e.Day.String()+" "+w.row(c, i))
		}
	}
	return strings.Join(out, "\n")
}

// parts maps the words of show to the payment columns.
var parts = []struct{ word, column string }{{"coupon", "coupon_amount"}, {"stored", "stored_value_card_amount"},
	{"flexi", "flexipurchase_coupon_amount"},
	{"cash", "cash_amount"}, {"credit", "credit_amount"}, {"debt", "debt_amount"}}

func (w *world) row(c *parquet.Columns[tables.Any], i int) string {
	get := func(name string) string {
		k := c.Def.Index(name)
		switch c.Def.Columns[k].Type {
		case tables.Word:
			return c.Col(tables.ColumnOf[tables.Any](k)).Word(i)
		case tables.Text:
			return string(c.Col(tables.ColumnOf[tables.Any](k)).Text(i))
		case tables.Whole:
			return strconv.FormatInt(c.Col(tables.ColumnOf[tables.Any](k)).Ints[i], 10)
		case tables.Time:
			return w.clock(period.Instant(c.Col(tables.ColumnOf[tables.Any](k)).Ints[i]))
		}
		d := c.Col(tables.ColumnOf[tables.Any](k)).Decs[i]
		a, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			w.t.Fatal(err)
		}
		return a.Trim()
	}
	out := []string{get("customer_id")}
	paid := func() {
		for _, p := range parts {
			if v := get(p.column); v != "0" {
				out = append(out, p.word, v)
			}
		}
	}
	switch c.Def.Name {
	case "lines":
		out = append(out, get("id"), get("payment_amount")+":")
		paid()
	case "sums":
		out = append(out, get("line_count"), get("payment_amount")+":")
		paid()
	case "balances":
		out = append(out, get("balance"))
		if get("coupon_id") != "" {
			out = append(out, get("coupon_id"))
		}
		out = append(out, get("amount"))
	default:
		out = append(out, get("time"), get("id"), get("type"), get("balance_type"), get("amount"), "->",
			get("balance_after"))
	}
	return strings.Join(out, " ")
}

// same compares a table of a cycle, as show returns it, with the expected text.
func (w *world) same(cycle, name, want string) {
	w.t.Helper()
	var lines []string
	for _, one := range strings.Split(strings.TrimSpace(want), "\n") {
		lines = append(lines, strings.TrimSpace(one))
	}
	if got := w.show(cycle, name); got != strings.Join(lines, "\n") {
		w.t.Errorf("%s of %s:\n%s\nwant:\n%s", name, cycle, got, strings.Join(lines, "\n"))
	}
}

// files returns the files of the live state, except those of account events, with their sums.
func (w *world) files() string {
	w.t.Helper()
	head, err := w.open().Head()
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, ref := range head.Manifest.Cycles {
		files, err := head.Files(ref.Cycle)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range files {
			out = append(out, fmt.Sprintf("%s %d %v", e.Path, e.Rows, e.Sums))
		}
	}
	return strings.Join(out, "\n")
}

// refused compares the ids of a cycle's account events that are recorded as refused with the expected ones.
func (w *world) refused(cycle string, want ...string) {
	w.t.Helper()
	head, err := w.open().Head()
	if err != nil {
		w.t.Fatal(err)
	}
	files, err := head.Files(lakekey.Cycle(cycle))
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, e := range files {
		if e.Table != "account_events" {
			continue
		}
		c := parquet.As[tables.AccountEvent](w.read(head, e, tables.AccountEvents().Table))
		for i := range c.N {
			if c.Small(tables.AccountEventRefused).At(i) == 1 {
				got = append(got, string(c.Text(tables.AccountEventEventID).At(i)))
			}
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("refused are %v, want %v", got, want)
	}
}

// strays returns the files in the lake that the live state does not have.
func (w *world) strays() []string {
	w.t.Helper()
	named := w.files()
	entries, err := w.st.List("")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".parquet") && !strings.Contains(named, e.Name) ||
			strings.HasPrefix(e.Name, "tmp/") {
			out = append(out, e.Name)
		}
	}
	return out
}
