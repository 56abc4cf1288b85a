package feed

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// ParquetField is a column of a file, or a part of a nested one.
type ParquetField struct {
	Name     string
	Type     arrow.DataType
	Parts    []*ParquetField // of a structure its members, of a list its element, of a map its key and value
	Nullable bool
	Physical format.Type             // of a leaf
	Logical  format.LogicalTypeValue // nil = none

	leaf   int   // index among the columns of a row group; -1 = it has parts
	length int   // bytes of a FIXED_LEN_BYTE_ARRAY
	def    uint8 // definition level of a value that is not null
	rep    uint8 // number of the repeated fields around a value
}

// IsText reports whether a field is a column of texts or other bytes of any length.
func (f *ParquetField) IsText() bool {
	_, decimal := f.Logical.(*format.DecimalType)
	return f.leaf >= 0 && f.Physical == format.ByteArray && !decimal
}

// TypeName returns the name of a leaf's type.
func (f *ParquetField) TypeName() string {
	if f.Logical != nil && !f.IsNumber() {
		return f.Logical.String()
	}
	return f.Physical.String()
}

// IsNumber reports whether a leaf has no other logical type than a whole number.
func (f *ParquetField) IsNumber() bool {
	_, whole := f.Logical.(*format.IntType)
	return whole || f.Logical == nil
}

// leavesOf returns the leaves of fields in the order of the file.
func leavesOf(fields ...*ParquetField) (out []*ParquetField) {
	for _, f := range fields {
		if f.leaf >= 0 {
			out = append(out, f)
		}
		out = append(out, leavesOf(f.Parts...)...)
	}
	return out
}

// maxDepth is how deep columns may be nested.
const maxDepth = 60

// schemaReader makes fields of a schema, which lists its nodes from the root in depth-first order.
type schemaReader struct {
	rest   []format.SchemaElement
	leaves int
}

func fieldsOf(schema []format.SchemaElement) ([]*ParquetField, error) {
	if len(schema) == 0 {
		return nil, errors.New("it is empty")
	}
	r := schemaReader{rest: schema[1:]}
	fields, err := r.parts(&schema[0], 0, 0, 0)
	if err == nil && len(r.rest) > 0 {
		err = fmt.Errorf("%d nodes too many", len(r.rest))
	}
	return fields, err
}

func (r *schemaReader) next() (*format.SchemaElement, error) {
	if len(r.rest) == 0 {
		return nil, errors.New("it ends too early")
	}
	e := &r.rest[0]
	r.rest = r.rest[1:]
	return e, nil
}

func (r *schemaReader) parts(of *format.SchemaElement, def, rep uint8, depth int) (out []*ParquetField, err error) {
	for range of.NumChildren.V {
		f, err := r.field(def, rep, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// field reads a node and those below it.
func (r *schemaReader) field(def, rep uint8, depth int) (*ParquetField, error) {
	e, err := r.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	switch e.RepetitionType.V {
	case format.Repeated: // a list without a node of its own
		part, err := r.value(e, def+1, rep+1, depth)
		if err != nil {
			return nil, err
		}
		return listOf(e.Name, part, def, rep), nil
	case format.Optional:
		f, err := r.value(e, def+1, rep, depth)
		if err == nil {
			f.Nullable = true
		}
		return f, err
	default:
		return r.value(e, def, rep, depth)
	}
}

func listOf(name string, part *ParquetField, def, rep uint8) *ParquetField {
	return &ParquetField{Name: name, Type: arrow.ListOfField(part.arrow()), Parts: []*ParquetField{part}, leaf: -1,
		def: def,
		rep: rep}
}

func (f *ParquetField) arrow() arrow.Field {
	return arrow.Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable}
}

// value reads a node without its repetition.
func (r *schemaReader) value(e *format.SchemaElement, def, rep uint8, depth int) (f *ParquetField, err error) {
	logical := logicalOf(e)
	if e.NumChildren.Valid && e.NumChildren.V > 0 {
		switch logical.(type) {
		case *format.ListType, *format.MapType:
			if e.NumChildren.V == 1 && len(r.rest) > 0 && r.rest[0].RepetitionType.V == format.Repeated {
				return r.repeated(e, def, rep, depth)
			}
		}
		f = &ParquetField{Name: e.Name, leaf: -1, def: def, rep: rep}
		if f.Parts, err = r.parts(e, def, rep, depth); err == nil {
			f.Type = structOf(f.Parts)
		}
		return f, err
	}
	f = &ParquetField{Name: e.Name, Physical: e.Type.V, Logical: logical, leaf: r.leaves, length: int(e.TypeLength.V),
		def: def, rep: rep}
	r.leaves++
	if !e.Type.Valid {
		return nil, fmt.Errorf("%s has no type", e.Name)
	}
	if f.Type, err = f.arrowType(); err != nil {
		return nil, fmt.Errorf("column %s: %w", e.Name, err)
	}
	return f, nil
}

func structOf(parts []*ParquetField) arrow.DataType {
	fields := make([]arrow.Field, len(parts))
	for i, p := range parts {
		fields[i] = p.arrow()
	}
	return arrow.StructOf(fields...)
}

// repeated reads what a node marked as a list or a map has: a repeated node, which is the element itself or has it as
// its only part. Older writers leave out the latter ("Backward-compatibility rules" of the format's lists).
func (r *schemaReader) repeated(e *format.SchemaElement, def, rep uint8, depth int) (*ParquetField, error) {
	inner, err := r.next()
	if err != nil {
		return nil, err
	}
	_, isMap := logicalOf(e).(*format.MapType)
	var part *ParquetField
	switch n := inner.NumChildren.V; {
	case n == 1 && inner.Name != "array" && inner.Name != e.Name+"_tuple":
		part, err = r.field(def+1, rep+1, depth+2)
	case n == 2 && isMap:
		parts, err := r.parts(inner, def+1, rep+1, depth+1)
		if err != nil {
			return nil, err
		}
		return &ParquetField{Name: e.Name, Type: arrow.MapOfFields(parts[0].arrow(), parts[1].arrow()), Parts: parts,
			leaf: -1,
			def:  def, rep: rep}, nil
	default:
		part, err = r.value(inner, def+1, rep+1, depth+1)
	}
	if err != nil {
		return nil, err
	}
	return listOf(e.Name, part, def, rep), nil
}

// logicalOf returns the logical type of a node; older files have converted types instead, whose times are in UTC.
func logicalOf(e *format.SchemaElement) format.LogicalTypeValue {
	if e.LogicalType.Value != nil || !e.ConvertedType.Valid {
		return e.LogicalType.Value
	}
	unit := func(u format.TimeUnitValue) format.TimeUnit { return format.TimeUnit{Value: u} }
	millis, micros := unit(new(format.MilliSeconds)), unit(new(format.MicroSeconds))
	switch t := e.ConvertedType.V; t {
	case deprecated.UTF8:
		return new(format.StringType)
	case deprecated.Map, deprecated.MapKeyValue:
		return new(format.MapType)
	case deprecated.List:
		return new(format.ListType)
	case deprecated.Enum:
		return new(format.EnumType)
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return new(format.DateType)
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{BitWidth: 8 << (t - deprecated.Uint8)}
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return &format.IntType{BitWidth: 8 << (t - deprecated.Int8), IsSigned: true}
	case deprecated.Json:
		return new(format.JsonType)
	case deprecated.Bson:
		return new(format.BsonType)
	}
	return nil // an interval is its bytes
}

// arrowType returns the type of a leaf's arrays.
func (f *ParquetField) arrowType() (arrow.DataType, error) {
	if d, ok := f.Logical.(*format.DecimalType); ok {
		if d.Precision > 76 || d.Precision < 1 {
			return nil, fmt.Errorf("a decimal of %d digits", d.Precision)
		}
		if d.Precision > 38 {
			return &arrow.Decimal256Type{Precision: d.Precision, Scale: d.Scale}, nil
		}
		return &arrow.Decimal128Type{Precision: d.Precision, Scale: d.Scale}, nil
	}
	switch f.Physical {
	case format.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case format.Int32, format.Int64:
		return f.wholeType()
	case format.Int96:
		return arrow.FixedWidthTypes.Timestamp_ns, nil
	case format.Float:
		return arrow.PrimitiveTypes.Float32, nil
	case format.Double:
		return arrow.PrimitiveTypes.Float64, nil
	case format.ByteArray:
		if _, ok := f.Logical.(*format.StringType); ok {
			return arrow.BinaryTypes.String, nil
		}
		return arrow.BinaryTypes.Binary, nil
	case format.FixedLenByteArray:
		if f.length < 1 || f.length > 1<<20 {
			return nil, fmt.Errorf("values of %d bytes", f.length)
		}
		switch f.Logical.(type) {
		case *format.Float16Type:
			return arrow.FixedWidthTypes.Float16, nil
		case *format.UUIDType:
			return arrow.BinaryTypes.String, nil // written with hyphens
		}
		return &arrow.FixedSizeBinaryType{ByteWidth: f.length}, nil
	}
	return nil, fmt.Errorf("the physical type %s", f.Physical)
}

// wholeType returns the type of whole numbers and of what is stored as such.
func (f *ParquetField) wholeType() (arrow.DataType, error) {
	switch t := f.Logical.(type) {
	case *format.DateType:
		return arrow.FixedWidthTypes.Date32, nil
	case *format.TimeType:
		unit, err := unitOf(t.Unit)
		if f.Physical == format.Int32 {
			return &arrow.Time32Type{Unit: unit}, err
		}
		return &arrow.Time64Type{Unit: unit}, err
	case *format.TimestampType:
		zone := ""
		if t.IsAdjustedToUTC {
			zone = "UTC"
		}
		unit, err := unitOf(t.Unit)
		return &arrow.TimestampType{Unit: unit, TimeZone: zone}, err
	case *format.IntType:
		types := map[bool]map[int8]arrow.DataType{
			true: {8: arrow.PrimitiveTypes.Int8, 16: arrow.PrimitiveTypes.Int16, 32: arrow.PrimitiveTypes.Int32,
				64: arrow.PrimitiveTypes.Int64},
			false: {8: arrow.PrimitiveTypes.Uint8, 16: arrow.PrimitiveTypes.Uint16, 32: arrow.PrimitiveTypes.Uint32,
				64: arrow.PrimitiveTypes.Uint64}}
		if out := types[t.IsSigned][t.BitWidth]; out != nil && (t.BitWidth == 64) == (f.Physical == format.Int64) {
			return out, nil
		}
		return nil, fmt.Errorf("%s stored as %s", t, f.Physical)
	}
	if f.Physical == format.Int32 {
		return arrow.PrimitiveTypes.Int32, nil
	}
	return arrow.PrimitiveTypes.Int64, nil
}

func unitOf(u format.TimeUnit) (arrow.TimeUnit, error) {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return arrow.Millisecond, nil
	case *format.MicroSeconds:
		return arrow.Microsecond, nil
	case *format.NanoSeconds:
		return arrow.Nanosecond, nil
	}
	return 0, errors.New("a time without a unit")
}
