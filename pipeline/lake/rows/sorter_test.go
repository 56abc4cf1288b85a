package rows_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// files counts the temporary files that were created and those that were not removed.
type files struct {
	rows.Temp
	open, made int
}

func (f *files) CreateTemp(label string) (storage.File, error) {
	f.open, f.made = f.open+1, f.made+1
	return f.Temp.CreateTemp(label)
}

func (f *files) RemoveTemp(name string) error {
	f.open--
	return f.Temp.RemoveTemp(name)
}

func beginSorted(t *testing.T) *files {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { txn.Close() })
	return &files{Temp: txn.SubTxn}
}

// all returns the records of a sorter as `key=value`.
func all(t interface{ Fatal(...any) }, s *rows.Sorter) (out []string) {
	for r := s.Read(); ; {
		key, value, ok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		out = append(out, string(key)+"="+string(value))
	}
}

// TestSorter checks that records are returned in the order of their keys, and records with equal keys in the order in
// which they were added, whether they fit in memory, in a few files, or in more files than are merged at once. After
// reading, they can be read again and more can be added. Invariants: XSORT-1, XSORT-2, XSORT-3.
func TestSorter(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1 << 20, 200, 12} {
		temp := beginSorted(t)
		s := rows.NewSorter(temp, limit)
		var want []string
		for i := range 400 {
			key := fmt.Sprintf("k%02d", i*7%50)
			if err := s.Add([]byte(key), fmt.Appendf(nil, "%03d", i)); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf("%s=%03d", key, i))
			if i == 250 {
				all(t, s)
			}
		}
		slices.Sort(want) // values ascend in the order in which they are added
		for range 2 {
			if got := all(t, s); !slices.Equal(got, want) {
				t.Errorf("limit %d: %s", limit, strings.Join(got, " "))
			}
		}
		if some := temp.made > 0; some != (limit < 1<<20) {
			t.Errorf("limit %d: %d files were created", limit, temp.made)
		}
		if err := s.Close(); err != nil || temp.open != 0 {
			t.Errorf("limit %d: %d files are left, %v", limit, temp.open, err)
		}
	}
}

// TestKeys checks that keys made of numbers and texts have the order of those numbers and texts.
func TestKeys(t *testing.T) {
	t.Parallel()
	type pair struct {
		n    int64
		text string
		next int64
	}
	key := func(p pair) []byte {
		return rows.AppendKeyInt(rows.AppendKeyText(rows.AppendKeyInt(nil, p.n), p.text), p.next)
	}
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) pair {
			return pair{rapid.Int64Range(-2, 2).Draw(t, "n"),
				rapid.StringOf(rapid.SampledFrom([]rune("\x00\x01a\u00ff"))).Draw(t, "text"),
				rapid.Int64().Draw(t, "next")}
		})
		a, b := one.Draw(t, "a"), one.Draw(t, "b")
		want := 0
		switch {
		case a.n != b.n:
			want = map[bool]int{true: -1, false: 1}[a.n < b.n]
		case a.text != b.text:
			want = strings.Compare(a.text, b.text)
		case a.next != b.next:
			want = map[bool]int{true: -1, false: 1}[a.next < b.next]
		}
		if got := bytes.Compare(key(a), key(b)); got != want {
			t.Fatalf("%v and %v: %d, want %d", a, b, got, want)
		}
	})
}
