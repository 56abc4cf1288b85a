package records

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// Store answers queries from one committed state. *State reads the lake, *Published a copy in ClickHouse; both return
// the same values to the last digit.
type Store interface {
	Page(ctx context.Context, q Query) (*Page, error)
	Sums(ctx context.Context, q SumQuery) ([]Sum, error)
	Shares(ctx context.Context, cycle manifest.Cycle) ([]Share, error)
}
