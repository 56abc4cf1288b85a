package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// browsers returns the names of the programs that can print a page, in the order in which they are tried.
func browsers() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"}
}

// printTime is how long a browser may take for one document.
const printTime = 2 * time.Minute

// Browser returns the path of the program that prints PDF files: $TOLLBOOK_BROWSER, or the first installed one of
// browsers. It lays out documents by their style sheet, with page breaks, repeated headings and page numbers.
func Browser(a *App) (string, error) {
	if name := a.Env("TOLLBOOK_BROWSER"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", &UsageError{What: "TOLLBOOK_BROWSER: " + err.Error(), Hint: "name a Chromium or Chrome program"}
		}
		return path, nil
	}
	for _, name := range browsers() {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &UsageError{What: "PDF needs Chromium or Chrome, and none of " + strings.Join(browsers(), ", ") +
		" is in PATH", Hint: "install one, name one in TOLLBOOK_BROWSER, or write HTML and print it from a browser"}
}

// Print converts an HTML file to a PDF file.
func Print(ctx context.Context, browser, html, pdf string) (err error) {
	html, err = filepath.Abs(html)
	if err != nil {
		return err
	}
	profile, err := storage.NewScratch("", "print")
	if err != nil {
		return fmt.Errorf("print %s: %w", html, err)
	}
	defer func() { _ = profile.Close() }() // the browser's own folder, below the temporary folder
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	args := []string{"--headless", "--disable-gpu", "--no-pdf-header-footer", "--user-data-dir=" + profile.Path,
		"--print-to-pdf=" + pdf}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // a browser refuses to run as root with a sandbox; the page has no script
	}
	page := url.URL{Scheme: "file", Path: filepath.ToSlash(html)}
	cmd := exec.CommandContext(ctx, browser, append(args, page.String())...)
	said, err := cmd.CombinedOutput()
	if info, statErr := os.Stat(pdf); err == nil && (statErr != nil || info.Size() == 0) {
		err = fmt.Errorf("it wrote nothing: %s", lastLine(said))
	} else if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLine(said))
	}
	if err != nil {
		return fmt.Errorf("print %s with %s: %w", html, browser, err)
	}
	return nil
}

// lastLine returns the last line of a program's output.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return Printable(lines[len(lines)-1])
}
