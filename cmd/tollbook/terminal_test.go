package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// closingLine closes the month of the sample, which has open rejects.
const closingLine = "-w W close --cycle 2026-09"

// closeQuestion is the last line of the prompt of close.
const closeQuestion = "Close cycle 2026-09 with these open items? Its bill never changes again. [y/N] "

// terminal is a pseudo terminal with a simulated person who answers a prompt.
type terminal struct {
	screen, keyboard *os.File // the two ends of one device: the person's and the program's
	seen             chan string
}

// newTerminal opens a pseudo terminal. The person answers as soon as the prompt appears. The output is recorded until
// the terminal is closed.
func newTerminal(t *testing.T, answer func(person *os.File)) *terminal {
	t.Helper()
	person, program, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	tty := &terminal{person, program, make(chan string, 1)}
	go func() {
		var shown bytes.Buffer
		buf := make([]byte, 256)
		for answered := false; ; {
			n, err := person.Read(buf)
			shown.Write(buf[:n])
			if !answered && strings.HasSuffix(shown.String(), "[y/N] ") {
				answered = true
				answer(person)
			}
			if err != nil { // the terminal is closed
				tty.seen <- shown.String()
				return
			}
		}
	}()
	return tty
}

// call runs a command line on the terminal. Its result is written to stdout, which is not a terminal.
func (tty *terminal) call(w *world, line string) (code int, out, shown string) {
	w.Helper()
	var stdout bytes.Buffer
	code = commands.Main(w.args(line), tty.keyboard, &stdout, tty.keyboard, program.NoEnv, noon)
	if err := tty.keyboard.Close(); err != nil {
		w.Error(err)
	}
	shown = <-tty.seen
	_ = tty.screen.Close() // the person may have closed it
	return code, stdout.String(), shown
}

// types returns an answer that types keys.
func types(keys string) func(*os.File) {
	return func(person *os.File) { _, _ = io.WriteString(person, keys) }
}

// TestCloseAsks (CLI-5) checks that close shows the open items on a terminal and asks for confirmation. Only yes closes
// the cycle; any other answer, the end of the input and a closed terminal leave the lake unchanged, exit code 2.
func TestCloseAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	head := filepath.Join(w.dir, "lake", "HEAD")
	before, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]func(*os.File){
		"no": types("no\n"), "only return": types("\n"), "another word": types("yesterday\n"),
		"end of input":    types("\x04"),
		"terminal closed": func(person *os.File) { _ = person.Close() },
	} {
		code, out, shown := newTerminal(t, answer).call(w, closingLine)
		if code != 2 || out != "" || !strings.Contains(shown, "  2 open rejects of usage: bad_decimal") {
			t.Errorf("%s: exit %d, want 2 and the open items on the terminal\n%s\n%s", name, code, out, shown)
		}
		if now, err := os.ReadFile(head); err != nil || !bytes.Equal(now, before) {
			t.Errorf("%s: HEAD is %q, want %q, %v", name, now, before, err)
		}
	}
	code, out, shown := newTerminal(t, types("n\n")).call(w, "--json "+closingLine)
	if code != 2 || strings.Contains(shown, closeQuestion) {
		t.Errorf("--json: exit %d, want 2 without a question\n%s\n%s", code, out, shown)
	}
	code, out, shown = newTerminal(t, types("Yes\n")).call(w, closingLine)
	if code != 0 || !strings.Contains(out, "cycle 2026-09 is closed") || strings.Count(shown, closeQuestion) != 1 {
		t.Errorf("yes: exit %d, want 0 and the cycle closed\n%s\n%s", code, out, shown)
	}
	code, out, shown = newTerminal(t, types("n\n")).call(w, closingLine)
	if code != 0 || !strings.Contains(out, "the cycle was closed before") || strings.Contains(shown, closeQuestion) {
		t.Errorf("once closed: exit %d, want 0 without a question\n%s\n%s", code, out, shown)
	}
}

// TestRevokeAsks checks that revoke asks for confirmation on a terminal, because revoking a key cannot be undone.
func TestRevokeAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made struct{ ID string }
	code, out, told := runs(w.dir, "keys", "add", "--role", "finance", "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 {
		t.Fatalf("exit %d, %v, %s", code, err, told)
	}
	line := "-w " + w.dir + " keys revoke " + made.ID
	for name, answer := range map[string]string{"no": "no\n", "only return": "\n", "end of input": "\x04"} {
		code, out, shown := newTerminal(t, types(answer)).call(w, line)
		if code != 2 || out != "" || !strings.Contains(shown, "was not revoked") {
			t.Errorf("%s: exit %d\n%s\n%s", name, code, out, shown)
		}
	}
	if _, out, _ := runs(w.dir, "keys", "list", "--json"); strings.Contains(out, `"revoked"`) {
		t.Errorf("revoked without a yes: %s", out)
	}
	code, out, shown := newTerminal(t, types("y\n")).call(w, line)
	if code != 0 || !strings.Contains(out, "is revoked") || strings.Count(shown, "[y/N]") != 1 {
		t.Errorf("yes: exit %d\n%s\n%s", code, out, shown)
	}
	code, out, shown = newTerminal(t, types("")).call(w, line+" --yes")
	if code != 0 || !strings.Contains(out, "was revoked before") || strings.Contains(shown, "[y/N]") {
		t.Errorf("--yes: exit %d\n%s\n%s", code, out, shown)
	}
}

// TestTablesFitTerminal checks with a terminal of 80 columns that the tables of a month fit it, and that revenue begins
// with the sums by service.
func TestTablesFitTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shown := map[string]string{}
	for _, line := range []string{"bill --cycle 2026-09", "statement --cycle 2026-09", "query revenue", "rejects"} {
		tty := newTerminal(t, func(*os.File) {})
		if err := pty.Setsize(tty.screen, &pty.Winsize{Rows: 50, Cols: 80}); err != nil {
			t.Fatal(err)
		}
		code := commands.Main(w.args("-w W "+line), tty.keyboard, tty.keyboard, tty.keyboard, program.NoEnv, noon)
		_ = tty.keyboard.Close() // ends the reader
		shown[line] = strings.NewReplacer("\r\n", "\n", "\x1b[1m", "", "\x1b[0m", "").Replace(<-tty.seen)
		_ = tty.screen.Close()
		for row := range strings.Lines(shown[line]) {
			if strings.HasPrefix(row, "  ") && utf8.RuneCountInString(row) > 81 && !strings.Contains(row, ": ") {
				t.Errorf("%s, exit %d: wider than 80 columns: %s", line, code, row)
			}
		}
	}
	if !strings.Contains(shown["query revenue"], "  service type  lines") ||
		!strings.Contains(shown["query revenue"], "2026-09-01") {
		t.Errorf("revenue does not begin with the sums by service:\n%s", shown["query revenue"])
	}
}
