package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// block matches a fenced block of a page and captures the path in the line above it, its language and its text.
var block = regexp.MustCompile("(?ms)(?:^`([^`\n]+)`:\n\n)?^```(\\w*)[^\n]*\n(.*?)^```$")

// TestPages follows the tutorial, the page of the API and each guide: it writes their files, runs their commands in
// order, and compares the output. A line `...` matches any lines, and `...` at the end of a line the rest of it.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d guides, %v", len(pages), err)
	}
	for _, name := range append(pages, "../../docs/tutorial.md", "../../docs/api.md") {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Chdir(t.TempDir())
			follow(t, page)
		})
	}
}

// page is the state of a page that is being followed in the current folder.
type page struct {
	commands int
	printed  string // output of the last sh block
	script   string // text of the last sh block
	address  string // address of the server that the page started
}

// follow follows a page. A block below a line with a path is a file to write. A console block has commands of tollbook;
// & at the end of a line starts a server. A block of sh is run by the shell, and the block of text after it is its
// output.
func follow(t *testing.T, text []byte) {
	t.Helper()
	p := &page{address: standardAddress}
	for _, b := range block.FindAllSubmatch(text, -1) {
		file, language := string(b[1]), string(b[2])
		body := strings.ReplaceAll(string(b[3]), standardAddress, p.address)
		switch {
		case language == "console":
			p.console(t, body)
		case language == "sh":
			p.commands++
			p.script, p.printed = body, scripted(t, body)
		case language == "text":
			compare(t, p.script, p.printed, body)
		case file != "":
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.commands < 5 {
		t.Errorf("the page has %d commands", p.commands)
	}
}

// standardAddress is the default address of a server. In the test, servers use another port.
const standardAddress = "127.0.0.1:8080"

// console runs the commands of a console block.
func (p *page) console(t *testing.T, body string) {
	t.Helper()
	for _, one := range strings.Split("\n"+body, "\n$ ")[1:] {
		line, want, _ := strings.Cut(one, "\n")
		p.commands++
		command, server := strings.CutSuffix(line, " &")
		if !server {
			shell(t, line, want)
			continue
		}
		args := append(strings.Fields(command)[1:], "--listen", "127.0.0.1:0")
		started := launch(t, "2026-10-05T04:00:00Z", args...)
		said := regexp.MustCompile(`msg=serving on=http://(\S+)`)
		started.until("address", func() bool { return said.MatchString(started.text()) })
		p.address = said.FindStringSubmatch(started.text())[1]
	}
}

// scripted returns the output of a shell script that runs the program of this test as tollbook.
func scripted(t *testing.T, script string) string {
	t.Helper()
	for _, tool := range []string{"curl", "python3"} {
		if _, err := exec.LookPath(tool); err != nil && strings.Contains(script, tool+" ") {
			t.Skipf("NOT TESTED from here on: %s is not installed", tool)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	wrapper := "#!/bin/sh\nTOLLBOOK_TEST_REAL=1 exec '" + program + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "tollbook"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	clock := "import time\nwas = time.gmtime\ntime.gmtime = lambda: was(1791172800) # the server's\n"
	if err := os.WriteFile(filepath.Join(bin, "sitecustomize.py"), []byte(clock), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-eu", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "PYTHONPATH="+bin,
		clockEnv+"=2026-10-05T04:00:00Z", "no_proxy=*")
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s%v\n%s%s", script, err, out, errors.String())
	}
	return string(out)
}

// shell runs a command line of a page and compares its output.
func shell(t *testing.T, line, want string) {
	t.Helper()
	args := strings.Fields(line)
	if args[0] != "tollbook" {
		t.Fatalf("%s: not a command of tollbook", line)
	}
	var out bytes.Buffer // both streams, as on a terminal
	code := commands.Main(args[1:], strings.NewReader(""), &out, &out, program.NoEnv, noon)
	if code == cli.ExitFailed || code == cli.ExitWrong {
		t.Fatalf("%s: exit %d\n%s", line, code, out.String())
	}
	compare(t, line, out.String(), want)
}

// compare compares what a command printed with the page.
func compare(t *testing.T, line, out, want string) {
	t.Helper()
	pattern := regexp.QuoteMeta(strings.TrimSuffix(want, "\n"))
	pattern = regexp.MustCompile(`(^|\n)\\\.\\\.\\\.($|\n)`).ReplaceAllString(pattern, `$1(?s:.*?)$2`)
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
	if !regexp.MustCompile(`^` + pattern + `\n?$`).MatchString(strings.TrimSuffix(out, "\n")) {
		t.Errorf("$ %s\n%s\nthe page has\n%s", line, out, want)
	}
}
