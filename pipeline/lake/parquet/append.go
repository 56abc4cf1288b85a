package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// trailerBytes is the length of the metadata's size and of Magic at the end of a file.
const trailerBytes = 4 + len(Magic)

// Append takes over the row groups of another file of the table, whose bytes from len(Magic) up to end the caller
// copies to an offset of this file (FOOT-1). It returns end and the number of rows.
func (f *Footer) Append(file io.ReaderAt, size, at int64) (end, rows int64, err error) {
	meta := new(format.FileMetaData)
	trailer := make([]byte, trailerBytes)
	if err := readAt(file, trailer, size-int64(trailerBytes)); err != nil {
		return 0, 0, err
	}
	n := int64(binary.LittleEndian.Uint32(trailer))
	if string(trailer[4:]) != Magic || n > size-int64(trailerBytes) {
		return 0, 0, errors.New("it is not a Parquet file")
	}
	if err := decode(file, size-int64(trailerBytes)-n, n, meta); err != nil {
		return 0, 0, err
	}
	by := at - int64(len(Magic))
	end = int64(len(Magic))
	for _, g := range meta.RowGroups {
		if len(g.Columns) != len(f.Def.Columns) {
			return 0, 0, fmt.Errorf("a row group has %d columns, the table %s %d", len(g.Columns), f.Def.Name,
				len(f.Def.Columns))
		}
		end = g.FileOffset + g.TotalCompressedSize
		for i := range g.Columns {
			if err := f.takeOver(file, &g.Columns[i], by); err != nil {
				return 0, 0, err
			}
		}
		g.FileOffset, g.Ordinal = g.FileOffset+by, int16(len(f.groups))
		f.groups = append(f.groups, g)
	}
	return end, meta.NumRows, nil
}

// takeOver adds the indexes of a chunk of another file and changes the chunk's offsets.
func (f *Footer) takeOver(file io.ReaderAt, c *format.ColumnChunk, by int64) error {
	var offsets format.OffsetIndex
	if err := decode(file, c.OffsetIndexOffset, int64(c.OffsetIndexLength), &offsets); err != nil {
		return err
	}
	for i := range offsets.PageLocations {
		offsets.PageLocations[i].Offset += by
	}
	var list []Bounds
	if c.ColumnIndexLength > 0 {
		var index format.ColumnIndex
		if err := decode(file, c.ColumnIndexOffset, int64(c.ColumnIndexLength), &index); err != nil {
			return err
		}
		if len(index.MinValues) != len(index.MaxValues) {
			return errors.New("a page index is incomplete")
		}
		for i := range index.MinValues {
			list = append(list, Bounds{index.MinValues[i], index.MaxValues[i]})
		}
	}
	f.offsets, f.bounds = append(f.offsets, offsets), append(f.bounds, list)
	c.MetaData.DataPageOffset += by
	if c.MetaData.DictionaryPageOffset > 0 {
		c.MetaData.DictionaryPageOffset += by
	}
	*c = format.ColumnChunk{MetaData: c.MetaData} // Bytes sets the places of the indexes
	return nil
}

// decode reads a structure of a file.
func decode(file io.ReaderAt, at, n int64, to any) error {
	if at < 0 || n < 0 {
		return io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if err := readAt(file, b, at); err != nil {
		return err
	}
	return thrift.Unmarshal(new(thrift.CompactProtocol), b, to)
}

func readAt(file io.ReaderAt, b []byte, at int64) error {
	if at < 0 {
		return io.ErrUnexpectedEOF
	}
	if n, err := file.ReadAt(b, at); n < len(b) {
		return err
	}
	return nil
}
