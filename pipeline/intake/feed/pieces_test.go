package feed

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPieces checks which rows of a text are parsed in pieces, and that the sequential reader continues at the correct
// row and line.
func TestPieces(t *testing.T) {
	t.Parallel()
	row := "r1,2026-09-01T00:00:00Z,1,2\n"
	many := strings.Repeat(row, 100)
	cases := []struct {
		name, file, data string
		rows, inPieces   int64 // inPieces is a minimum
		faults           []string
		want             string // expected error
	}{
		{"sound", "a.csv", bandwidthHeader + many, 100, 100, nil, ""},
		{"sound, without an end of the last line", "a.csv", bandwidthHeader + strings.TrimSuffix(many, "\n"), 100,
			100, nil, ""},
		{"quoted ends of lines", "a.csv", "resource_id,sample_time,in_bps,x_note\n" +
			strings.Repeat("r1,2026-09-01T00:00:00Z,1,\"a\n\"\"b\"\"\n\nc\"\n", 100), 100, 100, nil, ""},
		{"blank lines", "a.csv", bandwidthHeader + strings.Repeat(row+"\n\r\n\n", 100), 100, 100, nil, ""},
		{"faults of records", "a.csv", bandwidthHeader + many + "r1,then,1,2\n" + many, 201, 201,
			[]string{`101 sample_time bad_time "then"`}, ""},
		// The number of quotes is odd: from here on boundaries are guessed, in this case correctly.
		{"a bare quote", "a.csv", bandwidthHeader + many + "r\"1,2026-09-01T00:00:00Z,1,2\n" + many, 201, 201,
			[]string{`101  bad_row "a quote inside a field that is not quoted"`}, ""},
		// As before, but ends of lines in quotes are mistaken for ends of records: the first such piece stops the
		// guessing.
		{"a bare quote before quoted ends of lines", "a.csv", "resource_id,sample_time,in_bps,x_note\n" +
			"r\"1,2026-09-01T00:00:00Z,1,\n" + strings.Repeat("r1,2026-09-01T00:00:00Z,1,\"a\n"+
			strings.Repeat("b\n", 200)+"\"\n", 20), 21, 0,
			[]string{`1  bad_row "a quote inside a field that is not quoted"`}, ""},
		{"a quote left open", "a.csv", bandwidthHeader + many + "r2,\"2026\n" + many, 0, 0, nil,
			"line 102, column 4: a quote that opens here is not closed"},
		{"sound", "a.ndjson", strings.Repeat(`{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":1}`+
			"\n\r\n", 100), 100, 100, nil, ""},
		{"an unknown column", "a.ndjson", strings.Repeat(
			`{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":1}`+"\n", 100) + `{"speed":1}`, 0, 0,
			nil, `line 101, column 2: unknown column "speed"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := "bandwidth/" + c.file
			r, err := Open(whole(file, []byte(c.data)), file, BandwidthSpec(), ReadOptions{PieceBytes: 300})
			if err != nil {
				t.Fatal(err)
			}
			pieces := r.(*pieceReader)
			got := drain(t, r, ReadOptions{})
			if c.want != "" {
				if text := "read inbox/" + file + ": " + c.want; !strings.HasPrefix(errorText(got.err), text) {
					t.Errorf("error %v, want %s", got.err, text)
				}
				return
			}
			if got.err != nil || int64(len(got.rows)) != c.rows {
				t.Errorf("%d rows, error %v; want %d rows", len(got.rows), got.err, c.rows)
			}
			if d := cmp.Diff(c.faults, got.faults); d != "" {
				t.Error(d)
			}
			if pieces.row-1 < c.inPieces {
				t.Errorf("%d rows were parsed in pieces, want %d", pieces.row-1, c.inPieces)
			}
		})
	}
}
