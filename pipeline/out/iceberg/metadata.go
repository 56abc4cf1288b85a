package iceberg

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/schemas/table"
)

// formatVersion is the version of the Iceberg format: it has sequence numbers, and all engines read it.
const formatVersion = 2

// metadata is the metadata file of a table, version 2 of the format. Fields that other programs add are dropped.
type metadata struct {
	FormatVersion      int               `json:"format-version"`
	TableUUID          string            `json:"table-uuid"`
	Location           string            `json:"location"`
	LastSequenceNumber int64             `json:"last-sequence-number"`
	LastUpdatedMS      int64             `json:"last-updated-ms"`
	LastColumnID       int               `json:"last-column-id"`
	CurrentSchemaID    int               `json:"current-schema-id"`
	Schemas            []*schema         `json:"schemas"`
	DefaultSpecID      int               `json:"default-spec-id"`
	PartitionSpecs     []partitionSpec   `json:"partition-specs"`
	LastPartitionID    int               `json:"last-partition-id"`
	DefaultSortOrderID int               `json:"default-sort-order-id"`
	SortOrders         []sortOrder       `json:"sort-orders"`
	Properties         map[string]string `json:"properties"`
	CurrentSnapshotID  int64             `json:"current-snapshot-id"`
	Snapshots          []snapshot        `json:"snapshots"`
	SnapshotLog        []snapshotLog     `json:"snapshot-log"`
	MetadataLog        []metadataLog     `json:"metadata-log"`
	Refs               map[string]ref    `json:"refs"`
}

// schema is the columns of a table.
type schema struct {
	Type   string  `json:"type"` // struct
	Fields []field `json:"fields"`
	ID     int     `json:"schema-id"`
	Keys   []int   `json:"identifier-field-ids"`
}

type field struct {
	Type     any    `json:"type"` // of a nested column that another program added: an object
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Doc      string `json:"doc,omitempty"`
}

type partitionSpec struct {
	ID     int              `json:"spec-id"`
	Fields []partitionField `json:"fields"`
}

type partitionField struct {
	SourceID  int    `json:"source-id"`
	FieldID   int    `json:"field-id"`
	Name      string `json:"name"`
	Transform string `json:"transform"`
}

type sortOrder struct {
	ID     int        `json:"order-id"`
	Fields []struct{} `json:"fields"`
}

// snapshot is one state of a table.
type snapshot struct {
	ID             int64             `json:"snapshot-id"`
	ParentID       int64             `json:"parent-snapshot-id,omitempty"`
	SequenceNumber int64             `json:"sequence-number"`
	TimestampMS    int64             `json:"timestamp-ms"`
	ManifestList   string            `json:"manifest-list"`
	Summary        map[string]string `json:"summary"`
	SchemaID       int               `json:"schema-id"`
}

type snapshotLog struct {
	SnapshotID  int64 `json:"snapshot-id"`
	TimestampMS int64 `json:"timestamp-ms"`
}

type metadataLog struct {
	MetadataFile string `json:"metadata-file"`
	TimestampMS  int64  `json:"timestamp-ms"`
}

type ref struct {
	SnapshotID int64  `json:"snapshot-id"`
	Type       string `json:"type"`
}

// firstPartitionField is the smallest id of a partition field.
const firstPartitionField = 1000

// Properties of a table, beyond those of the format.
const (
	// lakeProperty is the hash of the first manifest of the lake whose rows the table has.
	lakeProperty        = "tollbook.lake"
	nameMappingProperty = "schema.name-mapping.default"
	// gcProperty prevents other programs from deleting data files: they belong to tollbook.
	gcProperty = "gc.enabled"
)

// newMetadata returns the metadata of a table without snapshots.
func newMetadata(def *table.Table, location, id string) *metadata {
	m := &metadata{FormatVersion: formatVersion, TableUUID: id, Location: location, CurrentSnapshotID: -1,
		PartitionSpecs: []partitionSpec{{Fields: []partitionField{}}}, LastPartitionID: firstPartitionField - 1,
		SortOrders: []sortOrder{{Fields: []struct{}{}}}, Properties: make(map[string]string),
		Snapshots: []snapshot{}, SnapshotLog: []snapshotLog{}, MetadataLog: []metadataLog{}, Refs: make(map[string]ref)}
	m.widen(def)
	if source := m.fieldID(cycleColumn); source != 0 {
		m.PartitionSpecs[0].Fields = []partitionField{{source, firstPartitionField, cycleColumn, "identity"}}
		m.LastPartitionID = firstPartitionField
	}
	return m
}

// parseMetadata reads a metadata file.
func parseMetadata(text []byte) (*metadata, error) {
	m := new(metadata)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.FormatVersion != formatVersion {
		return nil, fmt.Errorf("format version %d: want %d", m.FormatVersion, formatVersion)
	}
	if m.schema() == nil || len(m.PartitionSpecs) != 1 {
		return nil, fmt.Errorf("schema %d, %d partition specs: not a table of tollbook", m.CurrentSchemaID,
			len(m.PartitionSpecs))
	}
	if m.Properties == nil {
		m.Properties = make(map[string]string)
	}
	// A catalog may list snapshots in any order.
	slices.SortStableFunc(m.Snapshots, func(a, b snapshot) int {
		return cmp.Compare(a.SequenceNumber, b.SequenceNumber)
	})
	return m, nil
}

// schema is the current schema.
func (m *metadata) schema() *schema {
	i := slices.IndexFunc(m.Schemas, func(s *schema) bool { return s.ID == m.CurrentSchemaID })
	if i < 0 {
		return nil
	}
	return m.Schemas[i]
}

// current is the current snapshot, or nil.
func (m *metadata) current() *snapshot {
	i := slices.IndexFunc(m.Snapshots, func(s snapshot) bool { return s.ID == m.CurrentSnapshotID })
	if i < 0 {
		return nil
	}
	return &m.Snapshots[i]
}

// currentID is the id of the current snapshot; 0 = there is none.
func (m *metadata) currentID() int64 {
	if current := m.current(); current != nil {
		return current.ID
	}
	return 0
}

// fieldID returns the id of a column in the current schema; 0 = there is no such column.
func (m *metadata) fieldID(name string) int {
	for _, f := range m.schema().Fields {
		if f.Name == name {
			return f.ID
		}
	}
	return 0
}

// widen adds to the schema the columns of a definition that the current one lacks (ICE-6). It reports whether there
// were any.
func (m *metadata) widen(def *table.Table) bool {
	var fields []field
	next := 0
	if s := m.schema(); s != nil {
		fields = slices.Clone(s.Fields)
	}
	for _, s := range m.Schemas {
		next = max(next, s.ID+1)
	}
	before := len(fields)
	for _, c := range def.Columns {
		if slices.ContainsFunc(fields, func(f field) bool { return f.Name == c.Name }) {
			continue
		}
		m.LastColumnID++
		fields = append(fields, field{ID: m.LastColumnID, Name: c.Name, Type: typeOf(c.Type), Doc: c.Meaning})
	}
	if len(fields) > before {
		m.CurrentSchemaID = next
		m.Schemas = append(m.Schemas, &schema{Type: "struct", Fields: fields, ID: next, Keys: []int{}})
	}
	type named struct {
		ID    int      `json:"field-id"`
		Names []string `json:"names"`
	}
	mapping := make([]named, len(fields))
	for i, f := range fields {
		mapping[i] = named{f.ID, []string{f.Name}}
	}
	text, _ := json.Marshal(mapping) // cannot fail: numbers and texts
	m.Properties[nameMappingProperty] = string(text)
	return len(fields) > before
}

// typeOf returns the Iceberg type of a lake column. No column is required: a file can lack one.
func typeOf(t table.Type) string {
	switch t {
	case table.Word, table.Text:
		return "string"
	case table.Time, table.MaybeTime:
		return "timestamptz"
	case table.Amount, table.Quantity, table.Cost:
		return fmt.Sprintf("decimal(38, %d)", t.Scale())
	case table.Whole:
		return "long"
	default:
		return "int"
	}
}
