package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/schemas/table"
)

// requestLine is a line of the log of `tollbook serve --json` about a request. Parameters of the request follow as
// p.NAME.
type requestLine struct {
	Time      string `json:"time"`
	Level     string `json:"level"`               // INFO; ERROR of a request that failed inside the server
	Msg       string `json:"msg"`                 // request | request failed
	Request   string `json:"request"`             // the id that the answer's header X-Request-Id has
	Method    string `json:"method,omitempty"`    // absent of what is no HTTP
	Path      string `json:"path,omitempty"`      // cut to 200 bytes
	Status    int    `json:"status"`              // of HTTP
	Operation string `json:"operation,omitempty"` // its name in docs/api.md
	Caller    string `json:"caller,omitempty"`    // id of the key
	Role      string `json:"role,omitempty"`      // of the key
	ErrorCode string `json:"error_code,omitempty"`
	Why       string `json:"why,omitempty"`   // of what is no HTTP
	Bytes     int64  `json:"bytes,omitempty"` // of the answer's body as it was sent
	Took      string `json:"took,omitempty"`  // such as 3.2ms
	Remote    string `json:"remote"`          // address and port of the client
	Error     string `json:"error,omitempty"` // of a request that failed inside the server
}

// requestSchema returns the schema of a requestLine with the parameters of any operation.
func requestSchema(t *testing.T, s *shapes) *jsonschema.Schema {
	t.Helper()
	schema, err := s.schema(reflect.TypeFor[requestLine]())
	if err != nil {
		t.Fatal(err)
	}
	schema.PatternProperties = map[string]*jsonschema.Schema{`^p\.`: {Type: "string"}}
	return schema
}

// exportedRows returns, for each table of `tollbook export`, the table with all possible columns and the table with the
// columns that are always present.
func exportedRows() map[string][2]*table.Table {
	out := map[string][2]*table.Table{
		"statements":         {table.StatementsOf(true, true).Table, table.Statements().Table},
		"partner_statements": {table.PartnerStatementsOf(true).Table, table.PartnerStatements().Table},
	}
	for _, t := range []*table.Table{table.Lines().Table, table.Rejects().Table, table.Incentives().Table,
		table.AccountEntries().Table,
		table.Margins().Table, table.Taxes().Table, table.Totals().Table, table.PartnerAccounts().Table,
		table.Receivables().Table, table.Coupons().Table,
		table.CouponRecords().Table, table.Funds().Table, table.Withdrawals().Table, table.Invoices().Table,
		table.InvoiceRecords().Table,
		table.OrderStatus().Table} {
		name := t.Name
		if name == table.AccountEntries().Name {
			name = "accounts"
		}
		out[name] = [2]*table.Table{t, t}
	}
	return out
}

// rowSchema returns the schema of a row of `tollbook export --format ndjson`.
func rowSchema(all, always *table.Table) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	for i, c := range all.Columns {
		if i >= all.Exported {
			break
		}
		of := &jsonschema.Schema{Types: []string{"null", "string"}, Description: c.Meaning}
		switch c.Type {
		case table.Whole, table.Small:
			of.Types = []string{"null", "integer"}
		case table.Amount, table.Quantity, table.Cost:
			of.Pattern = decimalPattern
		case table.Time, table.MaybeTime:
			of.Pattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$`
		}
		s.Properties[c.Name] = of
		s.PropertyOrder = append(s.PropertyOrder, c.Name)
		if always.Index(c.Name) >= 0 {
			s.Required = append(s.Required, c.Name)
		}
	}
	return s
}

// lines calls the commands that print one JSON object per line, and validates each line.
func (p *jsonPage) lines(t *testing.T, dir string) {
	t.Helper()
	budget := filepath.Join(dir, "w", "books", "budgets.csv")
	if err := os.WriteFile(budget, []byte("customer_id,amount,thresholds\naurora,100,50;100\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.line(t, dir, "alerts", "query budgets --format alerts", nil, 2)
	rows := exportedRows()
	for _, name := range export.Tables() {
		tables, ok := rows[name]
		if !ok {
			t.Errorf("export --table %s has no schema", name)
			continue
		}
		args := "export --table " + name + " --format ndjson"
		if !export.OfNoCycle(name) {
			args += " --cycle 2026-09"
		}
		least := map[string]int{"lines": 100, "statements": 10, "partner_statements": 5, "incentives": 1, "accounts": 1,
			"rejects": 20, "totals": 10}[name]
		p.line(t, dir, "export-"+name, args, rowSchema(tables[0], tables[1]), least)
	}
	p.schemas["serve-request"], p.first["serve-request"] = requestSchema(t, p.shapes), "serve --json"
	p.lined = append(p.lined, "serve-request")
}

// line validates each line that a command prints (in the quick form the first 20) and checks that there are at least
// least lines. If the command prints values of a type, the schema of that type is used instead of schema.
func (p *jsonPage) line(t *testing.T, dir, shape, args string, schema *jsonschema.Schema, least int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := cli.New(strings.NewReader(""), &stdout, &stderr, program.NoEnv, noon)
	a.Out.OnJSON = func(v any) {
		var err error
		if schema, err = p.shapes.schema(reflect.TypeOf(v)); err != nil {
			t.Fatal(err)
		}
	}
	line := append([]string{"-w", filepath.Join(dir, "w")}, strings.Fields(args)...)
	if code := a.Run(commands.New(a), line); code != 0 {
		t.Errorf("tollbook %s: exit %d: %s", args, code, stderr.String())
	}
	p.schemas[shape], p.first[shape] = schema, args
	p.lined = append(p.lined, shape)
	n := 0
	for text := range bytes.Lines(stdout.Bytes()) {
		if n++; n <= 20 || !testing.Short() { // the rows of a table have the same members
			p.validate(t, shape, text)
		}
	}
	if n < least {
		t.Errorf("tollbook %s: %d lines, want at least %d", args, n, least)
	}
}

// linesPage returns the part of docs/json.md about commands that print one JSON object per line.
func (p *jsonPage) linesPage() string {
	var out strings.Builder
	out.WriteString(linesHead)
	for _, shape := range p.lined {
		if !strings.HasPrefix(shape, "export-") {
			fmt.Fprintf(&out, "\n### %s\n\n```txt\n$ tollbook %s\n%s```\n", shape, p.first[shape],
				p.outline.object(p.schemas[shape], shape))
		}
	}
	return out.String()
}

const linesHead = `
## Lines of JSON

Some outputs are one JSON object per line (NDJSON). [json-schema.json](json-schema.json) has a definition of one line.

` + "`tollbook export --table TABLE --format ndjson`" + ` has the definition ` + "`export-TABLE`" + `. Its members are the
columns in [formats](formats-tables.md), null without a value. The log of ` + "`serve`" + ` is on standard error.
The parameters of a request are members ` + "`p.NAME`" + `. Other lines have ` + "`time`, `level`, `msg`" + ` and
members that depend on the message.
`

// TestRequestLine checks that the schema refuses a line with an unknown member and a line without a required one.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	good := `{"time":"2026-09-01T00:00:00Z","level":"INFO","msg":"request","request":"a","status":200,"remote":"x:1","p.cycle":"2026-09"}`
	for text, want := range map[string]bool{good: true,
		strings.Replace(good, `"status":200,`, "", 1):            false,
		strings.Replace(good, `"p.cycle"`, `"cycle"`, 1):         false,
		strings.Replace(good, `"status":200`, `"status":"x"`, 1): false} {
		if err := validRequest(t, []byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// validRequest validates a line that serve logs about a request.
func validRequest(t *testing.T, line []byte) error {
	t.Helper()
	resolved, err := requestSchema(t, newShapes()).Resolve(nil)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(line, &value); err != nil {
		return err
	}
	return resolved.Validate(value)
}
