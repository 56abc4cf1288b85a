package accept

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Reject is one record that was not accepted.
type Reject struct {
	File   int32 // index in the run's files
	Row    int64
	Reason reason.Reason
	Column string
	Value  string // as seen
	ID     string // the record's identity, if it can be read
	Raw    []byte // the complete record in its original form
	// Who is the identity of a usage record or sample, as it was read; without Feed it is unknown.
	Who RejectIdentity
}

// rejectMessage is the encoding of a reject in a message. Its texts need not be UTF-8.
type rejectMessage struct {
	File   int32  `json:"file"`
	Row    int64  `json:"row"`
	Reason string `json:"reason"`
	Column []byte `json:"column"`
	Value  []byte `json:"value"`
	ID     []byte `json:"id"`
	Raw    []byte `json:"raw"`
}

// MarshalJSON implements json.Marshaler, for messages between tasks.
func (r Reject) MarshalJSON() ([]byte, error) {
	return json.Marshal(rejectMessage{r.File, r.Row, r.Reason.String(), []byte(r.Column), []byte(r.Value),
		[]byte(r.ID), r.Raw})
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Reject) UnmarshalJSON(b []byte) error {
	var m rejectMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	why, ok := reason.Parse(m.Reason)
	if !ok {
		return fmt.Errorf("unknown reason %q", m.Reason)
	}
	*r = Reject{File: m.File, Row: m.Row, Reason: why, Column: string(m.Column), Value: string(m.Value),
		ID: string(m.ID), Raw: m.Raw}
	return nil
}

// EachReject visits the rejects of all taken files by file and row: those of records that failed by themselves.
func (s *Scanned) EachReject(visit func(*Reject) error) error {
	for file := range s.Files {
		if !s.Taken(int32(file)) {
			continue
		}
		if err := s.RejectsOf(int32(file), nil, visit); err != nil {
			return err
		}
	}
	return nil
}

// RejectsOf visits the rejects of a file by row: those of records that failed by themselves, and others of the file,
// which are ascending by row.
func (s *Scanned) RejectsOf(file int32, others []Reject, visit func(*Reject) error) error {
	before := func(row int64) error {
		for len(others) > 0 && others[0].Row < row {
			x := &others[0]
			others = others[1:]
			if err := visit(x); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range s.tasksOf(file) {
		err := t.rejects.each(file, func(x *Reject) error {
			if err := before(x.Row); err != nil {
				return err
			}
			return visit(x)
		})
		if err != nil {
			return err
		}
	}
	return before(math.MaxInt64)
}

// spool stores the rejects of one task in the order in which they came: in memory up to a limit, then in a scratch
// file.
type spool struct {
	txn    *lake.SubTxn
	buf    []byte
	file   storage.File // until closed
	name   string       // of the scratch file; "" = none
	onDisk int64        // end of the rejects in the scratch file
	from   int64        // their begin: those of other parts of a scan task are before them
	kept   bool         // the scratch file has rejects of other parts
}

// spoolBytes is the memory limit of a spool.
const spoolBytes = 1 << 20

func (s *spool) add(r *Reject) error {
	s.buf = binary.AppendUvarint(s.buf, uint64(r.Row))
	s.buf = append(s.buf, byte(r.Reason))
	s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(r.Who.When))
	for _, text := range [...]string{r.Column, r.Value, r.ID, r.Who.Feed, r.Who.Customer, r.Who.ID} {
		s.buf = binary.AppendUvarint(s.buf, uint64(len(text)))
		s.buf = append(s.buf, text...)
	}
	s.buf = binary.AppendUvarint(s.buf, uint64(len(r.Raw)))
	s.buf = append(s.buf, r.Raw...)
	if len(s.buf) < spoolBytes {
		return nil
	}
	return s.flush()
}

// flush appends the rejects in memory to the scratch file.
func (s *spool) flush() error {
	if s.file == nil {
		f, err := s.txn.CreateTemp("rejects")
		if err != nil {
			return err
		}
		s.file, s.name = f, f.Name()
	}
	n, err := s.file.Write(s.buf)
	s.onDisk += int64(n)
	s.buf = s.buf[:0]
	return err
}

// each visits the rejects in order and deletes the scratch file.
func (s *spool) each(file int32, visit func(*Reject) error) error {
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			return err
		}
		s.file = nil
	}
	if s.name != "" {
		if err := s.eachOnDisk(file, visit); err != nil {
			return err
		}
		if !s.kept {
			if err := s.txn.RemoveTemp(s.name); err != nil {
				return err
			}
		}
	}
	for rest := s.buf; len(rest) > 0; {
		r, n := unpackReject(rest)
		r.File = file
		rest = rest[n:]
		if err := visit(&r); err != nil {
			return err
		}
	}
	return nil
}

func (s *spool) eachOnDisk(file int32, visit func(*Reject) error) error {
	f, err := s.txn.OpenTemp(s.name)
	if err != nil {
		return err
	}
	defer f.Close()
	var pending []byte
	for off := s.from; off < s.onDisk || len(pending) > 0; {
		take := min(spoolBytes, s.onDisk-off)
		at := len(pending)
		pending = slices.Grow(pending, int(take))[:at+int(take)]
		if _, err := f.ReadAt(pending[at:], off); err != nil && err != io.EOF {
			return err
		}
		off += take
		done := 0
		for {
			r, n := unpackReject(pending[done:])
			if n == 0 {
				break
			}
			r.File = file
			if err := visit(&r); err != nil {
				return err
			}
			done += n
		}
		if done == 0 && take == 0 {
			return errors.New("the scratch file of rejects ends inside a record")
		}
		pending = append(pending[:0], pending[done:]...)
	}
	return nil
}

// unpackReject reads one reject and returns its length; 0 = b does not contain a complete one.
func unpackReject(b []byte) (Reject, int) {
	var r Reject
	rest := b
	row, n := binary.Uvarint(rest)
	if n <= 0 || len(rest) < n+9 {
		return r, 0
	}
	r.Row, r.Reason, rest = int64(row), reason.Reason(rest[n]), rest[n+1:]
	r.Who.When, rest = int64(binary.LittleEndian.Uint64(rest)), rest[8:]
	var texts [7][]byte
	for i := range texts {
		size, n := binary.Uvarint(rest)
		if n <= 0 || uint64(len(rest)-n) < size {
			return r, 0
		}
		texts[i], rest = rest[n:n+int(size)], rest[n+int(size):]
	}
	r.Column, r.Value, r.ID, r.Raw = string(texts[0]), string(texts[1]), string(texts[2]), slices.Clone(texts[6])
	r.Who.Feed, r.Who.Customer, r.Who.ID = string(texts[3]), string(texts[4]), string(texts[5])
	return r, len(b) - len(rest)
}
