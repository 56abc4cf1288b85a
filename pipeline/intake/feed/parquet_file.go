package feed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// magic begins and ends a file.
const magic = "PAR1"

// ParquetFile is the parsed footer of a Parquet file. It is immutable.
type ParquetFile struct {
	Fields []*ParquetField // the top-level columns, in the order of the file
	First  []int64         // by row group: number of its first row, from 1
	Rows   int64

	meta format.FileMetaData
}

// OpenParquet reads the footer of a file of the given size.
func OpenParquet(src io.ReaderAt, size int64) (*ParquetFile, error) {
	const tail = 8 // the length of the footer, and the magic number
	var end [tail]byte
	if size < tail+4 {
		return nil, errors.New("it is too short")
	}
	if _, err := src.ReadAt(end[:], size-tail); err != nil && err != io.EOF {
		return nil, err
	}
	if string(end[4:]) != magic {
		return nil, fmt.Errorf("it ends in %q, not in %s", end[4:], magic)
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length > size-tail-4 {
		return nil, errors.New("the file is smaller than its footer")
	}
	footer := make([]byte, length)
	if _, err := src.ReadAt(footer, size-tail-length); err != nil && err != io.EOF {
		return nil, err
	}
	f := &ParquetFile{}
	if err := decode(footer, &f.meta); err != nil {
		return nil, fmt.Errorf("its footer: %w", err)
	}
	f.meta.KeyValueMetadata = nil
	var err error
	if f.Fields, err = fieldsOf(f.meta.Schema); err != nil {
		return nil, fmt.Errorf("its schema: %w", err)
	}
	return f, f.count()
}

// decode reads a structure of Thrift's compact protocol. A list of a hostile file can state any length: each element
// has a byte, so a list is never longer than the bytes there are.
func decode(b []byte, to any) error {
	r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
	return thrift.NewDecoder(bounded{r, len(b)}).Decode(to)
}

// bounded is a reader of a structure whose lists are limited.
type bounded struct {
	protocol
	most int
}

type protocol = thrift.Reader

func (r bounded) ReadList() (thrift.List, error) {
	l, err := r.protocol.ReadList()
	if err == nil && (l.Size < 0 || int(l.Size) > r.most) {
		err = fmt.Errorf("a list of %d elements in %d bytes", l.Size, r.most)
	}
	return l, err
}

// count checks the numbers of rows.
func (f *ParquetFile) count() error {
	next := int64(1)
	leaves := leavesOf(f.Fields...)
	for i := range f.meta.RowGroups {
		g := &f.meta.RowGroups[i]
		f.First = append(f.First, next)
		if g.NumRows < 0 {
			return fmt.Errorf("row group %d has %d rows", i, g.NumRows)
		}
		if len(g.Columns) != len(leaves) {
			return fmt.Errorf("row group %d has %d columns and the schema %d", i, len(g.Columns), len(leaves))
		}
		for k := range g.Columns {
			if m := &g.Columns[k].MetaData; m.Type != leaves[k].Physical {
				return fmt.Errorf("row group %d: column %s is %s and in the schema %s", i, leaves[k].Name, m.Type,
					leaves[k].Physical)
			}
		}
		next += g.NumRows
	}
	if f.Rows = next - 1; f.Rows != f.meta.NumRows {
		return fmt.Errorf("its row groups have %d rows and its footer has %d", f.Rows, f.meta.NumRows)
	}
	return nil
}

// GroupRows returns the number of rows of a row group.
func (f *ParquetFile) GroupRows(group int) int64 { return f.meta.RowGroups[group].NumRows }

// Compressed returns the size of a row group in the file, according to the footer.
func (f *ParquetFile) Compressed(group int) (size int64) {
	for i := range f.meta.RowGroups[group].Columns {
		size += f.meta.RowGroups[group].Columns[i].MetaData.TotalCompressedSize
	}
	return size
}

// Bytes returns the uncompressed size of the longest of a field's columns in a row group, according to the footer.
func (f *ParquetFile) Bytes(field *ParquetField, group int) (most int64) {
	for _, leaf := range leavesOf(field) {
		most = max(most, f.meta.RowGroups[group].Columns[leaf.leaf].MetaData.TotalUncompressedSize)
	}
	return most
}

// InDictionary reports whether the footer says that all texts of a column are in the dictionary of the row group.
func (f *ParquetFile) InDictionary(field *ParquetField, group int) bool {
	m := &f.meta.RowGroups[group].Columns[field.leaf].MetaData
	for _, s := range m.EncodingStats {
		if s.PageType != format.DictionaryPage && s.Encoding != format.RLEDictionary &&
			s.Encoding != plainDictionary {
			return false
		}
	}
	return len(m.EncodingStats) > 0 && m.DictionaryPageOffset > 0
}
