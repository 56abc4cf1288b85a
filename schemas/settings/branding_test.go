package settings

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/period"
)

func everybody(string) bool { return true }

// load loads a branding.yaml next to two logos.
func load(text string) (*Branding, error) {
	return LoadBranding(fstest.MapFS{
		BrandingFile:           {Data: []byte(text)},
		"branding/logo.png":    {Data: []byte("\x89PNG\r\n\x1a\n...")},
		"branding/logo.svg":    {Data: []byte("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>")},
		"branding/large.png":   {Data: append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, MaxLogo)...)},
		"branding/text.svg":    {Data: []byte("<html/>")},
		"branding/word.svg":    {Data: []byte("<svg><g><text>Example</text></g></svg>")},
		"branding/torn.svg":    {Data: []byte("<svg><g></svg>")},
		"branding/sub/logo":    {Data: []byte("<svg/>")},
		"books/customers.json": {Data: []byte("{}")},
	}, func(party string) bool { return party != "unknown" })
}

func TestLoadBranding(t *testing.T) {
	t.Parallel()
	b, err := load("west:\n  logo: logo.svg\nvendor:\n  logo: logo.png\n  colour: \"#0B5fff\"\n  language: zh\n" +
		"  number: \"{party}/{kind}/{cycle}\"\n  issue_day: 5\n  payment_days: 0\n" +
		"  instructions: |\n    one\n    two\n")
	if err != nil {
		t.Fatal(err)
	}
	s, ok := b.Style("vendor")
	if !ok || s.Logo.MediaType != "image/png" || s.Colour != "#0B5fff" || s.Language.Tag() != "zh" ||
		s.PaymentDays != 0 || s.Instructions != "one\ntwo" {
		t.Errorf("vendor: %+v", s)
	}
	september := period.CycleOf(2026, 9)
	if got := s.Number("INV", september, "acme"); got != "acme/INV/2026-09" {
		t.Errorf("number %s", got)
	}
	if got := s.Issued(september).String(); got != "2026-10-05" {
		t.Errorf("issued %s", got)
	}
	s, ok = b.Style("west")
	if !ok || s.Logo.MediaType != "image/svg+xml" || s.Colour != "#1a1a1a" || s.Language != English ||
		s.PaymentDays != 30 || s.Issued(period.CycleOf(2026, 12)).String() != "2027-01-01" ||
		s.Number("CN", september, "b") != "CN-2026-09-b" {
		t.Errorf("west: %+v", s)
	}
	if _, ok := b.Style("east"); ok {
		t.Error("east has a style")
	}
}

// TestLoadNothing checks that a workspace without branding, and a nil Branding, have no styles.
func TestLoadNothing(t *testing.T) {
	t.Parallel()
	for _, files := range []fstest.MapFS{{}, {BrandingFile: {}}, {BrandingFile: {Data: []byte("# nothing yet\n")}}} {
		b, err := LoadBranding(files, everybody)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := b.Style("vendor"); ok {
			t.Error("a style from nowhere")
		}
	}
	if _, ok := (*Branding)(nil).Style("vendor"); ok {
		t.Error("a style of no branding")
	}
}

// TestLoadRefuses tests BRANDING-1, BRANDING-2 and BRANDING-3. Every error is reported at its place.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"- vendor\n":                        "branding/branding.yaml:1:1: a list, not a mapping",
		"unknown:\n  colour: \"#000000\"\n": `branding/branding.yaml:1:1: unknown issuer "unknown"`,
		"vendor:\n  color: red\n":           `branding/branding.yaml:2:3: unknown key "vendor.color"`,
		"vendor:\n  colour: \"#12345\"\n":   `branding/branding.yaml:2:11: vendor.colour "#12345": not a colour`,
		"vendor:\n  language: fr\n":         `branding/branding.yaml:2:13: vendor.language "fr": not one of en, zh`,
		"vendor:\n  number: \"{kind}{cycle}\"\n": `vendor.number "{kind}{cycle}": without {party} two documents ` +
			`would have one number`,
		"vendor:\n  number: \"{kind}{party}\"\n":  "without {cycle} two documents would have one number",
		"vendor:\n  number: \"{cycle}{party}\"\n": "without {kind} two documents would have one number",

		"vendor:\n  payment_link: http://pay.example.com/{number}\n": "not an address like https://",
		"vendor:\n  payment_link: https://pay.example.com/\n":        "without {number} a payment names no document",
		"vendor:\n  payment_link: \"https:///x/{number}\"\n":         "not an address like https://",
		"vendor:\n  payment_link: \"javascript:alert({number})\"\n":  "not an address like https://",

		"vendor:\n  issue_day: 29\n":     "vendor.issue_day \"29\": not from 1 to 28",
		"vendor:\n  payment_days: -1\n":  "not from 0 to 365",
		"vendor:\n  logo: large.png\n":   "bytes, more than 262144",
		"vendor:\n  logo: text.svg\n":    "neither PNG nor SVG",
		"vendor:\n  logo: torn.svg\n":    "neither PNG nor SVG",
		"vendor:\n  logo: word.svg\n":    "text in the image",
		"vendor:\n  logo: none.svg\n":    "file does not exist",
		"vendor:\n  logo: sub/logo\n":    "not a file of the folder branding",
		"vendor:\n  logo: ../books/x\n":  "not a file of the folder branding",
		"vendor:\n  logo: /etc/passwd\n": "not a file of the folder branding",
	} {
		if _, err := load(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	_, err := load("vendor:\n  colour: red\n  language: fr\n")
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two errors: %v", err)
	}
}
