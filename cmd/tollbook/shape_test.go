package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// shapes makes JSON schemas and outlines of Go types as encoding/json writes them. Comments come from the source.
type shapes struct {
	own      map[reflect.Type]*jsonschema.Schema // schemas of types that write their JSON themselves
	comments map[string]string                   // by package, type and field
	parsed   map[string]bool                     // packages whose comments are in comments
}

func newShapes() *shapes {
	return &shapes{map[reflect.Type]*jsonschema.Schema{}, map[string]string{}, map[string]bool{}}
}

// decimalPattern matches the text of an exact number.
const decimalPattern = `^-?[0-9]+(\.[0-9]+)?$`

// schema returns the schema of a type. It allows no other members.
func (s *shapes) schema(t reflect.Type) (*jsonschema.Schema, error) {
	if err := s.collect(t, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	if own := s.own[t]; own != nil {
		return own, nil
	}
	schema, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: s.own})
	if err != nil {
		return nil, err
	}
	return schema, s.describe(t, schema)
}

// collect adds the schemas of the types below a type that write their JSON themselves.
func (s *shapes) collect(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] || s.own[t] != nil || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	seen[t] = true
	writes := func(i reflect.Type) bool { return t.Implements(i) || reflect.PointerTo(t).Implements(i) }
	switch {
	case t.Kind() == reflect.Pointer:
		return s.collect(t.Elem(), seen)
	case t == reflect.TypeFor[json.RawMessage]():
		return nil
	case writes(reflect.TypeFor[json.Marshaler]()):
		own, err := s.marshaled(t)
		s.own[t] = own
		return err
	case writes(reflect.TypeFor[encoding.TextMarshaler]()):
		s.own[t] = &jsonschema.Schema{Type: "string"}
		if strings.HasSuffix(t.PkgPath(), "schemas/money") {
			s.own[t].Pattern = decimalPattern
		}
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map:
		return s.collect(t.Elem(), seen)
	case t.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if err := s.collect(f.Type, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// marshaled returns the schema of a type that has a MarshalJSON method.
func (s *shapes) marshaled(t reflect.Type) (*jsonschema.Schema, error) {
	if shaped, ok := reflect.Zero(t).Interface().(interface{ JSONValue() any }); ok {
		return s.schema(reflect.TypeOf(shaped.JSONValue()))
	}
	if t.String() == "commands.object" { // a row of a result: the columns depend on the query
		text := &jsonschema.Schema{Types: []string{"string", "integer", "null"}}
		return &jsonschema.Schema{Type: "object", AdditionalProperties: text}, nil
	}
	return nil, fmt.Errorf("%s writes its JSON itself: give it a JSONValue that says what", t)
}

// describe adds the comments of a type's fields to its schema.
func (s *shapes) describe(t reflect.Type, schema *jsonschema.Schema) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s.own[t] != nil || schema == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return s.describe(t.Elem(), schema.Items)
	case reflect.Map:
		return s.describe(t.Elem(), schema.AdditionalProperties)
	case reflect.Struct:
		for f := range t.Fields() {
			if err := s.describeField(t, f, schema); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shapes) describeField(t reflect.Type, f reflect.StructField, schema *jsonschema.Schema) error {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" && f.Anonymous {
		if t.String() == "commands.publishResult" { // the embedded result of ClickHouse can be nil
			schema.Required = nil
		}
		return s.describe(f.Type, schema)
	}
	if name == "" {
		name = f.Name
	}
	of := schema.Properties[name]
	if of == nil {
		return nil // not exported, or "-"
	}
	if err := s.describe(f.Type, of); err != nil {
		return err
	}
	text, err := s.comment(t, f.Name)
	for _, verb := range []string{"is", "are", "says that", "says", "reports that", "reports"} {
		text = strings.TrimPrefix(text, f.Name+" "+verb+" ")
	}
	of.Description = goNil.ReplaceAllString(text, "absent")
	return err
}

// goNil matches the word that Go comments use for a value whose member is left out of the JSON.
var goNil = regexp.MustCompile(`\bnil\b`)

// comment returns the source comment of a field.
func (s *shapes) comment(t reflect.Type, field string) (string, error) {
	path, ours := strings.CutPrefix(t.PkgPath(), "github.com/tollbook/tollbook/")
	if !ours {
		return "", nil
	}
	if !s.parsed[path] {
		s.parsed[path] = true
		files, err := filepath.Glob(filepath.Join("../..", path, "*.go"))
		if err != nil {
			return "", err
		}
		for _, name := range files {
			if err := s.parse(path, name); err != nil {
				return "", err
			}
		}
	}
	return s.comments[path+"."+t.Name()+"."+field], nil
}

// parse reads the comments of the struct fields in a file.
func (s *shapes) parse(path, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		object, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range object.Fields.List {
			about := strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
			for _, id := range f.Names {
				s.comments[path+"."+spec.Name.Name+"."+id.Name] = about
			}
		}
		return true
	})
	return nil
}

// outline writes schemas in the notation of docs/json.md.
type outline struct {
	path   map[string]string // by an object's members: where they are written
	values []string          // what values of the members mean
}

// valuesSaid matches the descriptions that say what a value means, or list the values.
var valuesSaid = regexp.MustCompile(`= |""|\bempty\b|^false: |^\w+(, \w+)+( or \w+)?$| \| `)

// object returns the notation of a result, and lines about its values.
func (o *outline) object(s *jsonschema.Schema, shape string) string {
	o.values = nil
	text := o.value(s, shape, "") + "\n"
	for _, value := range o.values {
		text += strings.TrimPrefix(value, shape+".") + "\n"
	}
	return text
}

// value returns the notation of a value. Members of an object that are written already are a reference.
func (o *outline) value(s *jsonschema.Schema, path, indent string) string {
	if s.Items != nil {
		return "[" + o.value(s.Items, path, indent) + "]"
	}
	if values := s.AdditionalProperties; values != nil && values.Not == nil {
		return "{NAME:" + o.value(values, path, indent) + "}"
	}
	if s.PropertyOrder == nil {
		return kindOf(s)
	}
	members, err := json.Marshal([]any{s.Properties, s.Required})
	if err != nil {
		panic(err)
	}
	if first := o.path[string(members)]; first != "" {
		return first
	}
	if len(s.PropertyOrder) > 2 { // a reference is longer than two members
		o.path[string(members)] = path
	}
	return "{" + o.members(s, path, indent) + "}"
}

// members returns the members of an object, on one line if they fit.
func (o *outline) members(s *jsonschema.Schema, path, indent string) string {
	const width = 100
	inner := indent + "  "
	var all []string
	for _, name := range s.PropertyOrder {
		text := name
		if !slices.Contains(s.Required, name) {
			text += "?"
		}
		of := s.Properties[name]
		if valuesSaid.MatchString(of.Description) {
			o.values = append(o.values, path+"."+name+": "+of.Description)
		}
		if of := o.value(of, path+"."+name, inner); of != "text" {
			text += ":" + of
		}
		all = append(all, text)
	}
	if line := strings.Join(all, ", "); len(line) < width-len(indent) && !strings.Contains(line, "\n") {
		return line
	}
	var out strings.Builder
	used := width
	for i, text := range all {
		if i < len(all)-1 {
			text += ","
		}
		first, _, _ := strings.Cut(text, "\n")
		if used += 1 + len(first); used > width || first != text {
			out.WriteString("\n" + inner + text)
			used = len(inner) + len(first)
		} else {
			out.WriteString(" " + text)
		}
		if first != text {
			used = width
		}
	}
	return out.String() + "\n" + indent
}

// kindOf returns the name by which the page calls the type of a value that is no object and no list.
func kindOf(s *jsonschema.Schema) string {
	names := map[string]string{"string": "text", "integer": "int", "number": "number", "boolean": "bool"}
	var out []string
	for _, k := range append(s.Types, s.Type) {
		switch {
		case k == "null", k == "":
		case s.Pattern == decimalPattern:
			out = append(out, "decimal")
		default:
			out = append(out, names[k])
		}
	}
	if len(out) == 0 {
		return "any"
	}
	return strings.Join(out, "|")
}
