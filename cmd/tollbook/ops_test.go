package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/ops"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/doctor"
	"github.com/tollbook/tollbook/jobs/ledger"
)

func opsFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(ops.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	metricName = regexp.MustCompile(`\b(?:tollbook|process|go)_[a-z_]+`)
	labelled   = regexp.MustCompile(`\b(kind|outcome|reason|feed|stage|why)=~?"([^"]*)"`)
)

// checkExpression checks that the metrics in an expression exist, and that their labels have the values in it.
func checkExpression(t *testing.T, where, expr string, names []string) {
	t.Helper()
	found := metricName.FindAllString(expr, -1)
	if len(found) == 0 && !strings.Contains(expr, "up{") {
		t.Errorf("%s: no metric in %s", where, expr)
	}
	for _, name := range found {
		base := name
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			base = strings.TrimSuffix(base, part)
		}
		if !slices.Contains(names, name) && !slices.Contains(names, base) {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	known := map[string][]string{
		"outcome": {string(ledger.Done), string(ledger.NeedsAttention), string(ledger.NothingNew),
			string(ledger.Refused), string(ledger.Gated), string(ledger.Failed),
			string(ledger.Panicked), "accepted", "duplicate", "rejected"},
		"why": {string(jobs.Scheduled), string(jobs.CatchUp), string(jobs.Retry)},
	}
	for _, k := range jobs.Kinds() {
		known["kind"] = append(known["kind"], string(k))
	}
	for _, l := range labelled.FindAllStringSubmatch(expr, -1) {
		for word := range strings.SplitSeq(l[2], "|") {
			if words, checked := known[l[1]]; checked && !slices.Contains(words, word) {
				t.Errorf("%s: no %s is %q", where, l[1], word)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: brackets do not match: %s", where, expr)
	}
}

func metricNames(t *testing.T) []string {
	t.Helper()
	names, err := doctor.NewMetrics("v1", time.Now).Names()
	if err != nil {
		t.Fatal(err)
	}
	ofWorker, err := doctor.NewWorkerMetrics("v1").Names()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(names, ofWorker)
}

// TestAlerts tests OPS-1.
func TestAlerts(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr string
				For         string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(opsFile(t, "alerts.yaml"))))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	names, seen := metricNames(t), make(map[string]bool)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			checkExpression(t, r.Alert, r.Expr, names)
			if r.For != "" {
				if _, err := time.ParseDuration(r.For); err != nil {
					t.Errorf("%s: %v", r.Alert, err)
				}
			}
			severity := r.Labels["severity"]
			if seen[r.Alert] || severity != "page" && severity != "ticket" || r.Annotations["summary"] == "" ||
				r.Annotations["description"] == "" {
				t.Errorf("%s: twice, or without severity, summary or description", r.Alert)
			}
			seen[r.Alert] = true
			for _, command := range quoted(r.Annotations["description"]) {
				checkCommand(t, r.Alert, command)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d alerts", len(seen))
	}
}

// quoted returns the texts in backquotes.
func quoted(text string) (out []string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}

// checkCommand checks that a command line is valid.
func checkCommand(t *testing.T, where, line string) {
	t.Helper()
	args := strings.Fields(line)
	root := commands.New(testApp())
	cmd, rest, err := root.Find(args[1:])
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil || cmd == root || !strings.HasSuffix(args[0], "tollbook") {
		t.Errorf("%s: %q is no command: %v", where, line, err)
	}
}

// TestDashboard tests OPS-2.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var board struct {
		Title  string
		UID    string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(opsFile(t, "dashboard.json"), &board); err != nil {
		t.Fatal(err)
	}
	names := metricNames(t)
	shown := make(map[string]bool)
	for _, p := range board.Panels {
		if len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s: shows nothing, or stands out of the grid", p.Title)
		}
		for _, target := range p.Targets {
			checkExpression(t, p.Title, target.Expr, names)
			for _, name := range metricName.FindAllString(target.Expr, -1) {
				shown[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum")] = true
			}
		}
	}
	alerts := string(opsFile(t, "alerts.yaml"))
	page, err := os.ReadFile("../../docs/operations-alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "tollbook_") && !strings.Contains(string(page), "`"+name) {
			t.Errorf("%s: not in docs/operations-alerts.md", name)
		}
		if strings.HasPrefix(name, "tollbook_") && !shown[name] && !strings.Contains(alerts, name) &&
			name != "tollbook_build_info" && name != "tollbook_last_look_timestamp_seconds" {
			t.Errorf("%s: in no alert and no panel", name)
		}
	}
}

// sections returns the values of a systemd unit by section and key.
func sections(t *testing.T, name string) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	section := ""
	for line := range strings.Lines(string(opsFile(t, name))) {
		line = strings.TrimSpace(line)
		switch key, value, assigned := strings.Cut(line, "="); {
		case line == "" || line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = strings.Trim(line, "[]")
		case assigned && section != "" && !strings.Contains(key, " "):
			out[section+"."+key] = append(out[section+"."+key], value)
		default:
			t.Errorf("%s: %q", name, line)
		}
	}
	return out
}

func TestUnits(t *testing.T) {
	t.Parallel()
	services, err := fs.Glob(ops.Files, "*.service")
	if err != nil || len(services) != 2 {
		t.Fatal(services, err)
	}
	for _, name := range services {
		unit := sections(t, name)
		start := unit["Service.ExecStart"]
		if len(start) != 1 || !strings.Contains(start[0], "/usr/local/bin/tollbook schedule") {
			t.Fatalf("%s: %v", name, start)
		}
		checkCommand(t, name, start[0])
		for _, key := range []string{"User", "NoNewPrivileges", "ProtectSystem", "ReadWritePaths", "PrivateTmp",
			"CapabilityBoundingSet"} {
			if unit["Service."+key] == nil {
				t.Errorf("%s: no %s", name, key)
			}
		}
	}
	unit := sections(t, "tollbook-schedule.service")
	stop, err := time.ParseDuration(strings.TrimSuffix(unit["Service.TimeoutStopSec"][0], "in"))
	if err != nil || stop <= 10*time.Minute {
		t.Errorf("TimeoutStopSec %v: the run that is on has schedule.stop_timeout, 10 minutes, to end",
			unit["Service.TimeoutStopSec"])
	}
	if timer := sections(t, "tollbook-once.timer"); timer["Timer.Unit"][0] != "tollbook-once.service" ||
		timer["Timer.OnCalendar"] == nil {
		t.Error(timer)
	}
}

func TestContainerfile(t *testing.T) {
	t.Parallel()
	var last map[string]string
	for line := range strings.Lines(string(opsFile(t, "Containerfile"))) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "", "#":
		case "FROM":
			last = map[string]string{}
		case "WORKDIR", "COPY", "ARG", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD":
			last[instruction] = rest
		default:
			t.Errorf("%q", line)
		}
	}
	var entry, args []string
	if err := json.Unmarshal([]byte(last["ENTRYPOINT"]), &entry); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(last["CMD"]), &args); err != nil {
		t.Fatal(err)
	}
	checkCommand(t, "Containerfile", strings.Join(append(entry, args...), " "))
	if last["USER"] != "65532:65532" || last["STOPSIGNAL"] != "SIGTERM" {
		t.Error(last)
	}
}
