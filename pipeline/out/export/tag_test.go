package export

import (
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
)

func TestTag(t *testing.T) {
	t.Parallel()
	base := Request{Table: "lines", Format: "csv", Cycle: lakekey.Cycle("2026-09")}
	seen := map[string]string{}
	add := func(name string, r Request, snap *lake.Snapshot, program string) {
		tag := r.Tag(snap, program)
		if seen[tag] != "" {
			t.Errorf("%s has the tag of %s", name, seen[tag])
		}
		seen[tag] = name
	}
	state := &lake.Snapshot{Hash: "a"}
	add("base", base, state, "1")
	add("another state", base, &lake.Snapshot{Hash: "b"}, "1")
	add("another program", base, state, "2")
	for name, change := range map[string]func(*Request){
		"customer": func(r *Request) { r.Scope.Customer = "x" }, "partner": func(r *Request) { r.Scope.Partner = "x" },
		"format": func(r *Request) {
			r.Format = "ndjson"
		}, "cycle": func(r *Request) { r.Cycle = lakekey.Cycle("2026-08") },
		"split": func(r *Request) { r.Split = true },
	} {
		r := base
		change(&r)
		add(name, r, state, "1")
	}
	if base.Tag(state, "1") != base.Tag(&lake.Snapshot{Hash: "a"}, "1") {
		t.Error("the same request has two tags")
	}
}
