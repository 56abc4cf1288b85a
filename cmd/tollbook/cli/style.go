package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Style is the style of text on one output. Files and pipes have the zero Style: no escape sequences, no limit.
type Style struct {
	Bold  bool // headers and failures may use escape sequences
	Width int  // columns of the terminal; 0 = no limit
	exact bool // show all digits of amounts
}

// styleOf returns the style of an output, which is zero unless it is a terminal. NO_COLOR (no-color.org) and TERM=dumb
// turn escape sequences off.
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

// strong returns text in bold.
func (s Style) strong(text string) string {
	if !s.Bold || text == "" {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// alarm returns text in bold red.
func (s Style) alarm(text string) string {
	if !s.Bold {
		return text
	}
	return "\x1b[1;31m" + text + "\x1b[0m"
}
