package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// TestCommandLine runs complete invalid command lines in-process and checks exit code and text.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"frobnicate", `unknown command "frobnicate" for "tollbook"`},
		{"exprt", "did you mean `tollbook export`?"},
		{"settle", `unknown command "settle"`},
		{"runs shwo", "did you mean `tollbook runs show`?"},
		{"keys lst", "did you mean `tollbook keys list`?"},
		{"query margn", "did you mean `margin`?"},
		{"query xyzzy", "questions: revenue, "},
		{"query revenue --format jsno", "did you mean `json`?"},
		{"export --cycle 2026-09 --table line", "did you mean `lines`?"},
		{"export --cycle 2026-09 --format parqet", "did you mean `parquet`?"},
		{"rejects --reason unknown-sku", "did you mean `unknown_sku`?"},
		{"completion bsh", "did you mean `bash`?"},
		{"init w --sample=reseler", "did you mean `reseller`?"},
		{"run", "run: want nightly or monthly"},
		{"run weekly", `unknown command "weekly" for "tollbook run"`},
		{"bill", "no workspace: neither"},
		{"bill --cycle 2026-13", `--cycle "2026-13": no such month`},
		{"bill --cycle", "flag needs an argument: --cycle"},
		{"bill --cycel 2026-09", "unknown flag: --cycel"},
		{"bill --cycel 2026-09", "did you mean `--cycle`?"},
		{"run monthly", "--cycle is missing"},
		{"run monthly --cycle september", `not a cycle YYYY-MM`},
		{"run nightly --as-of yesterday", "write it as 2026-10-05T04:00:00Z"},
		{"run nightly --as-of 2026-10-05T04:00:00", "no offset"},
		{"run nightly now", "tollbook: run nightly takes no argument: now"},
		{"run nightly --workers 0", "--workers 0: want 1 to 1024"},
		{"run nightly --workers 1025", "--workers 1025: want 1 to 1024"},
		{"run nightly --workers many", `"many" for "--workers" flag: not a number that the flag can have`},
		{"serve --listen bogus", `--listen "bogus": not host:port`},
		{"serve --listen 127.0.0.1:99999", "not a port from 0 to 65535"},
		{"console --listen 127.0.0.1:99999", "not a port from 0 to 65535"},
		{"backup s3://", `"s3://": not s3://bucket/prefix`},
		{"restore s3:// --into w", `"s3://": not s3://bucket/prefix`},
		{"check -w commandline_test.go", "commandline_test.go/tollbook.yaml: not there"},
		{"run nightly --batch-rows -1", "want 0 or more"},
		{"run nightly --fault sometimes", "want fail:N"},
		{"run nightly --stop-at lunch", `--stop-at "lunch": no such point`},
		{"explain", "tollbook: explain: RECORD is missing"},
		{"explain r1 r2", "tollbook: explain takes one argument, RECORD, not 2: r1 r2"},
		{"restore", "tollbook: restore: DIR|s3://BUCKET/PREFIX is missing"},
		{"explain r1 --cycle x", "not a cycle"},
		{"export --cycle 2026-09 --table bills",
			`--table "bills": want one of lines, rejects, statements, partner_statements, incentives, ` +
				`accounts, margins, taxes, totals, partner_accounts, receivables, coupons, coupon_records, ` +
				`funds, withdrawals, invoices, invoice_records, order_status`},
		{"export --cycle 2026-09 --format xml", `--format "xml": want one of csv, ndjson, parquet`},
		{"export --table lines", "--cycle is missing"},
		{"rejects --reason dislike", `--reason "dislike": not a reason`},
		{"rejects --limit -1", "--limit -1: want 0 or more"},
		{"query revenue --limit -2", "--limit 0 shows all rows"},
		{"query revenue --from nowhere", "leave --from out"},
		{"rejects --reason bogus", "reasons: bad_row, missing_value, "},
		{"incentives --period 2026", "write it as 2026-09 or as 2026-Q3"},
		{"schedule --once --dry-run", "leave one of them out"},
		{"init", "tollbook: init: DIR is missing"},
		{"check -w nowhere", "nowhere/tollbook.yaml: not there"},
		{"run nightly -w nowhere", "`tollbook init` makes a workspace"},
		{"run nightly --quiet --verbose", "exclude each other"},
		{"completion tcsh", `shell "tcsh": want one of bash, fish, powershell, zsh`},
		{"bill --cycle 2026-09 -w nowhere", "nowhere/tollbook.yaml: not there"},
		{"generate --rows -5", "rows -5: must not be negative"},
	} {
		var out, told bytes.Buffer
		code := commands.Main(strings.Fields(c.args), nil, &out, &told, program.NoEnv, noon)
		if code != 2 || !strings.Contains(told.String(), c.want) || out.Len() > 0 {
			t.Errorf("tollbook %s: exit %d, %q, printed %q; want exit 2 and %q", c.args, code, told.String(),
				out.String(), c.want)
		}
		told.Reset()
		code = commands.Main(append(strings.Fields(c.args), "--json"), nil, &out, &told,
			program.NoEnv, noon)
		var f cli.Failure
		if err := json.Unmarshal(told.Bytes(), &f); strings.HasSuffix(c.args, "--cycle") {
			continue // --json becomes the value that the flag requires
		} else if err != nil || code != 2 || f.Exit != 2 || f.Error == "" {
			t.Errorf("tollbook %s --json: exit %d, %s, %v", c.args, code, told.String(), err)
		}
	}
}

// TestEmptyFlags (CLI-11) checks that an empty value, such as that of an unset variable of a script, is refused.
func TestEmptyFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"bill", "--customer", ""},
		{"bill", "--cycle="},
		{"export", "--cycle", "2026-09", "--customer", ""},
		{"export", "--cycle", "2026-09", "--partner", "", "--out", "one.csv"},
		{"documents", "--customer", ""},
		{"documents", "--customer", "acme,,beta"},
		{"documents", "--partner="},
		{"query", "revenue", "--customer", "acme", "--customer", ""},
		{"statement", "--partner", ""},
		{"rejects", "--file", ""},
		{"run", "nightly", "--as-of", ""},
		{"bill", "--lake", ""},
		{"check", "-w", ""},
		{"init", ""},
		{"bandwidth", "", "--cycle", "2026-09"},
		{"explain", ""},
	} {
		var out, told bytes.Buffer
		code := commands.Main(args, nil, &out, &told, program.NoEnv, noon)
		if code != 2 || !strings.Contains(told.String(), ": the value is empty\n") || out.Len() > 0 {
			t.Errorf("tollbook %q: exit %d, %q, printed %q; want exit 2 and an empty value", args, code, told.String(),
				out.String())
		}
	}
}
