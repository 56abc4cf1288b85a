package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// demoSum is the sum of the bills of the sample's month.
const demoSum = "10155.37"

// runCommand runs a command line that must not fail, and returns its output.
func runCommand(t *testing.T, args ...string) string {
	t.Helper()
	var out, told bytes.Buffer
	if code := commands.Main(args, nil, &out, &told, program.NoEnv, noon); code > cli.ExitNeedsAttention {
		t.Fatalf("tollbook %v: exit %d: %s", args, code, told.String())
	}
	return out.String()
}

// TestDemo checks that the demo prints about 30 lines of 80 columns, which README shows, and that its invoice can be
// sent.
func TestDemo(t *testing.T) {
	readme, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	out := runCommand(t, "demo")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) > 35 {
		t.Errorf("%d lines", len(lines))
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
		if line != "" {
			lines[i] = "    " + line
		}
	}
	if !strings.Contains(string(page), strings.Join(lines, "\n")) {
		t.Errorf("README.md does not show the output of the demo:\n%s", out)
	}
	for _, hidden := range []string{"control totals", "SELECT", "$?"} {
		if strings.Contains(out, hidden) {
			t.Errorf("the demo shows %q", hidden)
		}
	}
	if !strings.Contains(out, demoSum) {
		t.Errorf("the sum of the demo is not %s:\n%s", demoSum, out)
	}
	invoice, err := os.ReadFile("tollbook-demo/exports/documents-2026-09/bills/kestrel.html")
	if err != nil {
		t.Fatal(err)
	}
	// 2420.41 / 1.06 × 0.06 = 137.00; 2420.41 − 1500.00 = 920.41
	for _, want := range []string{"INV-2026-09-kestrel", "88 Harbour Road", "12 Foundry Street", "Example Bank",
		"137.00", "2,420.41", "−1,500.00", "920.41"} {
		if !strings.Contains(string(invoice), want) {
			t.Errorf("the invoice lacks %q", want)
		}
	}
	for _, wrong := range []string{"Draft", "none, draft", "Not for payment"} {
		if strings.Contains(string(invoice), wrong) {
			t.Errorf("the invoice says %q", wrong)
		}
	}
}

// TestDemoSum checks that the command that init --sample prints gives the sum of the demo.
func TestDemoSum(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	_, next, found := strings.Cut(runCommand(t, "init", dir, "--sample"), "next: tollbook ")
	if !found {
		t.Fatal("init prints no next command")
	}
	runCommand(t, strings.Fields(next)...)
	if out := runCommand(t, "-w", dir, "bill", "--cycle", "2026-09"); !strings.Contains(out, " "+demoSum+"\n") {
		t.Errorf("the sum of init's command is not %s:\n%s", demoSum, out)
	}
}

// TestTour checks that the tour ends with the bills of both months, and how its sum differs from the demo's.
func TestTour(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	out := runCommand(t, "demo", "--tour", filepath.Join(t.TempDir(), "w"))
	for _, want := range []string{"cycle 2026-08 is closed", " 10173.37\n", "18.00 more", "2026-09 --as-of"} {
		if !strings.Contains(out, want) {
			t.Errorf("the tour lacks %q", want)
		}
	}
}

// TestHelp checks that the program groups its commands and says what is next, and that a command's help has its own
// flags and two examples.
func TestHelp(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	runCommand(t, "init", dir)
	out := runCommand(t, "-w", dir)
	at := 0
	for _, want := range []string{"\nStart:\n", "\nMonth:\n", "\nLook:\n", "\nSend:\n", "\nOperate:\n", "\nRare:\n",
		"\nNext: tollbook -w " + dir + " check"} {
		next := strings.Index(out[at:], want)
		if next < 0 {
			t.Errorf("the help lacks %q after %d:\n%s", want, at, out)
			continue
		}
		at += next
	}
	help := runCommand(t, "close", "--help")
	if n := strings.Count(help, "\n  tollbook close --"); n != 2 || !strings.Contains(help, "--dry-run ") ||
		strings.Contains(help, "RFC 3339") || !strings.Contains(help, "\nGlobal flags (`tollbook --help`): --") {
		t.Errorf("%d examples in\n%s", n, help)
	}
}
