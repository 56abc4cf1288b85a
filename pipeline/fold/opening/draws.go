package opening

import (
	"math"

	"github.com/tollbook/tollbook/pipeline/fold/rated"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Billed selects the records of a bucket that have drawn: those billed in cycles before Before, and late records billed
// in a cycle up to Late. Their draws include the re-rates that were posted up to the cycle Reposted.
type Billed struct {
	Before         period.Cycle // the first cycle whose own records do not count
	Late, Reposted period.Cycle
}

// recordKey is the identity of a usage record (§3.20).
type recordKey struct {
	customer int32
	origin   period.Cycle
	id       string
}

// draws holds what records draw.
type draws struct {
	src    *Source
	bucket int
	who    map[string]int32 // the requested customers
	span   period.Span      // records that began before it are omitted; files of days after it are not read
	all    map[recordKey]drew
	lost   period.Instant // the end of the last cycle with positions and no records, because it was archived
}

// drew is what one record draws.
type drew struct {
	start period.Instant
	draws string
}

// readDraws reads what those records of some customers of a bucket draw that began in a span.
func (s *Source) readDraws(bucket int, customers []int32, span period.Span, billed Billed) (*draws, error) {
	d := &draws{src: s, bucket: bucket, who: make(map[string]int32), span: span, all: make(map[recordKey]drew),
		lost: period.Past}
	for _, c := range customers {
		d.who[s.Books.Customers[c].ID] = c
	}
	first := period.Cycle(0)
	if span.From != period.Past {
		first = s.Books.Zone.Cycle(span.From)
	}
	upTo := max(billed.Before, billed.Late, billed.Reposted)
	for _, c := range s.Cycles(upTo) {
		if span.From != period.Past && c < first {
			continue
		}
		if c < billed.Before {
			if err := d.own(c); err != nil {
				return nil, err
			}
		}
	}
	var gone []recordKey
	for _, c := range s.Cycles(upTo) {
		if c <= billed.Late {
			list, err := d.late(c)
			if err != nil {
				return nil, err
			}
			gone = append(gone, list...)
		}
	}
	redrawn, retained := make(map[recordKey]string), make(map[recordKey]string)
	for _, c := range s.Cycles(upTo) {
		if c <= billed.Reposted {
			if err := d.changed(tables.Redraws(), c, redrawn); err != nil {
				return nil, err
			}
		}
		if c <= billed.Late {
			if err := d.changed(tables.RetainedDraws(), c, retained); err != nil {
				return nil, err
			}
		}
	}
	for _, key := range gone {
		redrawn[key] = retained[key] // "" if its reversal gave everything back
	}
	for key, text := range redrawn {
		if one, ok := d.all[key]; ok {
			d.all[key] = drew{one.start, text}
		}
	}
	return d, nil
}

// own reads the records that a cycle billed, from its lines and from the usage table.
func (d *draws) own(cycle period.Cycle) error {
	from, to := period.Day(math.MinInt32), d.src.Books.Zone.Day(d.span.To)
	if d.span.From != period.Past {
		from = d.src.Books.Zone.Day(d.span.From)
	}
	files, err := d.src.Rated.Select(d.src.Files, manifest.CycleOf(cycle), func(k manifest.FileKey) bool {
		day, ok := k.Day.Calendar()
		return ok && k.Bucket == d.bucket && day >= from && day <= to &&
			(k.Table == tables.Lines().Name || k.Table == tables.Usage().Name || k.Table == tables.Positions().Name)
	})
	if err != nil {
		return err
	}
	records := false
	for _, e := range files {
		switch e.Table {
		case tables.Lines().Name:
			records = true
			err = d.lines(e, func(c *parquet.Columns[tables.Line], i int) error {
				d.add(cycle, c.Word(tables.LineCustomerID).At(i), c.Text(tables.LineID).At(i),
					drew{c.Time(tables.LineUsageStart).At(i), string(c.Text(tables.LinePackageDraws).At(i))})
				return nil
			})
		case tables.Usage().Name:
			records = true
			err = d.table(e, tables.Usage(), func(c *parquet.Columns[tables.Record], i int) error {
				d.record(cycle, c, i)
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	if len(files) > 0 && !records {
		d.lost = max(d.lost, d.src.Books.Zone.Bounds(cycle).To)
	}
	return nil
}

// lines visits at least the lines of the customers. For a single customer it reads only parts of the file.
func (d *draws) lines(e manifest.FileEntry, visit func(*parquet.Columns[tables.Line], int) error) error {
	if rated.Is(e) {
		return d.src.Rated.Look(e.FileKey).Each(visit)
	}
	if len(d.who) == 1 {
		for id := range d.who {
			return tablefile.EachOf(d.src.Files, e, tables.Lines(), tables.LineCustomerID, id, visit)
		}
	}
	return tablefile.Each(d.src.Files, e, tables.Lines(), tables.Columns(tables.LineCustomerID, tables.LineID,
		tables.LineUsageStart, tables.LinePackageDraws), visit)
}

// table visits the rows of a table that begins with the columns of usage.
func (d *draws) table(e manifest.FileEntry, def tables.Def[tables.Record],
	visit func(*parquet.Columns[tables.Record], int) error) error {
	columns := tables.Columns(tables.RecordCustomerID, tables.RecordRecordID, tables.RecordUsageStart,
		tables.RecordReplaces, tables.RecordStatus, tables.RecordDraws)
	if def.Name == tables.Late().Name {
		columns = append(columns, tables.RecordOriginCycle.Of())
	}
	return tablefile.Each(d.src.Files, e, def, columns, visit)
}

// record adds a record that counts.
func (d *draws) record(origin period.Cycle, c *parquet.Columns[tables.Record], i int) {
	if c.Small(tables.RecordStatus).At(i) != tables.Replaced {
		d.add(origin, c.Word(tables.RecordCustomerID).At(i), c.Text(tables.RecordRecordID).At(i),
			drew{c.Time(tables.RecordUsageStart).At(i), string(c.Text(tables.RecordDraws).At(i))})
	}
}

// late reads the late records that were billed in a cycle, and lists the records that they replace.
func (d *draws) late(cycle period.Cycle) (gone []recordKey, err error) {
	files, err := d.src.Files.Find(manifest.FileKey{Table: tables.Late().Name, Cycle: manifest.CycleOf(cycle),
		Bucket: d.bucket})
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		err := d.table(e, tables.Late(), func(c *parquet.Columns[tables.Record], i int) error {
			origin, err := period.ParseCycle(c.Word(tables.RecordOriginCycle).At(i))
			if err != nil {
				return err
			}
			if who, ok := d.who[c.Word(tables.RecordCustomerID).At(i)]; ok {
				if id := c.Text(tables.RecordReplaces).At(i); len(id) > 0 {
					gone = append(gone, recordKey{who, origin, string(id)})
				}
			}
			d.record(origin, c, i)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// changed reads draws of records of closed cycles that replace those with which the records were billed.
func (d *draws) changed(def tables.Def[tables.Redraw], cycle period.Cycle, to map[recordKey]string) error {
	files, err := d.src.Files.Find(manifest.FileKey{Table: def.Name, Cycle: manifest.CycleOf(cycle), Bucket: d.bucket})
	if err != nil {
		return err
	}
	for _, e := range files {
		err := tablefile.Each(d.src.Files, e, def, nil, func(c *parquet.Columns[tables.Redraw], i int) error {
			who, ok := d.who[c.Word(tables.RedrawCustomerID).At(i)]
			if !ok {
				return nil
			}
			origin, err := period.ParseCycle(c.Word(tables.RedrawOriginCycle).At(i))
			to[recordKey{who, origin, string(c.Text(tables.RedrawRecordID).At(i))}] = string(
				c.Text(tables.RedrawDraws).At(i))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds a record, or a further line of a record.
func (d *draws) add(origin period.Cycle, customer string, id []byte, one drew) {
	who, ok := d.who[customer]
	if !ok || one.start < d.span.From {
		return
	}
	key := recordKey{who, origin, string(id)}
	if one.draws != "" || d.all[key].draws == "" {
		d.all[key] = one
	}
}

// complete reports whether no record that began in a span is archived.
func (d *draws) complete(span period.Span) bool { return span.From >= d.lost }

// of returns what those records of a customer draw from a package that began in a span.
func (d *draws) of(p *books.Package, span period.Span) (sum money.Quantity, err error) {
	for key, one := range d.all {
		if key.customer != p.Customer || !span.Holds(one.start) || !p.Valid.Holds(one.start) {
			continue
		}
		err := line.EachDraw(one.draws, money.ParseQuantity, func(id string, q money.Quantity) (err error) {
			if id == p.ID {
				sum, err = sum.Add(q)
			}
			return err
		})
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// DrawnBy returns what those billed records of a package's customer draw from it that began in a span. If some of these
// records are archived, complete is false and they are not included.
func (s *Source) DrawnBy(p *books.Package, span period.Span, billed Billed) (sum money.Quantity, complete bool,
	err error) {
	d, err := s.readDraws(s.bucket(p.Customer), []int32{p.Customer}, span, billed)
	if err != nil {
		return sum, false, err
	}
	sum, err = d.of(p, span)
	return sum, d.complete(span), err
}
