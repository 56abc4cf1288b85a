package lake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// ManifestFormat is the version of the layout of manifests and lists. A reader refuses any other (LAKE-16).
const ManifestFormat = 1

// CycleState says whether a cycle is open or closed (§7.1).
type CycleState string

// The states of a cycle.
const (
	CycleOpen   CycleState = "open"
	CycleClosed CycleState = "closed"
)

// NoBucket is the Bucket of a file with the rows of all buckets.
const NoBucket = -1

// Hash is the first 128 bits of a SHA-256, as 32 lower-case hexadecimal digits.
type Hash string

// HashBytes returns the hash of bytes.
func HashBytes(b []byte) Hash { return HashSum(sha256.Sum256(b)) }

// HashSum returns the hash with the beginning of a SHA-256.
func HashSum(sum [sha256.Size]byte) Hash { return Hash(hex.EncodeToString(sum[:hashBytes])) }

// hashBytes is the number of bytes of a SHA-256 that are kept: 128 bits prevent collisions.
const hashBytes = 16

// Manifest is one state of the lake. Its JSON has a fixed field order, sorted lists and no clock of its own: the same
// state from the same parent has the same bytes.
type Manifest struct {
	Format  int    `json:"format"`
	Number  int64  `json:"number"`  // 1 = the first; a lake without HEAD has number 0
	Parent  Hash   `json:"parent"`  // hash of the previous manifest; "" for the first
	AsOf    string `json:"as_of"`   // the run's clock, as the run gave it: RFC 3339, UTC
	Command string `json:"command"` // the run that made it, like `run nightly`
	// why the run was allowed more rejects than its gates; "" = it was not needed
	Accepted      string       `json:"accepted_rejects,omitempty"`
	ClosedThrough Cycle        `json:"closed_through"` // every cycle up to this one is closed, if there is one
	Buckets       int          `json:"buckets"`        // 0 = not set yet
	Units         Units        `json:"units,omitzero"` // of the first run
	Cycles        []CycleRef   `json:"cycles"`         // by Cycle
	Inputs        *ListRef     `json:"inputs"`         // nil = no input taken yet
	Loose         []FileEntry  `json:"loose"`          // files of no cycle, by Path
	Totals        []TableTotal `json:"totals"`         // by Name
	// ArchiveOf is set in an archive: the hash of the first manifest of the lake from which its cycles come. Inputs
	// stay in that lake.
	ArchiveOf Hash `json:"archive_of,omitempty"`
}

// Units are the settings that define the days, cycles and amounts of a lake. They never change (LAKE-20).
type Units struct {
	Zone     string `json:"zone"`
	Currency string `json:"currency"`
	Digits   int    `json:"digits"` // decimals of what is paid
}

// Check rejects settings that differ from those of the lake. The empty lake has none.
// Errors: *UnitsError.
func (u Units) Check(of Units) error {
	if u == (Units{}) || u == of {
		return nil
	}
	if u.Zone != of.Zone {
		return &UnitsError{Setting: "zone", Has: u.Zone, Wanted: of.Zone}
	}
	text := func(u Units) string { return fmt.Sprintf("{code: %s, digits: %d}", u.Currency, u.Digits) }
	return &UnitsError{Setting: "currency", Has: text(u), Wanted: text(of)}
}

// CycleRef is a cycle's state and the list of its files.
type CycleRef struct {
	Cycle    Cycle      `json:"cycle"` // always one
	State    CycleState `json:"state"`
	MonthEnd bool       `json:"month_end"`       // period-level lines are in
	Books    string     `json:"books"`           // hash of the books it was last rated with; "" = not rated
	Files    *ListRef   `json:"files,omitempty"` // nil = no files
	// Archived describes what left a closed cycle; nil = the cycle is complete.
	Archived *Archived `json:"archived,omitempty"`
	// ClosedWith is what the run that closed the cycle stored for its documents; zero = it is open.
	ClosedWith CloseSettings `json:"closed_with,omitzero"`
}

// CloseSettings are the settings with which a closed cycle was paid and rounded, and the sellers of its partners.
type CloseSettings struct {
	Payments     string `json:"payments"`
	RoundingMode string `json:"rounding_mode"`
	// Sellers has the partners whose statements name several sellers, by id.
	Sellers []PartnerSellers `json:"sellers,omitempty"`
}

// PartnerSellers has the sellers that a partner's statement names.
type PartnerSellers struct {
	PartnerID string   `json:"partner_id"`
	SellerIDs []string `json:"seller_ids"` // the last in time first
}

// FirstCycle returns the first cycle that has files or is closed; ok is false if there is none.
func (m *Manifest) FirstCycle() (first period.Cycle, ok bool) {
	for _, ref := range m.Cycles {
		if ref.Files != nil || ref.State == CycleClosed {
			return ref.Period(), true
		}
	}
	return first, false
}

// OldestOpen returns the cycle after the last closed one, otherwise the first with files; ok is false if there is none.
func (m *Manifest) OldestOpen() (period.Cycle, bool) {
	if through, ok := m.ClosedThrough.Period(); ok {
		return through + 1, true
	}
	return m.FirstCycle()
}

// ArchivedThrough returns the last archived cycle; none if no cycle is archived.
func (m *Manifest) ArchivedThrough(none period.Cycle) period.Cycle {
	for _, ref := range m.Cycles {
		if ref.Archived != nil {
			none = ref.Period()
		}
	}
	return none
}

// Archived describes the files that left a closed cycle, and their destination (LAKE-8). Files that later runs need
// stayed: Files of the CycleRef.
type Archived struct {
	Files ListRef     `json:"files"` // the cycle's previous list: the archive has it under the same name
	Where string      `json:"where"` // folder of the archive, as given to the run
	AsOf  string      `json:"as_of"` // that run's clock
	Run   int64       `json:"run"`   // number of the first manifest without these files
	Left  []LeftTable `json:"left"`  // by Table
}

// LeftTable counts the archived files of a table.
type LeftTable struct {
	Table string `json:"table"`
	Files int    `json:"files"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// ListRef names a list: a content-named JSON file below manifests/.
type ListRef struct {
	Name  string `json:"name"` // in the lake: manifests/files-2026-09-<hash>.json
	Hash  Hash   `json:"hash"`
	Count int    `json:"count"` // entries, with those of the lists of days
	// Days is the number of day lists that the list names (LAKE-17); 0 = it has all entries itself.
	Days int `json:"days,omitempty"`
}

// DayRef names the list of a day of a cycle.
type DayRef struct {
	Day Day `json:"day"` // of the calendar
	ListRef
}

// FileKey describes the content of a data file. Cycle and Day are also columns in the file.
type FileKey struct {
	Table  string `json:"table"`  // lines, usage, positions, …: lower-case letters, digits, underscore
	Cycle  Cycle  `json:"cycle"`  // no cycle for a file without one
	Day    Day    `json:"day"`    // of the calendar, a special one like EndDay, or none; needs Cycle
	Bucket int    `json:"bucket"` // from 0, or NoBucket
}

// FileEntry is one data file.
type FileEntry struct {
	FileKey
	Path  string      `json:"path"` // in the lake; follows from the key and the hash
	Hash  Hash        `json:"hash"` // of the bytes
	Bytes int64       `json:"bytes"`
	Rows  int64       `json:"rows"`
	Sums  []ColumnSum `json:"sums"` // by Column
	// Blocks is the CRC-32C of each 64 KiB of the bytes, eight hexadecimal digits per block. The checksums of the
	// complete blocks before BlocksAt are in the file at that byte, four bytes per block, little-endian; 0 = Blocks has
	// all checksums.
	Blocks   string `json:"blocks,omitempty"`
	BlocksAt int64  `json:"blocks_at,omitempty"`
}

// ColumnSum is the exact sum of a column, with the number of digits of its scale.
type ColumnSum struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

// TableTotal is one control total of a run (§6.6).
type TableTotal struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Input is one feed file that was ingested. It is identified by its hash (§2.3).
type Input struct {
	Feed      string `json:"feed"`
	Name      string `json:"name"` // below inbox/, as first seen
	Hash      string `json:"hash"` // as the feed reader computes it
	Bytes     int64  `json:"bytes"`
	Rows      int64  `json:"rows"`
	Accepted  int64  `json:"accepted"`
	Duplicate int64  `json:"duplicate"`
	Rejected  int64  `json:"rejected"`
	FirstDay  Day    `json:"first_day"` // of the accepted records; "" = none
	LastDay   Day    `json:"last_day"`
	Run       int64  `json:"run"` // number of the manifest that ingested it
}

// FileList is the layout of a list file.
type FileList[T any] struct {
	Format  int      `json:"format"`
	Cycle   Cycle    `json:"cycle,omitzero"`
	Day     Day      `json:"day,omitzero"`   // of the list of a day
	Days    []DayRef `json:"days,omitempty"` // day lists, by Day; their entries are not in Entries
	Entries []T      `json:"entries"`
}

// EncodeManifest returns the manifest's bytes, readable for people: indented, with a line end.
func EncodeManifest(m *Manifest) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// EncodeList returns a list's bytes: one entry per line, so that lists can be compared with diff.
func EncodeList[T any](l *FileList[T]) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"format":%d,`, ManifestFormat)
	if !l.Cycle.IsZero() {
		fmt.Fprintf(&out, `"cycle":%q,`, l.Cycle)
	}
	if !l.Day.IsZero() {
		fmt.Fprintf(&out, `"day":%q,`, l.Day)
	}
	if len(l.Days) > 0 {
		if err := encodeLines(&out, "days", l.Days); err != nil {
			return nil, err
		}
		out.WriteByte(',')
	}
	if err := encodeLines(&out, "entries", l.Entries); err != nil {
		return nil, err
	}
	out.WriteString("}\n")
	return out.Bytes(), nil
}

// encodeLines writes a field that is an array, one element per line.
func encodeLines[T any](out *bytes.Buffer, field string, of []T) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	fmt.Fprintf(out, "%q:[\n", field)
	for i := range of {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := enc.Encode(of[i]); err != nil { // ends the line
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

// DecodeManifest reads JSON strictly: no unknown key, nothing after the value.
func DecodeManifest(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// DecodeList reads a list as strictly as Decode.
func DecodeList[T any](b []byte, l *FileList[T]) error {
	if files, isFiles := any(l).(*FileList[FileEntry]); isFiles {
		if parsed, ok := parseFiles(b); ok {
			*files = parsed
			return nil
		}
	}
	return DecodeManifest(b, l)
}

// ParseHead reads the text of HEAD: the live manifest's number and hash.
func ParseHead(text []byte) (number int64, hash Hash, err error) {
	bad := fmt.Errorf("want one line `<number> <hash>`, found %q", text)
	line, ended := strings.CutSuffix(string(text), "\n")
	num, sum, two := strings.Cut(line, " ")
	if !ended || !two || !ValidHash(sum) {
		return 0, "", bad
	}
	number, err = strconv.ParseInt(num, 10, 64)
	if err != nil || number < 1 || num != strconv.FormatInt(number, 10) {
		return 0, "", bad
	}
	return number, Hash(sum), nil
}

// EncodeHead returns the text of HEAD that ParseHead reads.
func EncodeHead(number int64, hash Hash) []byte { return fmt.Appendf(nil, "%d %s\n", number, hash) }

// Period returns the cycle. DecodeNumbered accepts no manifest with a CycleRef without cycle.
func (r CycleRef) Period() period.Cycle { return r.Cycle.Or(0) }

// Equal reports whether a cycle is the same in two states; lists are compared by name and hash.
func (r CycleRef) Equal(o CycleRef) bool {
	sameFiles := r.Files == o.Files || r.Files != nil && o.Files != nil && *r.Files == *o.Files
	sameArchive := r.Archived == o.Archived || r.Archived != nil && o.Archived != nil && r.Archived.equal(o.Archived)
	return sameFiles && sameArchive && r.Cycle == o.Cycle && r.State == o.State && r.MonthEnd == o.MonthEnd &&
		r.Books == o.Books && r.ClosedWith.equal(&o.ClosedWith)
}

func (c *CloseSettings) equal(o *CloseSettings) bool {
	return c.Payments == o.Payments && c.RoundingMode == o.RoundingMode &&
		slices.EqualFunc(c.Sellers, o.Sellers, func(a, b PartnerSellers) bool {
			return a.PartnerID == b.PartnerID && slices.Equal(a.SellerIDs, b.SellerIDs)
		})
}

func (a *Archived) equal(o *Archived) bool {
	return a.Files == o.Files && a.Where == o.Where && a.AsOf == o.AsOf && a.Run == o.Run &&
		slices.Equal(a.Left, o.Left)
}

// SameAs reports whether a planned manifest has the same content as the live one, regardless of the run.
func (m Manifest) SameAs(live Manifest) (bool, error) {
	m.Number, m.Parent, m.AsOf, m.Command, m.Accepted = live.Number, live.Parent, live.AsOf, live.Command, live.Accepted
	if live.Number == 0 { // the empty lake was never written: give it the lists a written one has
		live.Cycles, live.Loose, live.Totals = []CycleRef{}, []FileEntry{}, []TableTotal{}
		live.Buckets, live.Units = m.Buckets, m.Units // these alone are nothing worth a manifest
	}
	a, err := EncodeManifest(&m)
	if err != nil {
		return false, err
	}
	b, err := EncodeManifest(&live)
	return string(a) == string(b), err
}

// Cycle returns a cycle's state; false if the manifest has no such cycle.
func (m *Manifest) Cycle(cycle Cycle) (CycleRef, bool) {
	for _, ref := range m.Cycles {
		if ref.Cycle == cycle {
			return ref, true
		}
	}
	return CycleRef{}, false
}
