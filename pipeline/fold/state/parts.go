package state

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// partRows is the number of identities that are in memory at a time. More are divided into parts in scratch files.
const partRows = 1 << 21

// partsOf returns the number of parts for a number of records.
func partsOf(records int64) int {
	parts := 1
	for int64(parts)*partRows < records {
		parts *= 2
	}
	return parts
}

// parts divides entries of one or more numbers by identity into scratch files. Each file has the entries of one range
// of identities, in ascending order of the ranges, so that all entries of an identity are in one file.
type parts struct {
	txn   *lake.SubTxn
	words int // numbers of an entry
	list  []*part
}

type part struct {
	file storage.File // nil = already read
	out  *bufio.Writer
	n    int // entries
}

// newParts creates n files for entries of an identity and further numbers. The caller closes them.
func newParts(txn *lake.SubTxn, n, further int) (*parts, error) {
	p := &parts{txn: txn, words: 1 + further}
	for range n {
		f, err := txn.CreateTemp("identities")
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.list = append(p.list, &part{file: f, out: bufio.NewWriterSize(f, 64<<10)})
	}
	return p, nil
}

// of returns the part of an identity.
func (p *parts) of(identity uint64) int { return int(identity >> 32 * uint64(len(p.list)) >> 32) }

// add writes an entry to the file of its part.
func (p *parts) add(identity uint64, further ...uint64) error {
	to := p.list[p.of(identity)]
	b := binary.LittleEndian.AppendUint64(to.out.AvailableBuffer(), identity)
	for _, v := range further {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	to.n++
	if _, err := to.out.Write(b); err != nil {
		return fmt.Errorf("write identities of records: %w", err)
	}
	return nil
}

// take passes the entries of a part to each, in the order in which they were added, as little-endian numbers of eight
// bytes. It removes the file.
func (p *parts) take(i int, each func(entry []byte)) error {
	from := p.list[i]
	err := from.out.Flush()
	if err == nil {
		err = from.file.Close()
	}
	if err != nil {
		return fmt.Errorf("write identities of records: %w", err)
	}
	name := from.file.Name()
	from.file = nil
	f, err := p.txn.OpenTemp(name)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(f, 64<<10)
	size := 8 * p.words
	for range from.n {
		entry, err := in.Peek(size)
		if err != nil {
			return errors.Join(fmt.Errorf("read identities of records: %w", err), f.Close())
		}
		each(entry)
		in.Discard(size) //nolint:errcheck // the bytes are in the buffer
	}
	return errors.Join(f.Close(), p.txn.RemoveTemp(name))
}

// close removes the files that were not read.
func (p *parts) close() error {
	var errs []error
	for _, x := range p.list {
		if x.file != nil {
			errs = append(errs, x.file.Close(), p.txn.RemoveTemp(x.file.Name()))
		}
	}
	return errors.Join(errs...)
}
