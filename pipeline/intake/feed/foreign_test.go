package feed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// unreadable are files that break the format.
var unreadable = map[string]string{
	"repeated_no_annotation.parquet": "its row groups have 6 rows and its footer has 0",
}

// TestForeign compares what is read of files by Spark, Impala, Hive, pyarrow, Rust's and other writers with what
// arrow-go reads of them. The files are those with which parquet-go is tested.
func TestForeign(t *testing.T) {
	t.Parallel()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/parquet-go/parquet-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "*.parquet"))
	if err != nil || len(names) < 30 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if why := unreadable[filepath.Base(name)]; why != "" {
				if _, err := cells(data, 1); err == nil || err.Error() != why {
					t.Errorf("%v, want %s", err, why)
				}
				return
			}
			want, err := byArrow(t, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range []int{1, 7, 10_000} {
				got, err := cells(data, rows)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%d rows at once: arrow-go (-), this package (+):\n%s", rows, diff)
				}
			}
		})
	}
}

// cells reads all columns of a file as texts, each by itself.
func cells(data []byte, rows int) (map[string][]string, error) {
	out := map[string][]string{}
	src := bytes.NewReader(data)
	return out, feed.Guard(func() error {
		f, err := feed.OpenParquet(src, int64(len(data)))
		if err != nil {
			return err
		}
		for _, field := range f.Fields {
			texts := []string{}
			for group := range f.First {
				c, err := f.Column(src, field, group, feed.ParquetForm{Longest: 1 << 20})
				if err != nil {
					return fmt.Errorf("%s: %w", field.Name, err)
				}
				before := len(texts)
				for {
					a, err := c.Next(rows)
					if err != nil {
						return fmt.Errorf("%s: %w", field.Name, err)
					}
					if a == nil {
						break
					}
					texts = appendTexts(texts, a)
				}
				if got := int64(len(texts) - before); got != f.GroupRows(group) {
					return fmt.Errorf("%s: %d rows of %d", field.Name, got, f.GroupRows(group))
				}
			}
			out[field.Name] = texts
		}
		return nil
	})
}

func byArrow(t *testing.T, data []byte) (map[string][]string, error) {
	t.Helper()
	out := map[string][]string{}
	return out, feed.Guard(func() error {
		f, err := file.NewParquetReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		f.MetaData().FileMetaData.KeyValueMetadata = nil
		r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		table, err := r.ReadTable(t.Context())
		if err != nil {
			return err
		}
		for i := range int(table.NumCols()) {
			texts := []string{}
			for _, chunk := range table.Column(i).Data().Chunks() {
				texts = appendTexts(texts, chunk)
			}
			out[table.Column(i).Name()] = texts
		}
		return nil
	})
}

func appendTexts(dst []string, a arrow.Array) []string {
	for row := range a.Len() {
		switch {
		case a.IsNull(row), a.DataType().ID() == arrow.NULL:
			dst = append(dst, "null")
		default:
			if _, nested := a.(array.ListLike); nested || a.DataType().ID() == arrow.STRUCT {
				text, err := json.Marshal(a.GetOneForMarshal(row))
				dst = append(dst, fmt.Sprint(string(text), err))
				continue
			}
			dst = append(dst, a.ValueStr(row))
		}
	}
	return dst
}
