package document

import (
	"strings"
	"testing"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", ""}, {"short", "short"}, {strings.Repeat("é", 32_000), strings.Repeat("é", 32_000)},
		{strings.Repeat("é", 32_001), strings.Repeat("é", 32_000) + "… (cut: longer than a cell)"},
		{strings.Repeat("😀", 16_001), strings.Repeat("😀", 16_000) + "… (cut: longer than a cell)"},
	} {
		if got := fitting(tt.in); got != tt.want {
			t.Errorf("%d bytes became %d", len(tt.in), len(got))
		}
	}
	b := &book{page: &Page{words: Chinese()}}
	if got := b.fitting(strings.Repeat("é", 32_001)); !strings.HasSuffix(got, "…（已截断：超过单元格上限）") {
		t.Error("the note of a cut text is English")
	}
}
