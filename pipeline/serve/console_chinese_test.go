package serve_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/console"
	"github.com/tollbook/tollbook/schemas/reason"
)

// latinWord matches a word of ASCII letters. Words next to other characters are ids or names.
var latinWord = regexp.MustCompile(`[A-Za-z]{3,}`)

// english matches words that do not occur in names or ids.
var english = regexp.MustCompile(`^(?i:and|not|are|was|were|after|before|with|off|lowest|takes|leaves|discount|fixes|than|this|that|have|has)$`)

// isName has the words of Chinese pages that are not translated: units, formats, and names of settings, commands and
// standards.
var isName = strings.Fields(`SKU CSV XLSX PARQUET Mbps bps UTC CNY tollbook English RFC JSON null replaces dismiss inbox
	settings book books usage_max_age_months export table runs show nightly monthly run ingest retry rejects rerate cycle max age months
	products customers links yaml csv GiB MiB TiB UTF ID API allocation CBC Asia Shanghai records`)

// TestConsoleChinese reads the Chinese pages of the sample that its overview links to. Every text is Chinese, except
// names and ids from the books and feeds. A text of another package without a translation fails too. Invariant:
// BILLING-5.
func TestConsoleChinese(t *testing.T) {
	t.Parallel()
	dir := sampleBilled(t)
	lost := map[string]bool{}
	d := openConsole(t, dir, vendor, func(c *serve.Config) {
		c.Untranslated = func(section, text string) { lost[section+": "+text] = true }
	})
	known, most := namesOf(t, dir), 12
	if testing.Short() {
		most = 3
	}
	kinds, visited := map[string]int{}, map[string]bool{}
	waiting := []string{"/console/?lang=zh", "/console/deadlines?lang=zh", "/console/runs?lang=zh",
		"/console/calculator?lang=zh&customer_id=aurora&sku=vm.small&region_code=north&quantity=2"}
	for len(waiting) > 0 {
		address, _, _ := strings.Cut(waiting[0], "#")
		waiting = waiting[1:]
		where, _, _ := strings.Cut(address, "?")
		if visited[address] || strings.Contains(address, ".sort=") || kinds[where] >= most {
			continue
		}
		visited[address] = true
		kinds[where]++
		p := d.open(address)
		if p.root == nil {
			continue
		}
		for _, text := range textsOf(p.root) {
			for _, word := range latinWord.FindAllString(text, -1) {
				if !known[strings.ToLower(word)] || english.MatchString(word) {
					t.Errorf("%s: %q of %q", path.Base(where), word, text)
				}
			}
		}
		waiting = append(waiting, p.links()...)
	}
	for text := range lost {
		t.Errorf("chinese.tsv lacks %s", text)
	}
	if len(kinds) < 15 {
		t.Errorf("visited %v", kinds)
	}
}

// textsOf returns the texts of a page, except ids and received records.
func textsOf(root *html.Node) (list []string) {
	for n := range root.Descendants() {
		if n.Type != html.TextNode || strings.TrimSpace(n.Data) == "" {
			continue
		}
		own := false
		for up := n.Parent; up != nil; up = up.Parent {
			own = own || slices.Contains([]string{"script", "style", "pre", "title"}, up.Data) ||
				strings.Contains(" "+attr(up, "class")+" ", " code ")
		}
		if !own {
			list = append(list, strings.TrimSpace(n.Data))
		}
	}
	return list
}

// namesOf returns isName and the words in the rows of a workspace's books and feeds.
func namesOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	add := func(text string) {
		for _, word := range latinWord.FindAllString(text, -1) {
			known[strings.ToLower(word)] = true
		}
	}
	for _, name := range isName {
		add(name)
	}
	for _, folder := range []string{"books", "inbox"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			_, rows, _ := strings.Cut(string(data), "\n") // the first line of CSV names the columns
			add(rows)
			add(strings.TrimSuffix(e.Name(), filepath.Ext(name)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return known
}

// TestReasonsInChinese checks that each reject reason has a Chinese explanation with instructions. Invariant:
// BILLING-5.
func TestReasonsInChinese(t *testing.T) {
	t.Parallel()
	words := document.NewTranslator(console.Chinese())
	words.Watch(func(section, text string) { t.Errorf("chinese.tsv lacks %s: %s", section, text) })
	for _, r := range reason.All() {
		words.Say("reason", r.Meaning())
		words.Say("reason", r.Remedy())
	}
}

// TestConvertedInChinese checks the sentences about month-end meters of products with convert, and that those without
// it are not mistaken for them. Invariant: BILLING-5.
func TestConvertedInChinese(t *testing.T) {
	t.Parallel()
	words := document.NewTranslator(console.Chinese())
	for text, want := range map[string]string{
		"meter v at the cycle's end: 3700 used, 4 k after /1000^0, 2.5 from packages, 1.5 to price": "账期末计量v：" +
			"用量3700，经/1000^0换算为4 k，套餐抵扣2.5，计价1.5",
		"meter v/r at the cycle's end, resource r: 3700 used, 4 k after /1000^0, 0 from packages, 4 to price": "" +
			"账期末计量v/r，资源r：用量3700，经/1000^0换算为4 k，套餐抵扣0，计价4",
		"meter v at the cycle's end: 7 used, 2.5 from packages, 4.5 to price": "账期末计量v：用量7，套餐抵扣2.5，计价4.5",
		"meter v at the cycle's end: 4 − 2.5 from packages = 1.5 k":           "账期末计量v：4，套餐抵扣2.5，剩余1.5 k",
		"meter v at the cycle's end: 4 k after packages":                      "账期末计量v：套餐抵扣后4 k",
	} {
		if got := words.Say("step", text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
