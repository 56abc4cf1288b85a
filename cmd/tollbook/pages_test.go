package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
)

// block is a fenced block of a page: what is after the fence, and its text.
var block = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

// TestTutorial does what the page says: writes its files, runs its commands one after the other, and compares what they
// print. A line `...`, and `...` at the end of a line, match anything.
func TestTutorial(t *testing.T) {
	page, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	commands := 0
	for _, b := range block.FindAllSubmatch(page, -1) {
		language, file, _ := strings.Cut(string(b[1]), " ")
		if language != "console" {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b[2], 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, one := range strings.Split("\n"+string(b[2]), "\n$ ")[1:] {
			line, want, _ := strings.Cut(one, "\n")
			commands++
			shell(t, line, want)
		}
	}
	if commands < 10 {
		t.Errorf("%d commands in docs/tutorial.md", commands)
	}
}

// shell runs a command line of a page.
func shell(t *testing.T, line, want string) {
	t.Helper()
	args := strings.Fields(line)
	if args[0] != "tollbook" {
		t.Fatalf("%s: not a command of tollbook", line)
	}
	var out bytes.Buffer // both streams, as on a terminal
	code := Main(args[1:], strings.NewReader(""), &out, &out, func(string) string { return "" }, noon)
	if code == cli.ExitFailed {
		t.Fatalf("%s: exit %d\n%s", line, code, out.String())
	}
	pattern := regexp.QuoteMeta(strings.TrimSuffix(want, "\n"))
	pattern = regexp.MustCompile(`(^|\n)\\\.\\\.\\\.($|\n)`).ReplaceAllString(pattern, `$1(?s:.*?)$2`)
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
	if !regexp.MustCompile(`^` + pattern + `\n?$`).MatchString(strings.TrimSuffix(out.String(), "\n")) {
		t.Errorf("$ %s\n%s\nthe page has\n%s", line, out.String(), want)
	}
}
