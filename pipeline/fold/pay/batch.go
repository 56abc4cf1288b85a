package pay

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// readAll reads a file into a new batch.
func readAll[T any](txn *lake.SubTxn, e lake.FileEntry, def tables.Def[T]) (*parquet.Columns[T], error) {
	f, err := rows.OpenFile(txn, e, def, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := parquet.NewColumns(def)
	for {
		c, err := f.Next()
		if err != nil || c == nil {
			return all, err
		}
		for i := range c.N {
			appendRow(all, c, i)
		}
	}
}

// appendRow appends row i of a batch to another of the same table.
func appendRow[T any](to, from *parquet.Columns[T], i int) {
	for k := range to.Def.Columns {
		dst, src := to.Col(tables.ColumnOf[T](k)), from.Col(tables.ColumnOf[T](k))
		switch to.Def.Columns[k].Type {
		case tables.Word:
			dst.AddWord(src.Word(i))
		case tables.Text:
			dst.AddBytes(src.Text(i))
		case tables.Small:
			dst.Codes = append(dst.Codes, src.Codes[i])
		case tables.Amount, tables.Quantity, tables.Cost:
			dst.Decs = append(dst.Decs, src.Decs[i])
		default:
			dst.Ints = append(dst.Ints, src.Ints[i])
		}
	}
	to.N++
}
