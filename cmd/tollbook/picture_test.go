package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
)

// TestPicture: the chart that README shows is the one that the sample gives.
func TestPicture(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sample")
	chart := filepath.Join(t.TempDir(), "percentile.svg")
	for _, args := range [][]string{
		{"init", dir, "--sample"},
		{"-w", dir, "run", "monthly", "--cycle", "2026-09"},
		{"-w", dir, "bandwidth", "aurora-east-a", "--cycle", "2026-09", "--svg", chart},
	} {
		var out, told bytes.Buffer
		code := Main(args, nil, &out, &told, func(string) string { return "" }, noon)
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
}
