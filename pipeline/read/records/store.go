package records

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// Store answers from one committed state. *State is that of the lake, *Published that of a copy in ClickHouse; both
// give the same to the last digit.
type Store interface {
	Page(ctx context.Context, q Query) (*Page, error)
	Sums(ctx context.Context, q SumQuery) ([]Sum, error)
	Shares(ctx context.Context, cycle manifest.Cycle) ([]Share, error)
}
