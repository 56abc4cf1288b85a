package published

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"github.com/tollbook/tollbook/pipeline/read/question"
)

// TestSQL: every question has its SQL, which names all of its columns, and no SQL is without a question.
func TestSQL(t *testing.T) {
	t.Parallel()
	left, err := fs.Glob(files, "sql/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range question.All() {
		sql, err := SQL(q, question.Only{})
		if err != nil {
			t.Error(err)
			continue
		}
		for _, c := range q.Columns() {
			if !regexp.MustCompile(`\b` + c.Name + `\b`).MatchString(sql) {
				t.Errorf("the SQL of %s lacks %s", q.Name, c.Name)
			}
		}
		left = slices.DeleteFunc(left, func(name string) bool { return name == "sql/"+q.Name+".sql" })
	}
	if len(left) > 0 {
		t.Errorf("no question for %v", left)
	}
}
