package cli

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Style is how text is shown on one output. The zero Style is that of files and pipes: no escape sequences, no limit.
type Style struct {
	Bold  bool // headers and failures may use escape sequences
	Width int  // columns of the terminal; 0 = no limit
}

// styleOf is the style of an output. Only a terminal has one; NO_COLOR (no-color.org) and TERM=dumb turn escape
// sequences off.
func styleOf(w io.Writer, env func(string) string) Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Style{}
	}
	s := Style{Bold: env("NO_COLOR") == "" && env("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		s.Width = width
	}
	return s
}

// strong is text in bold.
func (s Style) strong(text string) string {
	if !s.Bold || text == "" {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// alarm is text in bold red.
func (s Style) alarm(text string) string {
	if !s.Bold {
		return text
	}
	return "\x1b[1;31m" + text + "\x1b[0m"
}

// cut is a text of at most width columns; what is cut off is an ellipsis.
func cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return strings.TrimRight(string(runes[:width-1]), " ") + "…"
}
