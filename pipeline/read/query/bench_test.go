package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// BenchmarkPage reads pages of random customers of the lake in TOLLBOOK_LAKE.
func BenchmarkPage(b *testing.B) {
	dir := os.Getenv("TOLLBOOK_LAKE")
	if dir == "" {
		b.Skip("TOLLBOOK_LAKE names no lake")
	}
	l, err := lake.Open(storage.Dir(dir), lake.Options{})
	if err != nil {
		b.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		b.Fatal(err)
	}
	for _, limit := range []int64{10, 100} {
		b.Run(fmt.Sprint("limit=", limit), func(b *testing.B) {
			store, err := NewLakeLines(LakeOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			r := rand.New(rand.NewPCG(1, 1))
			for b.Loop() {
				s := store.At(snap)
				p, err := s.Page(context.Background(),
					LineQuery{Cycle: lakekey.Cycle("2026-09"), Customer: fmt.Sprintf("c-%06d", 1+r.IntN(100_000)),
						Limit: limit})
				if err != nil {
					b.Fatal(err)
				}
				if p.Total == 0 {
					b.Log("no lines")
				}
			}
		})
	}
}
