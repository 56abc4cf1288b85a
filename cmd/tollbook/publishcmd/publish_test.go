package publishcmd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/outcome"
)

func TestPublishDryRun(t *testing.T) {
	t.Parallel()
	const words = "Nothing to insert: the server has every file."
	for _, c := range []struct {
		report outcome.ClickHouse
		says   bool
	}{
		{outcome.ClickHouse{DryRun: true, Tables: []outcome.ClickHouseTable{{Table: "lines", Files: 3}}}, true},
		{outcome.ClickHouse{DryRun: true, Tables: []outcome.ClickHouseTable{{Table: "lines", Files: 3, New: 1}}},
			false},
		{outcome.ClickHouse{DryRun: true, DDL: []string{"server: create lines"}}, false},
		{outcome.ClickHouse{}, false},
	} {
		var out bytes.Buffer
		printPublish(cli.New(nil, &out, nil, nil, nil), &c.report)
		if says := strings.Contains(out.String(), words); says != c.says || c.report.DryRun &&
			!strings.Contains(out.String(), "dry run: nothing was written") {
			t.Errorf("%+v:\n%s", c.report, out.String())
		}
	}
}
