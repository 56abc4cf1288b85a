package iceberg

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/table"
)

// TestColumns checks that a table gets the columns of a newer program, and keeps its ids and columns (ICE-6).
func TestColumns(t *testing.T) {
	t.Parallel()
	cycle, amount := table.Column{Name: "cycle", Type: table.Word}, table.Column{Name: "amount", Type: table.Amount}
	older := &table.Table{Columns: []table.Column{cycle, {Name: "gone", Type: table.Whole}, amount}}
	newer := &table.Table{Columns: []table.Column{cycle, {Name: "new", Type: table.Quantity}, amount,
		{Name: "at", Type: table.MaybeTime}}}
	m := newMetadata(older, "file:///w/t", "00000000-0000-0000-0000-000000000000")
	if m.adopt(older) {
		t.Error("the columns that it has are new")
	}
	if !m.adopt(newer) {
		t.Error("no column is new")
	}
	text, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = parseMetadata(text); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range m.schema().Fields() {
		got = append(got, fmt.Sprintf("%d %s %s %t", f.ID, f.Name, f.Type, f.Required))
	}
	want := []string{"1 cycle string false", "2 gone long false", "3 amount decimal(38, 8) false",
		"4 new decimal(38, 10) false", "5 at timestamptz false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var names []struct {
		ID    int      `json:"field-id"`
		Names []string `json:"names"`
	}
	if err := json.Unmarshal([]byte(m.Properties[nameMappingProperty]), &names); err != nil || len(names) != 5 ||
		names[3].ID != 4 || names[3].Names[0] != "new" {
		t.Errorf("%v, %v", names, err)
	}
	if len(m.Schemas) != 2 || m.CurrentSchemaID != 1 || m.LastColumnID != 5 {
		t.Errorf("%d schemas, the current one is %d, the last column %d", len(m.Schemas), m.CurrentSchemaID,
			m.LastColumnID)
	}
}
