package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Asks reports whether the command may ask a person (CLI-5).
func Asks(a *App) bool {
	in, ok := a.In.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && IsTerminal(a.Err) && !a.Flags.JSON
}

// Agrees asks a person a question and reports whether the answer is yes.
func Agrees(a *App, question string) (bool, error) {
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(a.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// Answer asks a person for a text unless it is known.
func Answer(a *App, question, known string) (string, error) {
	if known != "" {
		return known, nil
	}
	fmt.Fprintf(a.Err, "%s: ", question)
	var answer []byte // byte by byte: the next question has its own line
	for b := make([]byte, 1); ; {
		n, err := a.In.Read(b)
		if n > 0 && b[0] != '\n' {
			answer = append(answer, b[0])
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", err)
		}
		if err != nil || n > 0 && b[0] == '\n' {
			return strings.TrimSpace(string(answer)), nil
		}
	}
}
