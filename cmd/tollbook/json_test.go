package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/out/document"
)

var updateJSON = flag.Bool("update-json", false, "write docs/json.md and docs/json-schema.json")

// jsonCall is a call of a command with --json on the sample.
type jsonCall struct {
	shape string // name among the schemas; "" = a preparation, which the documentation leaves out
	args  string // DIR is a temporary folder, DIR/w the workspace
	code  int    // exit code
	of    reflect.Type
}

// jsonCalls returns the calls in their order. Each command that supports --json has one for each shape of its result.
func jsonCalls() []jsonCall {
	return []jsonCall{
		{shape: "init", args: "init DIR/w --sample"},
		{shape: "demo", args: "demo DIR/demo"},
		{shape: "generate", args: "generate -w DIR/g --rows 100 --customers 2 --days 1"},
		{shape: "check", args: "check"},
		{shape: "ingest", args: "ingest", code: 1},
		{shape: "run-nightly", args: "run nightly"},
		{shape: "run-monthly", args: "run monthly --cycle 2026-09"},
		{shape: "bill", args: "bill --cycle 2026-09"},
		{shape: "bill-customer", args: "bill --cycle 2026-09 --customer aurora", of: reflect.TypeFor[document.Bill]()},
		{shape: "bill-customer", args: "bill --cycle 2026-09 --customer aurora --format json",
			of: reflect.TypeFor[document.Bill]()},
		{shape: "bill-out", args: "bill --cycle 2026-09 --customer aurora --format html --out DIR/aurora.html"},
		{shape: "statement", args: "statement --cycle 2026-09"},
		{shape: "statement-partner", args: "statement --cycle 2026-09 --partner meridian",
			of: reflect.TypeFor[document.Statement]()},
		{shape: "statement-out", args: "statement --cycle 2026-09 --partner meridian --format xlsx --out DIR/m.xlsx"},
		{shape: "documents", args: "documents --cycle 2026-09 --customer delta --dir DIR/documents"},
		{shape: "bandwidth", args: "bandwidth bamboo-studio --cycle 2026-09"},
		{shape: "explain", args: "explain llm-01467i"},
		{shape: "explain", args: "explain 2026-09/line.p95/east-1/aurora-east"},
		{shape: "incentives", args: "incentives"},
		{shape: "packages", args: "packages --customer grove"},
		{shape: "quote", args: "quote --customer delta --usage DIR/w/inbox/usage/machines-2026-09.csv"},
		{shape: "quote-order", args: "quote --customer meadow --order plan-meadow-1 --to desk.plan"},
		{shape: "export", args: "export --cycle 2026-09 --table statements --out DIR/statements.csv"},
		{shape: "export-focus", args: "export --cycle 2026-09 --format focus --dir DIR/focus"},
		{shape: "focus-check", args: "focus check DIR/focus/focus-2026-09-vendor.csv"},
		{shape: "rejects", args: "rejects --all --raw", code: 1},
		{shape: "rejects-costs", args: "rejects costs"},
		{shape: "rejects-dismiss", args: "rejects dismiss bandwidth/resent.ndjson:5 --reason test --by finance"},
		{shape: "rejects-restore", args: "rejects restore bandwidth/resent.ndjson:5 --reason test --by finance"},
		{shape: "query-list", args: "query"},
		{shape: "query-sql", args: "query revenue --sql"},
		{shape: "query", args: "query revenue --cycle 2026-09"},
		{shape: "query", args: "query partner-margin --cycle 2026-09"},
		{shape: "close", args: "close --cycle 2026-09 --yes"},
		{shape: "invoice", args: "invoice --cycle 2026-09 --to delta --number N-1",
			of: reflect.TypeFor[document.Invoice]()},
		{shape: "rerate", args: "rerate --cycle 2026-09 --dry-run"},
		{shape: "runs", args: "runs"},
		{shape: "runs-show", args: "runs show 1"},
		{shape: "verify", args: "verify"},
		{shape: "doctor", args: "doctor"},
		{shape: "version", args: "version"},
		{shape: "man-dir", args: "man --dir DIR/man"},
		{shape: "man-out", args: "man --out DIR/cli.md"},
		{shape: "backup", args: "backup DIR/backup"},
		{shape: "restore", args: "restore DIR/backup --into DIR/restored"},
		{shape: "restore-head", args: "restore-head"},
		{shape: "prune", args: "prune --dry-run"},
		{shape: "rebucket", args: "rebucket --dry-run"},
		{shape: "reset", args: "reset -w DIR/g --yes"},
		{shape: "keys-add", args: "keys add --role finance"},
		{shape: "keys-list", args: "keys list"},
		{shape: "keys-revoke", args: "keys revoke KEY"},
		{shape: "schedule", args: "schedule --dry-run"},
		{shape: "schedule", args: "schedule --once"},
		{shape: "publish", args: "publish"},
		{shape: "failure", args: "bill --cycle 2020-01", code: 2, of: reflect.TypeFor[cli.Failure]()},
	}
}

// withoutJSON returns the commands that print no JSON, and the reasons.
func withoutJSON() map[string]string {
	return map[string]string{
		"tollbook completion": "a script",
		"tollbook invoice":    "the sample has no invoices",
		"tollbook console":    "it ends with Ctrl-C: one object with the address",
		"tollbook worker":     "it ends with Ctrl-C: its log, on standard error",
		"tollbook serve":      "it ends with Ctrl-C: one object per request, on standard error",
	}
}

// jsonPage collects the content of docs/json.md and docs/json-schema.json.
type jsonPage struct {
	shapes  *shapes
	outline *outline
	schemas map[string]*jsonschema.Schema // by shape
	order   []string
	first   map[string]string // the first call of a shape
	key     string            // id of the key that the calls added
	lined   []string          // shapes that are printed one per line
	ready   map[string]*jsonschema.Resolved
}

// TestJSON calls every command that supports --json on the sample and validates the output against
// docs/json-schema.json, which is generated from the types of the results. With -update-json it writes that file and
// docs/json.md.
func TestJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &jsonPage{shapes: newShapes(), outline: &outline{path: map[string]string{}},
		schemas: map[string]*jsonschema.Schema{}, first: map[string]string{}, ready: map[string]*jsonschema.Resolved{}}
	called := withoutJSON()
	var printed [][]byte
	for _, c := range jsonCalls() {
		if c.shape == "publish" {
			appendFile(t, filepath.Join(dir, "w", "tollbook.yaml"), "iceberg: {warehouse: tables}\n")
		}
		if c.shape == "close" {
			p.lines(t, dir)
		}
		if c.shape == "close" { // the table of invoiceable amounts needs a workspace in which partners invoice
			parties := filepath.Join(dir, "w", "books", "parties.csv")
			if err := os.WriteFile(parties, []byte("party_id,legal_name\ndelta,Delta Ltd\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		result, command := p.call(t, dir, &c)
		called[command] = c.args
		printed = append(printed, result)
	}
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		if cmd.Runnable() && called[cmd.CommandPath()] == "" && !cmd.HasSubCommands() {
			t.Errorf("%s is not called with --json", cmd.CommandPath())
		}
	})
	p.check(t, "../../docs/json-schema.json", p.file(t))
	p.check(t, "../../docs/json.md", p.page())
	for i, text := range printed {
		p.validate(t, jsonCalls()[i].shape, text)
	}
}

// call calls a command. It returns the printed JSON objects and the path of the command.
func (p *jsonPage) call(t *testing.T, dir string, c *jsonCall) (result []byte, command string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := cli.New(strings.NewReader(""), &stdout, &stderr, program.NoEnv, noon)
	printed := c.of
	a.Out.OnJSON = func(v any) {
		if printed == nil {
			printed = reflect.TypeOf(v)
		}
	}
	args := strings.Fields(strings.NewReplacer("DIR", dir, "KEY", p.key).Replace(c.args))
	if !strings.Contains(c.args, "-w ") {
		args = append([]string{"-w", filepath.Join(dir, "w")}, args...)
	}
	root := commands.New(a)
	if cmd, _, err := root.Find(strings.Fields(c.args)); err == nil {
		command = cmd.CommandPath()
	}
	if code := a.Run(root, append(args, "--json")); code != c.code {
		t.Errorf("tollbook %s --json: exit %d, want %d: %s", c.args, code, c.code, stderr.String())
	}
	text := stdout.Bytes()
	if c.code == cli.ExitWrong {
		text = stderr.Bytes()
	}
	if printed == nil {
		t.Errorf("tollbook %s --json printed no JSON: %s%s", c.args, text, stderr.String())
		return nil, command
	}
	if p.schemas[c.shape] == nil {
		schema, err := p.shapes.schema(printed)
		if err != nil {
			t.Fatalf("tollbook %s --json: %v", c.args, err)
		}
		p.schemas[c.shape], p.first[c.shape] = schema, c.args
		p.order = append(p.order, c.shape)
	}
	if c.shape == "keys-add" {
		var made struct{ ID string }
		if err := json.Unmarshal(text, &made); err != nil {
			t.Fatal(err)
		}
		p.key = made.ID
	}
	return text, command
}

// validate validates a result against the schema of its shape, and checks that the schema refuses an unknown member.
func (p *jsonPage) validate(t *testing.T, shape string, text []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Errorf("%s: %v in %.300s", shape, err, text)
		return
	}
	if p.ready[shape] == nil {
		var err error
		if p.ready[shape], err = p.schemas[shape].Resolve(nil); err != nil {
			t.Errorf("%s: %v", shape, err)
			return
		}
	}
	resolved := p.ready[shape]
	if err := resolved.Validate(value); err != nil {
		t.Errorf("%s: %v in %.2000s", shape, err, text)
	}
	if members, ok := value.(map[string]any); ok {
		members["of no type"] = true
		if resolved.Validate(members) == nil {
			t.Errorf("%s: the schema allows any member", shape)
		}
	}
}

// file returns docs/json-schema.json.
func (p *jsonPage) file(t *testing.T) string {
	t.Helper()
	all := &jsonschema.Schema{
		Schema: "https://json-schema.org/draft/2020-12/schema",
		Title:  "What the commands of tollbook print with --json",
		Defs:   map[string]*jsonschema.Schema{},
	}
	for _, shape := range p.lined {
		all.Defs[shape] = p.schemas[shape]
	}
	for _, shape := range p.order {
		all.Defs[shape] = p.schemas[shape]
		if like := p.like(shape); like != shape {
			all.Defs[shape] = &jsonschema.Schema{Ref: "#/$defs/" + like}
		}
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// check compares a file of the documentation with the expected text, or writes it.
func (p *jsonPage) check(t *testing.T, name, want string) {
	t.Helper()
	if *updateJSON {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), want); diff != "" {
		t.Errorf("%s (-file +commands); `go test ./cmd/tollbook -run TestJSON$ -update-json` writes it:\n%s", name,
			diff)
	}
}

// like returns the first shape whose schema equals that of the given shape.
func (p *jsonPage) like(shape string) string {
	for _, before := range p.order {
		if reflect.DeepEqual(p.schemas[before], p.schemas[shape]) {
			return before
		}
	}
	return shape
}

// page returns docs/json.md.
func (p *jsonPage) page() string {
	var out strings.Builder
	out.WriteString(jsonHead)
	for _, shape := range p.order {
		call := strings.NewReplacer("-w DIR/g ", "", "DIR/w/", "", "DIR/", "").Replace(p.first[shape])
		members := p.outline.object(p.schemas[shape], shape)
		fmt.Fprintf(&out, "\n## %s\n\n```txt\n$ tollbook %s --json\n%s```\n", shape, call, members)
	}
	out.WriteString(p.linesPage())
	return out.String()
}

const jsonHead = `# JSON of the commands

This page lists the members of each result that a command prints with ` + "`--json`" + `, one JSON value on standard
output. [json-schema.json](json-schema.json) has a definition per heading, as JSON Schema 2020-12, with a
description of each member. Both are made from the types of the program, and a test validates each call below.

| notation | meaning |
|---|---|
| ` + "`name`" + ` | text |
| ` + "`name:int`, `:number`, `:bool`" + ` | a whole number, a number, true or false |
| ` + "`name:decimal`" + ` | amount, price or quantity: a decimal in text, with all digits |
| ` + "`name?`" + ` | left out if it has no value |
| ` + "`name:{…}`, `name:[…]`" + ` | an object with these members, a list of these values |
| ` + "`name:{NAME:int}`" + ` | an object with any names |
| ` + "`ingest`, `name:ingest.missing`" + ` | the members that this page lists for that result, or for that member of it |

Lines below the members say what a value means.

- Times are UTC in RFC 3339. Cycles are months, such as 2026-09.
- A command that fails prints the [failure](#failure) on standard error. Exit codes are the same as without
  ` + "`--json`" + `.
- Where ` + "`--customer` or `--partner`" + ` selects one bill or statement, the result is that document, the same as with
  ` + "`--format json`" + `. With ` + "`--out FILE`" + ` it says what was written.
- ` + "`tollbook console`" + ` prints one object with its ` + "`address`" + `. What is printed line by line is
  [below](#lines-of-json).
- Members can be added in a later version. A member that exists keeps its name, type and meaning.
`

// appendFile adds text to a file.
func appendFile(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
