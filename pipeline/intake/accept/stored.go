package accept

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// footer follows the rows of a run that is stored in its own file. It is followed by its CRC-32C, four bytes,
// little-endian.
type footer struct {
	Regions  [][]byte        `json:"regions"` // words of the region codes of the rows
	Segments []storedSegment `json:"segments"`
}

// storedSegment is a segment in a footer.
type storedSegment struct {
	Part RunPart   `json:"part"`
	Key  RecordKey `json:"first"`
	Off  int64     `json:"off"`
	Size int64     `json:"size"`
	Rows int64     `json:"rows"`
	Sum  uint32    `json:"sum"` // CRC-32C
}

const footerKind = "sorted run"

// sumBytes is the length of a footer's checksum.
const sumBytes = 4

// Footer returns the end of a file of the run's rows, so that OpenStored can open it. regions are the words of region
// codes.
func (r *Run) Footer(regions []string) ([]byte, error) {
	f := footer{Regions: [][]byte{}, Segments: []storedSegment{}}
	for _, word := range regions {
		f.Regions = append(f.Regions, []byte(word))
	}
	for _, s := range r.segments {
		f.Segments = append(f.Segments, storedSegment{s.part, s.first, s.off, s.size, s.rows, s.sum})
	}
	b, err := lake.EncodeTask(footerKind, &f)
	if err != nil {
		return nil, err
	}
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return binary.LittleEndian.AppendUint32(b, sum), nil
}

// OpenStored opens a run that is stored with a footer, which begins after the given bytes of rows. code returns the
// region code of the current run for a word; rows are returned with these codes (SORT-4).
func OpenStored(data io.ReaderAt, rows, size int64, code func(region string) int32) (*Run, error) {
	b, err := readFooter(data, rows, size)
	if err != nil {
		return nil, fmt.Errorf("read the footer of a sorted run: %w", err)
	}
	var f footer
	if err := lake.DecodeTask(footerKind, b, &f); err != nil {
		return nil, err
	}
	r, end := &Run{data: data, stored: true}, int64(0)
	for _, s := range f.Segments {
		if s.Off != end || s.Size <= 0 || s.Rows <= 0 {
			return nil, fmt.Errorf("read the footer of a sorted run: the segment of part %d is at %d, want %d", s.Part,
				s.Off, end)
		}
		end += s.Size
		r.segments = append(r.segments, segment{s.Part, s.Key, s.Off, s.Size, s.Rows, s.Sum})
	}
	if end != rows {
		return nil, fmt.Errorf("read the footer of a sorted run: its segments have %d bytes, the file has %d", end,
			rows)
	}
	differ := false
	for i, word := range f.Regions {
		c := code(string(word))
		differ = differ || c != int32(i)
		r.regions = append(r.regions, c)
	}
	if !differ {
		r.regions = nil
	}
	return r, nil
}

func readFooter(data io.ReaderAt, rows, size int64) ([]byte, error) {
	if rows < 0 || size < rows+sumBytes {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, size-rows)
	if n, err := data.ReadAt(b, rows); n < len(b) {
		return nil, err
	}
	text, sum := b[:len(b)-sumBytes], binary.LittleEndian.Uint32(b[len(b)-sumBytes:])
	if crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, errors.New("it is damaged: its checksum is not the one that follows it")
	}
	return text, nil
}

// translated reads the rows of a segment with other region codes. Region codes are part of the content, by which rows
// of the same customer, start and id are ordered. Such rows are therefore translated together and sorted again.
type translated struct {
	regions []int32
	raw     cursor
	more    bool // raw is at a row that is not yet in rows
	began   bool
	mem     []byte
	rows    [][]byte // packed rows of one customer, start and id
	at      int
}

// next moves to the next row and returns its packed bytes; nil at the end.
func (t *translated) next() ([]byte, error) {
	if t.at++; t.at < len(t.rows) {
		return t.rows[t.at], nil
	}
	if !t.began {
		t.began = true
		var err error
		if t.more, err = t.raw.next(); err != nil {
			return nil, err
		}
	}
	t.rows, t.mem, t.at = t.rows[:0], t.mem[:0], 0
	if err := t.fill(); err != nil || len(t.rows) == 0 {
		return nil, err
	}
	slices.SortFunc(t.rows, func(a, b []byte) int { return tail(parseHead(a[4:]), parseHead(b[4:])) })
	return t.rows[0], nil
}

// fill translates the next row and all following rows with the same customer, start and id.
func (t *translated) fill() error {
	var first, row Record
	var ends []int
	for t.more {
		if err := t.raw.head.Row(&row); err != nil {
			return err
		}
		if len(ends) > 0 && row.Compare(&first) != 0 {
			break
		}
		if int(row.Region) >= len(t.regions) {
			return fmt.Errorf("record %q of a sorted run has region %d, the run has %d", row.ID, row.Region,
				len(t.regions))
		}
		row.Region = t.regions[row.Region]
		t.mem = row.Pack(t.mem)
		if ends = append(ends, len(t.mem)); len(ends) == 1 {
			first = Record{Customer: row.Customer, Start: row.Start, ID: slices.Clone(row.ID)}
		}
		var err error
		if t.more, err = t.raw.next(); err != nil {
			return err
		}
	}
	from := 0
	for _, end := range ends {
		t.rows, from = append(t.rows, t.mem[from:end:end]), end
	}
	return nil
}
