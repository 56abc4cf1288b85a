package query

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Store answers queries from one committed state. *LakeLinesState reads the lake, *Published a copy in ClickHouse; both
// return the same values to the last digit.
type Store interface {
	Page(ctx context.Context, q LineQuery) (*LinePage, error)
	Sums(ctx context.Context, q SumQuery) ([]LineSum, error)
	Shares(ctx context.Context, cycle lake.Cycle) ([]PartnerShare, error)
}
