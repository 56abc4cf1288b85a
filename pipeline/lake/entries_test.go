package lake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestListsAreReadAlike checks that the parser of lists returns the same as the JSON decoder, and that it accepts
// exactly the lists in plain ASCII.
func TestListsAreReadAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[a-z0-9=/_.-]{0,12}`), rapid.String())
		entry := rapid.Custom(func(t *rapid.T) FileEntry {
			e := FileEntry{Path: text.Draw(t, "path"), Hash: Hash(text.Draw(t, "hash")),
				Bytes: rapid.Int64().Draw(t, "bytes"), Rows: rapid.Int64().Draw(t, "rows")}
			e.Table, e.Cycle, e.Day, e.Bucket = text.Draw(t, "table"), cycles().Draw(t, "cycle"),
				days().Draw(t, "day"), rapid.IntRange(-1, 1024).Draw(t, "bucket")
			e.Blocks, e.BlocksAt = text.Draw(t, "blocks"), rapid.Int64().Draw(t, "blocks at")
			if rapid.Bool().Draw(t, "has sums") {
				e.Sums = []ColumnSum{}
				for range rapid.IntRange(0, 3).Draw(t, "sums") {
					e.Sums = append(e.Sums, ColumnSum{Column: text.Draw(t, "column"), Value: text.Draw(t, "value")})
				}
			}
			return e
		})
		l := FileList[FileEntry]{Cycle: cycles().Draw(t, "of"), Entries: rapid.SliceOfN(entry, 0, 4).Draw(t, "entries")}
		if rapid.Bool().Draw(t, "is of a day") {
			l.Day = days().Draw(t, "of day")
		}
		l.Days = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) DayRef {
			return DayRef{days().Draw(t, "day of a list"), ListRef{text.Draw(t, "name"), Hash(text.Draw(t, "hash")),
				rapid.Int().Draw(t, "count"), 0}}
		}), 0, 3).Draw(t, "days")
		b, err := EncodeList(&l)
		if err != nil {
			t.Fatal(err)
		}
		var want FileList[FileEntry]
		if err := DecodeManifest(b, &want); err != nil {
			t.Fatal(err)
		}
		got, ok := parseFiles(b)
		if plain := !strings.ContainsFunc(string(b), func(r rune) bool {
			return r == '\\' || r > '~' || r == 0x7f
		}); ok != plain {
			t.Fatalf("taken: %v, plain: %v\n%s", ok, plain, b)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(Cycle{}, Day{})); ok && diff != "" {
			t.Fatalf("%s\n%s", b, diff)
		}
	})
}

// TestOtherListsAreNotTaken checks that the parser leaves a list in any other form than the writer's to the JSON
// decoder, which reports errors in it.
func TestOtherListsAreNotTaken(t *testing.T) {
	t.Parallel()
	entry :=
		`{"table":"lines","cycle":"2026-09","day":"","bucket":0,"path":"p","hash":"h","bytes":1,"rows":2,"sums":[]}` +
			"\n"
	day := `{"day":"2026-09-04","name":"n","hash":"h","count":3}` + "\n"
	good := `{"format":1,"cycle":"2026-09","day":"end","days":[` + "\n" + day + `],"entries":[` + "\n" + entry + "," +
		entry + "]}\n"
	if l, ok := parseFiles([]byte(good)); !ok || len(l.Entries) != 2 || l.Cycle.String() != "2026-09" ||
		l.Format != 1 || l.Day != EndDay || len(l.Days) != 1 || l.Days[0].Count != 3 {
		t.Fatal(l, ok)
	}
	for _, change := range [][2]string{
		{"\n,{", "\n{"}, {`"bucket":0`, `"bucket":00`}, {`"bucket":0`, `"bucket":"0"`},
		{`"rows":2`, `"rows":2,"odd":1`}, {`"rows":2`, `"rows": 2`},
		{`"rows":2`, `"rows":99999999999999999999`}, {"]}\n", "]}"}, {"]}\n", "]} \n"}, {`"sums":[]`, `"sums":[}`},
		{`"path":"p"`, `"path":"p`}, {`"format":1`, `"format":1.0`},
		{`"days":[` + "\n" + day, `"days":[` + "\n"}, {`"count":3`, `"count":3,"days":1`},
		{`"day":"2026-09-04"`, `"day":"4"`},
	} {
		if text := strings.Replace(good, change[0], change[1], 1); text == good {
			t.Errorf("%v changes nothing", change)
		} else if l, ok := parseFiles([]byte(text)); ok {
			t.Errorf("%v: taken as %+v", change, l)
		}
	}
	for n := range len(good) {
		if _, ok := parseFiles([]byte(good[:n])); ok {
			t.Errorf("taken without its last %d bytes", len(good)-n)
		}
	}
}
