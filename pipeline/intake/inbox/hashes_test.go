package inbox

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const abc = "ba7816bf8f01cfea414140de5dae2223" // SHA-256 of "abc", truncated to 128 bits

// TestHashesText checks the format of the stored hashes, including names that must be escaped.
func TestHashesText(t *testing.T) {
	t.Parallel()
	files := map[string]remembered{
		"usage/b.csv":         {stamp{3, 1577836800000000001, 1577836800000000002, 42}, abc},
		"usage/a\n\"\xff.csv": {stamp{0, -1, 0, 1<<64 - 1}, abc},
	}
	text := formatHashes(files)
	_, body, _ := strings.Cut(text, "\n")
	want := abc + ` 0 -1 0 18446744073709551615 "usage/a\n\"\xff.csv"` + "\n" +
		abc + ` 3 1577836800000000001 1577836800000000002 42 "usage/b.csv"` + "\n"
	if body != want {
		t.Error(cmp.Diff(want, body))
	}
	got, err := parseHashes(text)
	if diff := cmp.Diff(files, got, cmp.AllowUnexported(remembered{}, stamp{})); err != nil || diff != "" {
		t.Error(diff, err)
	}
	if none := formatHashes(nil); none != "tollbook hashes 1 e3b0c44298fc1c149afbf4c8996fb924\n" {
		t.Errorf("no files: %q", none)
	}
}

// TestHashesDamaged checks that any changed bit of the stored file, and any truncation, is detected.
func TestHashesDamaged(t *testing.T) {
	t.Parallel()
	text := formatHashes(map[string]remembered{"usage/a.csv": {stamp{3, 1, 2, 42}, abc}})
	for i := range text {
		if _, err := parseHashes(text[:i]); err == nil {
			t.Errorf("cut at %d: taken", i)
		}
		for bit := range 8 {
			bad := []byte(text)
			bad[i] ^= 1 << bit
			if _, err := parseHashes(string(bad)); err == nil {
				t.Errorf("byte %d, bit %d: taken", i, bit)
			}
		}
	}
}

// TestHashesOtherForms checks that lines in another form than the written one are refused.
func TestHashesOtherForms(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"\n",
		abc + " 3 1 2 42 \"usage/a.csv\"",
		abc + " +3 1 2 42 \"usage/a.csv\"\n",
		abc + " 3 1 2 -42 \"usage/a.csv\"\n",
		abc + " 3 1 2 42 `usage/a.csv`\n",
		abc + " 3 1 2 42 usage/a.csv\n",
		abc + " 3 1 2 42\n",
		strings.ToUpper(abc)[1:] + " 3 1 2 42 \"usage/a.csv\"\n",
		abc + " 3 1 2 42 \"usage/b.csv\"\n" + abc + " 3 1 2 42 \"usage/a.csv\"\n",
		abc + " 3 1 2 42 \"usage/a.csv\"\n" + abc + " 3 1 2 42 \"usage/a.csv\"\n",
		abc + " 99999999999999999999 1 2 42 \"usage/a.csv\"\n",
	} {
		if _, err := parseHashes(hashesHead + textHash(body) + "\n" + body); err == nil {
			t.Errorf("%q: taken", body)
		}
	}
}

func FuzzHashes(f *testing.F) {
	f.Add("")
	f.Add(abc + " 3 1577836800000000001 1577836800000000002 42 \"usage/b.csv\"\n")
	f.Fuzz(func(t *testing.T, body string) {
		text := hashesHead + textHash(body) + "\n" + body
		files, err := parseHashes(text)
		if err == nil && formatHashes(files) != text {
			t.Errorf("%q reads as %v", text, files)
		}
	})
}

// TestSettled checks the limit of two seconds to the nanosecond, for each of the two times.
func TestSettled(t *testing.T) {
	t.Parallel()
	const mark = int64(10 * time.Second)
	const edge = int64(8 * time.Second)
	for _, c := range []struct {
		mtime, ctime int64
		want         bool
	}{{edge, edge, true}, {0, 0, true}, {edge + 1, edge, false}, {edge, edge + 1, false}, {mark, mark, false},
		{mark + edge, 0, false}} {
		h := &Hashes{mark: mark}
		if got := h.settled(stamp{mtime: c.mtime, ctime: c.ctime}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestHashesOfNoStamps checks that on a system without stamps every file is read each time and nothing is written.
func TestHashesOfNoStamps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tollbook", "inbox")
	files := fstest.MapFS{"usage/a.csv": {Data: []byte("abc")}}
	for _, path := range []string{"", path} {
		h, err := LoadHashes(path)
		if err != nil {
			t.Fatal(err)
		}
		hash, size, err := h.Hash(files, "usage/a.csv")
		if hash != abc || size != 3 || err != nil {
			t.Error(hash, size, err)
		}
		if err := h.Save(); err != nil {
			t.Error(err)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(path)), "*")); len(found) > 0 {
		t.Errorf("written: %v", found)
	}
}
