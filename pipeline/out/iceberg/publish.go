package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/table"
)

// Options says which tables are brought to a state, and how.
type Options struct {
	Warehouse *Warehouse
	Catalog   *CatalogClient // names the newest metadata files; nil = the largest number counts
	Namespace string         // of the tables in the catalog, and their folder in the warehouse
	Keep      time.Duration  // how long replaced snapshots are kept
	Now       period.Instant // time of the snapshots
	DryRun    bool           // report what would be done
	TakeOver  bool           // change the tables of another lake
	// StopAt is called at the points below: tests stop there. nil = nothing.
	StopAt func(point string) error
}

// The points at which tests stop a publish, in order. Each comes once per table, except the first and the last.
const (
	StopHeld      = "iceberg-held"      // the files of the new state will stay
	StopManifests = "iceberg-manifests" // manifests and their list are written, not yet in a snapshot
	StopVersion   = "iceberg-version"   // the table is in the new state, its hint in the old one; without a catalog
	StopCommitted = "iceberg-committed" // the table is in the new state
	StopCleaned   = "iceberg-cleaned"   // files that no snapshot names were deleted
)

// target is a table to publish.
type target struct {
	name string // its name in the namespace
	def  *table.Table
}

// targets returns the published tables. mixed adds the columns of cycles with several currencies.
func targets(mixed bool) []target {
	return []target{
		{"lines", table.Lines().Table},
		{"statements", table.StatementsOf(true, mixed).Table},
		{"accounts", table.AccountEntries().Table},
	}
}

// mixed reports whether any cycle of the state was billed in several currencies. A table that once had the currency
// column keeps it (ICE-6).
func (p *publisher) mixed() (bool, error) {
	for _, ref := range p.snap.Manifest.Cycles {
		def, err := rows.StatementsTable(p.snap, ref.Cycle)
		if err != nil || table.CurrencyColumn(def.Table) >= 0 {
			return err == nil, err
		}
	}
	return false, nil
}

const cycleColumn = "cycle"

// Report is what a publish did.
type Report struct {
	Warehouse string        `json:"warehouse"`
	Catalog   string        `json:"catalog,omitempty"` // the URL of the catalog that has the tables
	Namespace string        `json:"namespace"`
	Changed   bool          `json:"changed"`
	Manifest  int64         `json:"manifest"` // number of the lake's manifest that the tables show now
	Was       int64         `json:"was"`      // smallest number that a table showed before; 0 = none
	Tables    []TableReport `json:"tables"`
	Relinked  int           `json:"relinked"` // required links that were missing or damaged
	Expired   int           `json:"expired"`  // snapshots
	Deleted   int           `json:"deleted"`  // files that no snapshot names
	DryRun    bool          `json:"dry_run,omitempty"`
}

// TableReport says what was done with one table.
type TableReport struct {
	Table    string `json:"table"`
	Files    int    `json:"files"`
	Rows     int64  `json:"rows"`
	Added    int    `json:"files_added"`
	Removed  int    `json:"files_removed"`
	Snapshot int64  `json:"snapshot,omitempty"` // id of the newest one
}

// OtherLakeError says that a table has the rows of another lake (ICE-7).
type OtherLakeError struct{ Table string }

// Error names the table.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("Iceberg table %s contains the rows of another lake", e.Table)
}

// Diagnosis implements problem.Diagnosed.
func (e *OtherLakeError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "set another iceberg.namespace, or replace its rows with `tollbook publish --take-over`"
}

// attempts is how often a publish starts over after another publisher's commit or a failure of the catalog.
const attempts = 5

// Publish brings the tables to a state of the lake. Errors: *OtherLakeError, *ElsewhereError, *TableError, *LinkError,
// *CatalogError, those of a Snapshot (*lake.MovedError means that the state is no longer the newest), and
// *storage.LockedError if another process of this machine is publishing.
func Publish(ctx context.Context, o *Options, snap *lake.Snapshot) (report *Report, err error) {
	if !o.DryRun {
		lock, err := o.Warehouse.st.Lock()
		if err != nil {
			return nil, fmt.Errorf("publish to Iceberg: %w", err)
		}
		defer func() { err = errors.Join(err, lock.Unlock()) }()
	}
	for tries := range attempts {
		p := &publisher{Options: o, snap: snap, report: &Report{Warehouse: o.Warehouse.root, Namespace: o.Namespace,
			DryRun: o.DryRun}}
		if p.StopAt == nil {
			p.StopAt = func(string) error { return nil }
		}
		if p.Catalog != nil {
			p.report.Catalog = p.Catalog.Address()
		}
		err = p.publish(ctx)
		if report = p.report; tries+1 == attempts || !o.again(ctx, err, tries) {
			break
		}
	}
	return report, err
}

// errConflict reports that another publisher committed the same version first.
var errConflict = errors.New("another publisher committed first")

// publisher does one publish.
type publisher struct {
	*Options
	snap   *lake.Snapshot
	report *Report
	origin string
	tables []*state
}

// state is a table with its current and its wanted content.
type state struct {
	target
	folder  string
	version int                          // of meta; 0 = there is no table
	meta    *metadata                    // to be changed
	wanted  map[string][]*lake.FileEntry // by cycle
	entries []*lake.FileEntry            // all of them
	report  *TableReport

	// Only with a catalog:
	noted    registration // in the folder
	base     *metadata    // as the catalog has it; nil = the catalog lacks the table
	location string       // URI of base
}

func (p *publisher) publish(ctx context.Context) error {
	if p.snap.Manifest.Number == 0 {
		return nil
	}
	if live, err := p.snap.Live(); err != nil || !live {
		return errors.Join(err, p.moved())
	}
	origin, err := p.snap.Origin()
	if err != nil {
		return err
	}
	p.origin = string(origin)
	mixed, err := p.mixed()
	if err != nil {
		return err
	}
	for _, t := range targets(mixed) {
		if err := p.open(ctx, t); err != nil {
			return err
		}
	}
	p.report.Manifest = p.snap.Manifest.Number
	if !p.DryRun {
		for _, s := range p.tables {
			if p.Catalog == nil {
				break
			}
			if err := (registrar{p}).enter(ctx, s); err != nil {
				return err
			}
		}
		if err := p.hold(); err != nil {
			return err
		}
	}
	for i, s := range p.tables {
		s.report = &p.report.Tables[i]
		if err := p.bring(ctx, s); err != nil {
			return err
		}
	}
	if p.DryRun {
		return nil
	}
	for _, s := range p.tables {
		if err := p.clean(ctx, s); err != nil {
			return fmt.Errorf("clean up Iceberg table %s: %w", p.Warehouse.uri(s.folder), err)
		}
	}
	if err := p.release(ctx); err != nil {
		return err
	}
	return p.StopAt(StopCleaned)
}

// moved returns the error that the lake has a newer state.
func (p *publisher) moved() error {
	return &lake.MovedError{Name: "HEAD", Was: p.snap.Manifest.Number, Now: p.snap.Manifest.Number + 1}
}

// check rejects a table of another catalog or another lake.
func (p *publisher) check(s *state) error {
	at := p.Warehouse.uri(s.folder)
	switch {
	case strings.TrimSuffix(s.meta.Location, "/") != at:
		return &TableError{Table: at, What: "use", Err: fmt.Errorf("its location is %s: it was moved", s.meta.Location),
			InCatalog: s.base != nil}
	case s.meta.Properties[lakeProperty] != p.origin && !p.TakeOver:
		return &OtherLakeError{Table: at}
	}
	return nil
}

// open reads a table, and the lake's files for it.
func (p *publisher) open(ctx context.Context, t target) error {
	s := &state{target: t, folder: p.Namespace + "/" + t.name, wanted: make(map[string][]*lake.FileEntry)}
	var err error
	if p.Catalog != nil {
		err = p.lookUp(ctx, s)
	} else {
		s.version, s.meta, err = p.Warehouse.load(s.folder)
	}
	if err != nil {
		return err
	}
	if s.meta == nil {
		s.meta = newMetadata(t.def, p.Warehouse.uri(s.folder), uuid.NewString())
	} else if err := p.check(s); err != nil {
		return err
	}
	p.report.Tables = append(p.report.Tables, TableReport{Table: t.name})
	r := &p.report.Tables[len(p.report.Tables)-1]
	for _, ref := range p.snap.Manifest.Cycles {
		if ref.Archived != nil && t.def.Name == table.Lines().Name {
			continue // of these lines only those that later runs read are kept
		}
		files, err := p.snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		cycle := ref.Cycle.String()
		for i := range files {
			if e := &files[i]; e.Table == t.def.Name {
				s.wanted[cycle] = append(s.wanted[cycle], e)
				s.entries = append(s.entries, e)
				r.Rows += e.Rows
			}
		}
	}
	r.Files = len(s.entries)
	if shown := s.shown(); len(p.tables) == 0 || shown < p.report.Was {
		p.report.Was = shown
	}
	p.tables = append(p.tables, s)
	return nil
}

// shown returns the number of the lake's manifest that a table shows; 0 = none.
func (s *state) shown() int64 {
	number, _ := shownBy(s.meta.current())
	return number
}

// Keys of a snapshot's summary (ICE-1).
const (
	manifestKey = "tollbook.manifest"
	hashKey     = "tollbook.manifest-hash"
	asOfKey     = "tollbook.as-of"
	commandKey  = "tollbook.command"
)

// shownBy returns the state that a snapshot shows; 0 = tollbook did not publish it.
func shownBy(s *snapshot) (number int64, hash lake.Hash) {
	if s == nil {
		return 0, ""
	}
	number, err := strconv.ParseInt(s.Summary[manifestKey], 10, 64)
	if err != nil {
		return 0, ""
	}
	return number, lake.Hash(s.Summary[hashKey])
}

// hold ensures that the data files of the state are kept (ICE-4).
func (p *publisher) hold() error {
	if err := p.snap.Pin(p.pinner()); err != nil {
		return err
	}
	for _, s := range p.tables {
		made, err := p.Warehouse.hold(s.folder, p.snap, s.entries)
		if err != nil {
			return err
		}
		if number, hash := shownBy(s.meta.current()); number == p.snap.Manifest.Number && hash == p.snap.Hash {
			p.report.Relinked += made
		}
	}
	return p.StopAt(StopHeld)
}

// pinner returns the name of these tables in the pins of the lake.
func (p *publisher) pinner() string {
	return "iceberg-" + string(lake.HashBytes([]byte(p.Warehouse.uri(p.Namespace)))[:8])
}

// release ends the pins of states that no snapshot shows any more (ICE-4).
func (p *publisher) release(ctx context.Context) error {
	needed := make(map[int64]lake.Hash)
	for _, s := range p.tables {
		for i := range s.meta.Snapshots {
			number, hash := shownBy(&s.meta.Snapshots[i])
			needed[number] = hash
		}
	}
	return p.snap.Unpin(ctx, p.pinner(), func(number int64, hash lake.Hash) bool { return needed[number] == hash })
}

// bring commits a new snapshot, unless the table already shows the state.
func (p *publisher) bring(ctx context.Context, s *state) error {
	number, hash := shownBy(s.meta.current())
	same := number == p.snap.Manifest.Number && hash == p.snap.Hash && s.meta.Properties[lakeProperty] == p.origin
	evolved := s.meta.widen(s.def)
	next, err := p.plan(s)
	if err != nil {
		return err
	}
	s.report.Added, s.report.Removed = next.addedFiles, next.removedFiles
	if same && !evolved && !next.changed() {
		s.report.Snapshot = s.meta.CurrentSnapshotID
		return p.correctHint(s)
	}
	p.report.Changed = true
	if p.DryRun {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.write(s, next); err != nil {
		return err
	}
	if err := p.StopAt(StopManifests); err != nil {
		return err
	}
	p.advance(s, next)
	if p.Catalog != nil {
		err = registrar{p}.commitRegistered(ctx, s, next.id)
	} else {
		err = p.commit(s)
	}
	if err != nil {
		return err
	}
	s.report.Snapshot = s.meta.CurrentSnapshotID
	return p.StopAt(StopCommitted)
}

// mainBranch is the branch that readers see.
const mainBranch = "main"

// advance adds the next snapshot to the metadata of a table, and expires older ones.
func (p *publisher) advance(s *state, next *plan) {
	m := s.meta
	at := max(int64(p.Now)/int64(period.Second/1000), m.LastUpdatedMS+1)
	if s.version > 0 {
		m.MetadataLog = append(m.MetadataLog,
			metadataLog{p.Warehouse.uri(metadataFile(s.folder, s.version)), m.LastUpdatedMS})
	}
	parent := m.currentID()
	m.LastUpdatedMS, m.LastSequenceNumber = at, next.sequence
	m.Snapshots = append(m.Snapshots, snapshot{ID: next.id, ParentID: parent, SequenceNumber: next.sequence,
		TimestampMS: at, ManifestList: p.Warehouse.uri(next.list), Summary: p.summary(s, next),
		SchemaID: m.CurrentSchemaID})
	m.SnapshotLog = append(m.SnapshotLog, snapshotLog{next.id, at})
	m.CurrentSnapshotID = next.id
	if p.Catalog == nil || m.Refs == nil { // in a catalog, others can have added branches and tags
		m.Refs = make(map[string]ref)
	}
	m.Refs[mainBranch] = ref{next.id, "branch"}
	m.Properties[lakeProperty], m.Properties[gcProperty] = p.origin, "false"
	p.report.Expired += m.expire(at - p.Keep.Milliseconds())
}

// commit creates the next version of the table (ICE-3).
func (p *publisher) commit(s *state) error {
	text, err := encode(s.meta)
	if err != nil {
		return err
	}
	name := metadataFile(s.folder, s.version+1)
	switch err := p.Warehouse.create(name, text); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("commit %s: %w", p.Warehouse.uri(name), errConflict)
	case err != nil:
		return fmt.Errorf("commit %s: %w", p.Warehouse.uri(name), err)
	}
	s.version++
	if err := p.StopAt(StopVersion); err != nil {
		return err
	}
	return p.Warehouse.replaceHint(s.folder, s.version)
}

// correctHint corrects a hint that an interrupted publish did not update (ICE-8). Readers that use only the hint would
// read the older state until the next commit.
func (p *publisher) correctHint(s *state) error {
	if p.DryRun || p.Catalog != nil || s.version == 0 {
		return nil
	}
	text, err := p.Warehouse.read(hintOf(s.folder))
	if err == nil && string(text) == strconv.Itoa(s.version) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", p.Warehouse.uri(hintOf(s.folder)), err)
	}
	return p.Warehouse.replaceHint(s.folder, s.version)
}

// expire drops the snapshots that were replaced before an instant (ICE-5) and that no branch or tag names, and their
// entries in the logs.
func (m *metadata) expire(before int64) (dropped int) {
	named := make(map[int64]bool)
	for _, r := range m.Refs {
		named[r.SnapshotID] = true
	}
	kept := m.Snapshots[:0:0]
	for i := range m.Snapshots {
		if i+1 < len(m.Snapshots) && m.Snapshots[i+1].TimestampMS <= before && !named[m.Snapshots[i].ID] {
			dropped++
			continue
		}
		kept = append(kept, m.Snapshots[i])
	}
	m.Snapshots = kept
	known := func(id int64) bool {
		return slices.ContainsFunc(kept, func(s snapshot) bool { return s.ID == id })
	}
	// The log of snapshots must not have gaps: entries before an unknown snapshot are useless.
	for i := len(m.SnapshotLog) - 1; i >= 0; i-- {
		if !known(m.SnapshotLog[i].SnapshotID) {
			m.SnapshotLog = m.SnapshotLog[i+1:]
			break
		}
	}
	m.MetadataLog = slices.DeleteFunc(m.MetadataLog, func(l metadataLog) bool { return l.TimestampMS < before })
	return dropped
}

// summary returns the summary of a new snapshot.
func (p *publisher) summary(s *state, next *plan) map[string]string {
	operation := "append"
	switch {
	case next.removedFiles > 0 && next.addedFiles == 0:
		operation = "delete"
	case next.removedFiles > 0:
		operation = "overwrite"
	}
	var bytes int64
	for _, e := range s.entries {
		bytes += e.Bytes
	}
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]string{
		"operation": operation, manifestKey: text(p.snap.Manifest.Number), hashKey: string(p.snap.Hash),
		asOfKey: p.snap.Manifest.AsOf, commandKey: p.snap.Manifest.Command,
		"added-data-files": text(int64(next.addedFiles)), "deleted-data-files": text(int64(next.removedFiles)),
		"added-records": text(next.addedRows), "deleted-records": text(next.removedRows),
		"total-data-files": text(int64(len(s.entries))), "total-records": text(s.report.Rows),
		"total-files-size": text(bytes), "total-delete-files": "0", "total-position-deletes": "0",
		"total-equality-deletes": "0",
	}
}

// Shown returns the number of the lake's manifest that the tables show: the smallest one if a publish was interrupted;
// 0 = no table, or one that tollbook did not publish. hashes are those of the shown manifests with this number: two if
// the lake was restored and the next publish was interrupted. c is the catalog of the tables; nil = none.
func Shown(ctx context.Context, w *Warehouse, c *CatalogClient, namespace string) (oldest int64,
	hashes []lake.Hash, err error) {
	p := &publisher{Options: &Options{Warehouse: w, Catalog: c, Namespace: namespace}}
	for i, t := range targets(false) {
		s := &state{target: t, folder: namespace + "/" + t.name}
		if c == nil {
			_, s.meta, err = w.load(s.folder)
		} else if err = p.lookUp(ctx, s); s.base == nil {
			s.meta = nil // the table is not registered yet
		}
		if err != nil {
			return 0, nil, err
		}
		var number int64
		var hash lake.Hash
		if s.meta != nil {
			number, hash = shownBy(s.meta.current())
		}
		if i == 0 || number < oldest {
			oldest, hashes = number, nil
		}
		if number == oldest && !slices.Contains(hashes, hash) {
			hashes = append(hashes, hash)
		}
	}
	return oldest, hashes, nil
}
