package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// TestPicture checks that the chart and the covers in README equal those that the sample gives.
func TestPicture(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	dir := filepath.Join(t.TempDir(), "sample")
	chart := filepath.Join(t.TempDir(), "percentile.svg")
	for _, args := range [][]string{
		{"init", dir, "--sample"},
		{"-w", dir, "run", "monthly", "--cycle", "2026-09"},
		{"-w", dir, "bandwidth", "aurora-east-a", "--cycle", "2026-09", "--svg", chart},
		{"-w", dir, "close", "--cycle", "2026-09", "--yes"},
		{"-w", dir, "documents", "--cycle", "2026-09", "--dir", filepath.Join(dir, "documents")},
	} {
		var out, told bytes.Buffer
		code := commands.Main(args, nil, &out, &told, program.NoEnv, noon)
		if code > cli.ExitNeedsAttention {
			t.Fatalf("tollbook %v: exit %d: %s", args, code, told.String())
		}
	}
	got, err := os.ReadFile(chart)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/images/percentile.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, kept) {
		t.Error("docs/images/percentile.svg is not the chart of the sample; write it again with `make picture`")
	}
	hashes, err := os.ReadFile("../../docs/images/covers.sha256")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"bills/kestrel", "statements/meridian"} {
		html, err := os.ReadFile(filepath.Join(dir, "documents", page+".html"))
		if err != nil {
			t.Fatal(err)
		}
		cover := regexp.MustCompile(`(?s)<section class="cover".*?</section>\n?`).Find(html)
		want := fmt.Sprintf("%x  %s\n", sha256.Sum256(cover), filepath.Base(page))
		if !strings.Contains(string(hashes), want) {
			t.Errorf("docs/images/%s.png is not the cover of the sample; draw it again with `make picture`",
				filepath.Base(page))
		}
	}
}
