package iceberg

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// manifestFile is an element of a manifest list: a manifest, and what its files are in sum.
type manifestFile struct {
	Path         string             `avro:"manifest_path"`
	Length       int64              `avro:"manifest_length"`
	SpecID       int32              `avro:"partition_spec_id"`
	Content      int32              `avro:"content"`
	Sequence     int64              `avro:"sequence_number"`
	MinSequence  int64              `avro:"min_sequence_number"`
	SnapshotID   int64              `avro:"added_snapshot_id"`
	Added        int32              `avro:"added_files_count"`
	Existing     int32              `avro:"existing_files_count"`
	Deleted      int32              `avro:"deleted_files_count"`
	Partitions   []partitionSummary `avro:"partitions"`
	AddedRows    int64              `avro:"added_rows_count"`
	ExistingRows int64              `avro:"existing_rows_count"`
	DeletedRows  int64              `avro:"deleted_rows_count"`
}

// partitionSummary has the bounds of the cycles of a manifest's files.
type partitionSummary struct {
	ContainsNull bool   `avro:"contains_null"`
	Lower        []byte `avro:"lower_bound"`
	Upper        []byte `avro:"upper_bound"`
}

// What a manifest says of a file.
const (
	fileExisting = iota
	fileAdded
	fileDeleted
)

// manifestEntry is a file of a manifest.
type manifestEntry struct {
	Status       int32    `avro:"status"`
	SnapshotID   *int64   `avro:"snapshot_id"`     // nil = that of the manifest
	Sequence     *int64   `avro:"sequence_number"` // nil = that of the manifest
	FileSequence *int64   `avro:"file_sequence_number"`
	File         dataFile `avro:"data_file"`
}

// dataFile is a file with rows.
type dataFile struct {
	Content   int32     `avro:"content"`
	Path      string    `avro:"file_path"`
	Format    string    `avro:"file_format"`
	Rows      int64     `avro:"record_count"`
	Bytes     int64     `avro:"file_size_in_bytes"`
	Lower     []bound   `avro:"lower_bounds"`
	Upper     []bound   `avro:"upper_bounds"`
	Partition partition `avro:"partition"`
}

// bound is the smallest or the largest value of a column.
type bound struct {
	Key   int32  `avro:"key"`
	Value []byte `avro:"value"`
}

type partition struct {
	Cycle *string `avro:"cycle"`
}

// The schemas of the format's version 2, with the fields that are written. The partition of a table without the column
// cycle has no fields.
const (
	listSchema = `{"type": "record", "name": "manifest_file", "fields": [
		{"name": "manifest_path", "type": "string", "field-id": 500},
		{"name": "manifest_length", "type": "long", "field-id": 501},
		{"name": "partition_spec_id", "type": "int", "field-id": 502},
		{"name": "content", "type": "int", "field-id": 517},
		{"name": "sequence_number", "type": "long", "field-id": 515},
		{"name": "min_sequence_number", "type": "long", "field-id": 516},
		{"name": "added_snapshot_id", "type": "long", "field-id": 503},
		{"name": "added_files_count", "type": "int", "field-id": 504},
		{"name": "existing_files_count", "type": "int", "field-id": 505},
		{"name": "deleted_files_count", "type": "int", "field-id": 506},
		{"name": "partitions", "type": ["null", {"type": "array", "element-id": 508, "items":
			{"type": "record", "name": "r508", "fields": [
				{"name": "contains_null", "type": "boolean", "field-id": 509},
				{"name": "lower_bound", "type": ["null", "bytes"], "field-id": 510},
				{"name": "upper_bound", "type": ["null", "bytes"], "field-id": 511}]}}], "field-id": 507},
		{"name": "added_rows_count", "type": "long", "field-id": 512},
		{"name": "existing_rows_count", "type": "long", "field-id": 513},
		{"name": "deleted_rows_count", "type": "long", "field-id": 514}]}`
	entrySchema = `{"type": "record", "name": "manifest_entry", "fields": [
		{"name": "status", "type": "int", "field-id": 0},
		{"name": "snapshot_id", "type": ["null", "long"], "field-id": 1},
		{"name": "sequence_number", "type": ["null", "long"], "field-id": 3},
		{"name": "file_sequence_number", "type": ["null", "long"], "field-id": 4},
		{"name": "data_file", "type": {"type": "record", "name": "r2", "fields": [
			{"name": "content", "type": "int", "field-id": 134},
			{"name": "file_path", "type": "string", "field-id": 100},
			{"name": "file_format", "type": "string", "field-id": 101},
			{"name": "record_count", "type": "long", "field-id": 103},
			{"name": "file_size_in_bytes", "type": "long", "field-id": 104},
			{"name": "lower_bounds", "type": ["null", {"type": "array", "logicalType": "map", "items":
				{"type": "record", "name": "k126_v127", "fields": [
					{"name": "key", "type": "int", "field-id": 126},
					{"name": "value", "type": "bytes", "field-id": 127}]}}], "field-id": 125},
			{"name": "upper_bounds", "type": ["null", {"type": "array", "logicalType": "map", "items":
				{"type": "record", "name": "k129_v130", "fields": [
					{"name": "key", "type": "int", "field-id": 129},
					{"name": "value", "type": "bytes", "field-id": 130}]}}], "field-id": 128},
			{"name": "partition", "type": {"type": "record", "name": "r102", "fields": [%s]}, "field-id": 102}]},
			"field-id": 2}]}`
	cycleField = `{"name": "cycle", "type": ["null", "string"], "field-id": 1000}`
)

// writeAvro writes rows to a container file.
func writeAvro[T any](schema string, meta map[string]string, rows []T) ([]byte, error) {
	s, err := avro.Parse(schema)
	if err != nil {
		return nil, err
	}
	texts := make(map[string][]byte, len(meta))
	for key, value := range meta {
		texts[key] = []byte(value)
	}
	var out bytes.Buffer
	w, err := ocf.NewWriter(&out, s, ocf.WithMetadata(texts), ocf.WithCodec(ocf.DeflateCodec(-1)))
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if err := w.Encode(&rows[i]); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// readAvro reads the rows of a container file. Fields that T does not have are skipped.
func readAvro[T any](text []byte) (out []T, err error) {
	r, err := ocf.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		var row T
		if err := r.Decode(&row); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
}

// encodeList makes the list of a snapshot's manifests.
func encodeList(next *plan, parent *int64, list []manifestFile) ([]byte, error) {
	meta := map[string]string{"format-version": strconv.Itoa(formatVersion),
		"snapshot-id": strconv.FormatInt(next.id, 10), "sequence-number": strconv.FormatInt(next.sequence, 10),
		"parent-snapshot-id": "null"}
	if parent != nil {
		meta["parent-snapshot-id"] = strconv.FormatInt(*parent, 10)
	}
	return writeAvro(listSchema, meta, list)
}

// encodeManifest makes a manifest of files, and its element of the list but for its path.
func (m *metadata) encodeManifest(next *plan, entries []manifestEntry) (out manifestFile, text []byte, err error) {
	schema, err := json.Marshal(m.schema())
	if err != nil {
		return out, nil, err
	}
	spec := m.PartitionSpecs[0]
	fields, err := json.Marshal(spec.Fields)
	if err != nil {
		return out, nil, err
	}
	out = manifestFile{SpecID: int32(spec.ID), Sequence: next.sequence, MinSequence: next.sequence, SnapshotID: next.id}
	for i := range entries {
		out.count(&entries[i])
	}
	partition := ""
	if len(spec.Fields) > 0 {
		partition = cycleField
	}
	text, err = writeAvro(fmt.Sprintf(entrySchema, partition), map[string]string{"schema": string(schema),
		"schema-id": strconv.Itoa(m.CurrentSchemaID), "partition-spec": string(fields),
		"partition-spec-id": strconv.Itoa(spec.ID), "format-version": strconv.Itoa(formatVersion), "content": "data"},
		entries)
	out.Length = int64(len(text))
	return out, text, err
}

// count adds a file to the sums of its manifest.
func (m *manifestFile) count(e *manifestEntry) {
	switch e.Status {
	case fileAdded:
		m.Added++
		m.AddedRows += e.File.Rows
	case fileExisting:
		m.Existing++
		m.ExistingRows += e.File.Rows
	case fileDeleted:
		m.Deleted++
		m.DeletedRows += e.File.Rows
	}
	if e.Sequence != nil && e.Status != fileDeleted {
		m.MinSequence = min(m.MinSequence, *e.Sequence)
	}
	cycle := e.File.Partition.Cycle
	if cycle == nil {
		return
	}
	if m.Partitions == nil {
		m.Partitions = []partitionSummary{{Lower: []byte(*cycle), Upper: []byte(*cycle)}}
	}
	if p := &m.Partitions[0]; string(p.Lower) > *cycle {
		p.Lower = []byte(*cycle)
	} else if string(p.Upper) < *cycle {
		p.Upper = []byte(*cycle)
	}
}

// dataFile describes a file of the lake. It gives bounds only for columns that the file's key determines.
func (m *metadata) dataFile(uri string, e *lake.FileEntry) dataFile {
	f := dataFile{Path: uri, Format: "PARQUET", Rows: e.Rows, Bytes: e.Bytes}
	cycle := e.Cycle.String()
	if len(m.PartitionSpecs[0].Fields) > 0 {
		f.Partition.Cycle = &cycle
	}
	if id := m.fieldID(cycleColumn); id != 0 {
		f.Lower = []bound{{int32(id), []byte(cycle)}}
		f.Upper = f.Lower
	}
	return f
}
