package commands

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/publish"
)

func TestPublishDryRun(t *testing.T) {
	t.Parallel()
	const words = "Nothing to insert: the server has every file."
	for _, c := range []struct {
		report publish.Report
		says   bool
	}{
		{publish.Report{DryRun: true, Tables: []publish.TableReport{{Table: "lines", Files: 3}}}, true},
		{publish.Report{DryRun: true, Tables: []publish.TableReport{{Table: "lines", Files: 3, New: 1}}}, false},
		{publish.Report{DryRun: true, DDL: []string{"server: create lines"}}, false},
		{publish.Report{}, false},
	} {
		var out bytes.Buffer
		printPublish(cli.New(nil, &out, nil, nil, nil), &c.report)
		if says := strings.Contains(out.String(), words); says != c.says || c.report.DryRun &&
			!strings.Contains(out.String(), "dry run: nothing was written") {
			t.Errorf("%+v:\n%s", c.report, out.String())
		}
	}
}
