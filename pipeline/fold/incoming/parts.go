package incoming

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// parts holds the marks of many rows in scratch files. Each file has the marks of one range of identities, so that all
// marks of an identity are in one file.
type parts struct {
	txn  *lake.SubTxn
	list []*part
}

type part struct {
	file storage.File // nil = already read
	out  *bufio.Writer
	n    int // marks
}

// markBytes is the size of a mark in a file: identity and content, little-endian.
const markBytes = 16

// newParts creates n files. The caller closes them.
func newParts(txn *lake.SubTxn, n int) (*parts, error) {
	p := &parts{txn: txn}
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

// add writes a mark to the file of its part.
func (p *parts) add(m sorting.Marks) error {
	to := p.list[p.of(m.Identity)]
	b := binary.LittleEndian.AppendUint64(to.out.AvailableBuffer(), m.Identity)
	to.n++
	if _, err := to.out.Write(binary.LittleEndian.AppendUint64(b, m.Content)); err != nil {
		return fmt.Errorf("write identities of new records: %w", err)
	}
	return nil
}

// take reads the marks of a part into memory, which it returns, in the order in which they were added. It removes the
// file.
func (p *parts) take(i int, memory []sorting.Marks) ([]sorting.Marks, error) {
	from := p.list[i]
	err := from.out.Flush()
	if err == nil {
		err = from.file.Close()
	}
	if err != nil {
		return memory, fmt.Errorf("write identities of new records: %w", err)
	}
	name := from.file.Name()
	f, err := p.txn.OpenTemp(name)
	if err != nil {
		return memory, err
	}
	memory = slices.Grow(memory[:0], from.n)
	in := bufio.NewReaderSize(f, 64<<10)
	var b [markBytes]byte
	for range from.n {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return memory, errors.Join(fmt.Errorf("read identities of new records: %w", err), f.Close())
		}
		memory = append(memory, sorting.Marks{Identity: binary.LittleEndian.Uint64(b[:]),
			Content: binary.LittleEndian.Uint64(b[8:])})
	}
	from.file = nil
	return memory, errors.Join(f.Close(), p.txn.RemoveTemp(name))
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
