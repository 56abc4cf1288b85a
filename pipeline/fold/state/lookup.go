package state

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lookup finds accepted records of one bucket and cycle in the lake, one customer at a time. For customers in ascending
// order it reads each row group at most once; a lower customer makes it start again. late holds the records that were
// accepted after the cycle was closed, which are in other files.
type lookup struct {
	state    *State
	files    []lake.FileEntry   // lines and usage of the bucket and cycle
	late     map[Identity]int64 // status
	replaced map[Identity]bool  // by a late record
	customer int32
	records  map[string]oldRecord
	walks    []*walk // one per file, in the order of files; nil before the first find
}

// oldRecord is what later decisions need of an accepted record.
type oldRecord struct {
	day    period.Day
	status int64
}

// walk is the position of a lookup in one file.
type walk struct {
	entry   lake.FileEntry
	day     period.Day
	isUsage bool
	group   int    // the next row group
	lowest  string // the first customer in it, if known
	ended   bool   // there are no more row groups
	cols    *parquet.Columns[tables.Any]
	at      int
	ranks   []int32 // of the words of cols, in the books' order of customers
}

func newLookup(s *State, files []lake.FileEntry) *lookup {
	return &lookup{state: s, files: files, customer: -1}
}

func (l *lookup) find(customer int32, id string) (oldRecord, bool, error) {
	if l.customer != customer {
		if err := l.load(customer); err != nil {
			return oldRecord{}, false, err
		}
	}
	r, ok := l.records[id]
	if status, isLate := l.late[Identity{customer, id}]; isLate {
		r, ok = oldRecord{status: status}, true
	}
	if l.replaced[Identity{customer, id}] {
		r.status = tables.Replaced
	}
	return r, ok, nil
}

// load reads the ids of all of a customer's accepted records of the cycle.
func (l *lookup) load(customer int32) error {
	if l.walks == nil || customer < l.customer {
		l.start()
	}
	l.customer, l.records = customer, make(map[string]oldRecord)
	for _, w := range l.walks {
		if err := l.walk(w); err != nil {
			return err
		}
	}
	return nil
}

// start goes to the first row of every file that contains records; month-end lines contain none.
func (l *lookup) start() {
	l.walks = l.walks[:0]
	for _, e := range l.files {
		if day, ok := e.Day.Calendar(); ok {
			l.walks = append(l.walks, &walk{entry: e, day: day, isUsage: e.Table == "usage"})
		}
	}
}

// walkedColumns are the columns that a walk reads; the table is known only at run time.
type walkedColumns struct {
	customer tables.WordColumn[tables.Any]
	id       tables.TextColumn[tables.Any]
	status   tables.ColumnOf[tables.Any] // for usage: the record's status
}

// columns returns the table that a walk reads, and its columns.
func (w *walk) columns() (def *tables.Table, cols walkedColumns) {
	if w.isUsage {
		return tables.Usage().Table, walkedColumns{tables.RecordCustomerID.Any(), tables.RecordRecordID.Any(),
			tables.RecordStatus.Of().Any()}
	}
	return tables.Lines().Table, walkedColumns{tables.LineCustomerID.Any(), tables.LineID.Any(),
		tables.LineKind.Of().Any()}
}

// walk reads the rows of the lookup's customer in a file. The status in the usage table takes precedence.
func (l *lookup) walk(w *walk) error {
	for {
		if w.cols != nil {
			if l.take(w); w.at < w.cols.N {
				return nil
			}
			w.cols = nil
		}
		if more, err := l.turn(w); err != nil || !more {
			return err
		}
	}
}

// take reads the customer's rows of the current row group and stops at the first row of a later customer.
func (l *lookup) take(w *walk) {
	_, of := w.columns()
	codes := w.cols.Word(of.customer).Codes()
	for ; w.at < w.cols.N && w.ranks[codes[w.at]] <= l.customer; w.at++ {
		if w.ranks[codes[w.at]] < l.customer {
			continue
		}
		key, status := string(w.cols.Text(of.id).At(w.at)), int64(tables.Counted)
		if w.isUsage {
			status = int64(w.cols.Col(of.status).Codes[w.at])
		}
		if old, ok := l.records[key]; !ok || w.isUsage {
			l.records[key] = oldRecord{day: w.day, status: max(old.status, status)}
		}
	}
}

// turn reads the next row group that may hold the customer; false if there is none. It skips the groups before it
// permanently. The file is open only during the call.
func (l *lookup) turn(w *walk) (bool, error) {
	who := l.state.Books.Customers[l.customer].ID
	if w.ended || who < w.lowest {
		return false, nil
	}
	def, of := w.columns()
	f, err := rows.OpenFile(l.state.Txn, w.entry, tables.Untyped(def),
		tables.Columns(of.customer, of.id, of.status))
	if err != nil {
		return false, err
	}
	defer f.Close()
	for range w.group {
		f.Skip()
	}
	for ; w.group < f.Groups(); w.group++ {
		low, high, ok := f.Bounds(of.customer)
		if ok && who > high {
			f.Skip()
			continue
		}
		if ok && who < low {
			w.lowest = low
			return false, nil
		}
		w.group++
		if w.cols, err = f.Next(); err != nil {
			return false, err
		}
		w.at, w.ranks = 0, w.ranks[:0]
		for _, word := range w.cols.Word(of.customer).Dict() {
			code, err := l.state.Names().Customer(word)
			if err != nil {
				return false, err
			}
			w.ranks = append(w.ranks, code)
		}
		return true, nil
	}
	w.ended = true
	return false, nil
}
