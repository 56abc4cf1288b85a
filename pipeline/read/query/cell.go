package query

import (
	"fmt"
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LineCell appends the server's value of a column to a batch.
type LineCell struct {
	Col *parquet.Col
	Of  tables.Type
}

// Scan implements sql.Scanner.
func (c *LineCell) Scan(value any) error {
	switch v := value.(type) {
	case string:
		if c.Of == tables.Word {
			c.Col.AddWord(v)
			return nil
		}
		c.Col.AddText(v)
		return nil
	case int32:
		c.Col.Codes = append(c.Col.Codes, v)
		return nil
	case int64:
		c.Col.Ints = append(c.Col.Ints, v)
		return nil
	case time.Time:
		c.Col.Ints = append(c.Col.Ints, v.UnixMicro())
		return nil
	case *time.Time:
		if v != nil {
			c.Col.Ints = append(c.Col.Ints, v.UnixMicro())
			return nil
		}
		c.Col.Ints = append(c.Col.Ints, int64(tables.Nothing))
		return nil
	case nil:
		c.Col.Ints = append(c.Col.Ints, int64(tables.Nothing))
		return nil
	case decimal.Decimal:
		return c.decimal(v)
	}
	return fmt.Errorf("a %T from the server", value)
}

// decimal appends a decimal, which must have the column's scale.
func (c *LineCell) decimal(v decimal.Decimal) error {
	scale := c.Of.Scale()
	if int(-v.Exponent()) != scale {
		return fmt.Errorf("a decimal of %d digits from the server, want %d", -v.Exponent(), scale)
	}
	n := v.Coefficient()
	if n.BitLen() > 127 {
		return fmt.Errorf("a decimal of %d bits from the server", n.BitLen())
	}
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64() // And and Rsh are those of two's complement
	hi := new(big.Int).Rsh(n, 64).Int64()
	c.Col.AddDec(hi, lo)
	return nil
}
