package document

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 256)
	for text, want := range map[string]string{
		"":                              "",
		"Aurora Ltd":                    "Aurora Ltd",
		"1234567890123456":              `="1234567890123456"`, // would be 1.23457E+15
		"00123":                         `="00123"`,
		"2026-09":                       `="2026-09"`, // would be a date
		"1E5":                           `="1E5"`,
		"MARCH1":                        `="MARCH1"`,
		"１２":                            `="１２"`,
		`12" rack`:                      `="12"" rack"`,
		"true":                          `="true"`,
		"#N/A":                          `="#N/A"`,
		"=HYPERLINK(\"http://x\")":      `'=HYPERLINK("http://x")`,
		"+1-800":                        "'+1-800",
		"-2+3":                          "'-2+3",
		"-5":                            "'-5", // a text, not a number
		"@SUM(A1)":                      "'@SUM(A1)",
		"\t=1":                          "'\t'=1",
		"\r=1":                          "'\r'=1",
		"\n=1":                          "'\n'=1",
		"\x00=1":                        "'\x00=1",
		"  =1+1":                        "'  =1+1",
		"\u00a0=1+1":                    "'\u00a0=1+1",
		"＝1+1":                          "'＝1+1",
		"＋1":                            "'＋1",
		"－1":                            "'－1",
		"＠SUM":                          "'＠SUM",
		"+":                             "+",
		"-":                             "-",
		"a;=1+1":                        `="a;'=1+1"`,
		"a; \"=cmd|' /C calc'!A0;":      `="a;' ""=cmd|' /C calc'!A0;"`,
		"a\n@SUM(B)":                    "a\n'@SUM(B)",
		"a, -b":                         "a, -b",
		"a;b":                           "a;b",
		"line 1\nline 2":                "line 1\nline 2",
		long:                            "'" + long,
		"x" + long:                      "x" + long,
		strings.Repeat("8", 255):        `="` + strings.Repeat("8", 255) + `"`,
		strings.Repeat("\"", 127) + "1": `="` + strings.Repeat("\"\"", 127) + `1"`,
		"caf\xe9":                       "caf\ufffd",
	} {
		if got := SheetText(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0.00000000":               "0.00000000",
		"-0.00400000":              "-0.00400000",
		"1234567.12345678":         "1234567.12345678",
		"12345678.12345678":        `="12345678.12345678"`,
		"-12345678.12345678":       `="-12345678.12345678"`,
		"123456789012345.00000000": "123456789012345.00000000",
		"1000000000000000000":      "1000000000000000000",
		"":                         "",
	} {
		if got := SheetNumber(text); got != want {
			t.Errorf("Number(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzText checks that no part of a text that could become a cell starts a formula, whatever separates cells.
func FuzzText(f *testing.F) {
	for _, text := range []string{"=1", "a;=1", "a\t\"=1", "x\n;\r=2", "12\"", "=\"\"&A1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cell := SheetText(text)
		if literal, ok := strings.CutPrefix(cell, `="`); ok {
			inner, closed := strings.CutSuffix(literal, `"`)
			if !closed || strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
				t.Fatalf("Text(%q) = %q: the literal ends early", text, cell)
			}
			cell = inner
		}
		for i, part := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
			blanks := " \u00a0"
			if i > 0 {
				blanks += `"` // quotes have no meaning in the middle of a cell
			}
			sign := part == "+" || part == "-"
			if trimmed := strings.TrimLeft(part, blanks); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@") &&
				(i > 0 || !sign) {
				t.Fatalf("Text(%q) = %q: part %d begins a formula", text, cell, i)
			}
		}
	})
}
