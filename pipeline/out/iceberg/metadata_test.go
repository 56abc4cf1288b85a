package iceberg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/schemas/table"
)

// TestColumns checks that a table gets the columns of a newer program and keeps its ids and its other columns (ICE-6).
func TestColumns(t *testing.T) {
	t.Parallel()
	cycle, amount := table.Column{Name: "cycle", Type: table.Word}, table.Column{Name: "amount", Type: table.Amount}
	older := &table.Table{Columns: []table.Column{cycle, {Name: "gone", Type: table.Whole}, amount}}
	newer := &table.Table{Columns: []table.Column{cycle, {Name: "new", Type: table.Quantity}, amount,
		{Name: "at", Type: table.MaybeTime}}}
	m := newMetadata(older, "file:///w/t", "00000000-0000-0000-0000-000000000000")
	if m.widen(older) {
		t.Error("the columns that it has are new")
	}
	if !m.widen(newer) {
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
	for _, f := range m.schema().Fields {
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

// TestColumnsInCatalog checks that a table in a catalog gets the columns of a newer program with the first snapshot
// that needs them, and that of two programs that add columns at the same time one succeeds (ICE-6, ICE-9).
func TestColumnsInCatalog(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"s3://b/w/n/t/list.avro": {}}
	rest := icebergrest.Start(icebergrest.Options{
		Read: func(uri string) ([]byte, error) {
			if files[uri] == nil {
				return nil, fs.ErrNotExist
			}
			return files[uri], nil
		},
		Write: func(uri string, content []byte) error {
			files[uri] = content
			return nil
		}})
	defer rest.Close()
	c := NewCatalog(CatalogOptions{Address: rest.Address()})
	p := &publisher{Options: &Options{Warehouse: InStore(nil, "s3://b/w", "s3://b/lake"), Catalog: c, Namespace: "n"},
		origin: "lake"}
	cycle := table.Column{Name: "cycle", Type: table.Word}
	older := &table.Table{Columns: []table.Column{{Name: "gone", Type: table.Whole}, cycle}}
	newer := &table.Table{Columns: []table.Column{cycle, {Name: "new", Type: table.Quantity}}}
	s := &state{target: target{"t", older}, folder: "n/t", meta: newMetadata(older, "s3://b/w/n/t", "")}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.EnsureNamespace(ctx, "n"))
	made, err := registrar{p}.create(ctx, s)
	must(err)
	must(p.loaded(s, made))
	second := &state{target: s.target, folder: s.folder}
	must(p.loaded(second, made))
	add := func(s *state, id int64) error {
		s.meta.widen(newer)
		s.meta.Snapshots = append(s.meta.Snapshots, snapshot{ID: id, SequenceNumber: 1, TimestampMS: 1,
			ManifestList: "s3://b/w/n/t/list.avro", SchemaID: s.meta.CurrentSchemaID})
		s.meta.CurrentSnapshotID = id
		return registrar{p}.commitRegistered(ctx, s, id)
	}
	must(add(s, 5))
	if err := add(second, 6); !errors.Is(err, errConflict) {
		t.Errorf("the second: %v", err)
	}
	var got []string
	for _, f := range s.base.schema().Fields {
		got = append(got, fmt.Sprint(f.ID, " ", f.Name))
	}
	spec := s.base.PartitionSpecs[0].Fields
	if diff := cmp.Diff([]string{"1 gone", "2 cycle", "3 new"}, got); diff != "" || s.base.currentID() != 5 ||
		s.base.current().SchemaID != 1 || len(spec) != 1 || spec[0].SourceID != 2 || s.base.LastColumnID != 3 ||
		!strings.Contains(s.base.Properties[nameMappingProperty], `{"field-id":3,"names":["new"]}`) {
		t.Errorf("%s\n%+v", diff, s.base)
	}
}
