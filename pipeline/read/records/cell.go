package records

import (
	"fmt"
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// cell appends what the server says of a column to a batch.
type cell struct {
	col *parquet.Col
	of  tables.Type
}

// Scan implements sql.Scanner.
func (c *cell) Scan(value any) error {
	switch v := value.(type) {
	case string:
		if c.of == tables.Word {
			c.col.AddWord(v)
			return nil
		}
		c.col.AddText(v)
		return nil
	case int32:
		c.col.Codes = append(c.col.Codes, v)
		return nil
	case int64:
		c.col.Ints = append(c.col.Ints, v)
		return nil
	case time.Time:
		c.col.Ints = append(c.col.Ints, v.UnixMicro())
		return nil
	case *time.Time:
		if v != nil {
			c.col.Ints = append(c.col.Ints, v.UnixMicro())
			return nil
		}
		c.col.Ints = append(c.col.Ints, int64(tables.Nothing))
		return nil
	case nil:
		c.col.Ints = append(c.col.Ints, int64(tables.Nothing))
		return nil
	case decimal.Decimal:
		return c.decimal(v)
	}
	return fmt.Errorf("a %T from the server", value)
}

// decimal appends a decimal, which has the column's scale.
func (c *cell) decimal(v decimal.Decimal) error {
	scale := money.QuantityScale
	if c.of == tables.Amount {
		scale = money.AmountScale
	}
	if int(-v.Exponent()) != scale {
		return fmt.Errorf("a decimal of %d digits from the server, want %d", -v.Exponent(), scale)
	}
	n := v.Coefficient()
	if n.BitLen() > 127 {
		return fmt.Errorf("a decimal of %d bits from the server", n.BitLen())
	}
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64() // And and Rsh are those of two's complement
	hi := new(big.Int).Rsh(n, 64).Int64()
	c.col.AddDec(hi, lo)
	return nil
}
