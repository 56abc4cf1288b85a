package load

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// TestTexts checks that copies equal the original texts, even if they are longer than a block, that texts of later
// blocks do not change earlier ones, and that a word is copied once.
func TestTexts(t *testing.T) {
	t.Parallel()
	var texts Texts
	var want, got []string
	for i := range 20_000 {
		text := fmt.Sprint("customer ", i)
		if i%5000 == 0 {
			text = strings.Repeat(text, 10_000)
		}
		want, got = append(want, text), append(got, texts.Keep(text))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("text %d is %.40q, want %.40q", i, got[i], want[i])
		}
	}
	if text := texts.Keep(""); text != "" {
		t.Errorf("an empty text is %q", text)
	}
	first, again := texts.Word("am-01"), texts.Word(strings.Clone("am-01"))
	if first != "am-01" || unsafe.StringData(first) != unsafe.StringData(again) {
		t.Errorf("%q and %q are two copies", first, again)
	}
}

// TestMaxRows checks that a missing file has no rows, that short lines do not cause large reservations, and that Each
// releases the text of the file.
func TestMaxRows(t *testing.T) {
	t.Parallel()
	f := NewSheet(nil)
	row := strings.Repeat("x", 20) + "\n"
	f.Data["managers.csv"] = "manager_id\n" + row + row
	f.Data["links.csv"] = strings.Repeat("\n", 1600)
	for file, want := range map[string]int{"managers.csv": 3, "links.csv": 100, "terms.csv": 0} {
		if got := f.MaxRows(file); got != want {
			t.Errorf("%s: %d rows, want %d", file, got, want)
		}
	}
	f.Each("managers.csv", func(*Record) {})
	if _, ok := f.Data["managers.csv"]; ok {
		t.Error("a book that was read is still in memory")
	}
}
