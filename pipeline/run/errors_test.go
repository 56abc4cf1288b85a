package run

import (
	"errors"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/schemas/problem"
)

// TestBothErrors checks that a publish to two targets is retried if one of them can be, whatever the other lacks, and
// not if the lake is damaged.
func TestBothErrors(t *testing.T) {
	t.Parallel()
	server, other := new(publish.ServerError), new(iceberg.OtherLakeError)
	damaged := &lake.CorruptError{Name: "lines", Detail: "hash", Hint: "restore it"}
	if problem.ClassOf(server) != problem.Retryable || problem.ClassOf(other) == problem.Retryable {
		t.Fatalf("classes %d and %d", problem.ClassOf(server), problem.ClassOf(other))
	}
	for _, c := range []struct {
		name                string
		clickHouse, iceberg error
		want                problem.Class
	}{
		{"the server can be retried", server, other, problem.Retryable},
		{"the tables can be retried", other, server, problem.Retryable},
		{"neither", other, other, problem.ClassOf(other)},
		{"a damaged lake", server, damaged, problem.Failed},
	} {
		err := &bothError{c.clickHouse, c.iceberg}
		if got := problem.ClassOf(err); got != c.want {
			t.Errorf("%s: class %d, want %d", c.name, got, c.want)
		}
		if !errors.Is(err, c.clickHouse) || !errors.Is(err, c.iceberg) {
			t.Errorf("%s: a part is lost", c.name)
		}
	}
}
