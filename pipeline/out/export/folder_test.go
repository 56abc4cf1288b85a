package export

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/settings"
)

// TestIndexPage checks that the page is in the issuer's language. In Chinese its only English words are the currency,
// the name of the file and its hash. Both languages have the same cells.
func TestIndexPage(t *testing.T) {
	t.Parallel()
	x := &Index{Cycle: "2026-09", State: "closed", Currency: "CNY", Documents: []Document{
		{Kind: Bills, ID: "7", Name: "极光", Amount: "1.00", File: "bills/7.html"},
		{Kind: Statements, ID: "8", Name: "北方", Amount: "-2.00", File: "statements/8.html"}}}
	for l, want := range map[settings.Language][]string{
		settings.English: {`<html lang="en">`, "<h1>Documents of 2026-09</h1>", "The cycle is closed.", ">bill</a>"},
		settings.Chinese: {`<html lang="zh">`, "<h1>2026-09 账期文件</h1>", "本账期已结账。", ">账单</a>", ">结算单</a>"},
	} {
		var b strings.Builder
		if err := x.page(&b, l); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, text := range append(want, `<a href="bills/7.html">`, ">1.00<", ">−2.00<") {
			if !strings.Contains(page, text) {
				t.Errorf("%s: no %q in\n%s", l.Tag(), text, page)
			}
		}
		_, body, _ := strings.Cut(page, "<body>")
		plain := regexp.MustCompile("<[^>]*>|CNY|index.json|SHA-256").ReplaceAllString(body, "")
		if words := regexp.MustCompile("[A-Za-z]+").FindAllString(plain, -1); l == settings.Chinese && len(words) > 0 {
			t.Errorf("English words on the Chinese page: %q", words)
		}
	}
}

// TestPutBack tests FOLDER-1: after a kill at each step of replacing a folder, the next Write finds exactly one
// complete folder, the old or the new one.
func TestPutBack(t *testing.T) {
	t.Parallel()
	const name, hidden = "documents-2026-09", ".documents-2026-09.old"
	for _, c := range []struct{ folders, want []string }{
		{[]string{name}, []string{name}},                  // before the old folder is renamed
		{[]string{hidden}, []string{name + " " + hidden}}, // before the new folder is renamed
		{[]string{name, hidden}, []string{name}},          // before the old folder is deleted
		{nil, nil},
	} {
		parent := t.TempDir()
		for _, folder := range c.folders {
			err := os.Mkdir(filepath.Join(parent, folder), 0o777)
			err = errors.Join(err, os.WriteFile(filepath.Join(parent, folder, "index.json"), []byte(folder), 0o666))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := putBack(filepath.Join(parent, name)); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(parent)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(parent, e.Name(), "index.json"))
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, e.Name()); string(text) != e.Name() {
				got[len(got)-1] += " " + string(text)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q became %q, want %q", c.folders, got, c.want)
		}
	}
}

// TestFileName tests FOLDER-3. Names are plain, and different ids have different names even if case is ignored.
func TestFileName(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"acme-1": "acme-1", "a.b_c": "a.b_c", "Acme": "%41cme", "../x": "%2e%2e%2fx", ".": "%2e", "a..b": "a.%2eb",
		"-a": "%2da", "a.": "a%2e", "50%": "50%25", "é": "%c3%a9",
	} {
		if got := fileName(id); got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
	long := strings.Repeat("客", 100)
	if a, b := fileName(long+"a"), fileName(long+"b"); a == b || len(a) > 200 || fileName(long+"a") != a {
		t.Errorf("%s and %s", a, b)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if a != b && strings.EqualFold(fileName(a), fileName(b)) {
			t.Errorf("%q and %q are %s", a, b, fileName(a))
		}
		if strings.ContainsAny(fileName(a), "/\\:*?\"<>| \x00") {
			t.Errorf("%q is %s", a, fileName(a))
		}
	})
}
