package task_test

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/task"
)

type piece struct {
	Name string `json:"name"`
	From int64  `json:"from"`
}

// A message is accepted in the form in which it is encoded and in no other one.
// Invariants: TASKENC-1.
func TestStrict(t *testing.T) {
	t.Parallel()
	b, err := task.Encode("scan task", &piece{"usage/a.csv", 1 << 60})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"scan task","version":1,"value":{"name":"usage/a.csv","from":1152921504606846976}}` + "\n"
	if string(b) != want {
		t.Fatalf("encoded as %s", b)
	}
	got := piece{}
	if err := task.Decode("scan task", b, &got); err != nil || got != (piece{"usage/a.csv", 1 << 60}) {
		t.Fatalf("decoded as %+v, %v", got, err)
	}
	for name, change := range map[string][2]string{
		"another kind":     {`"scan task"`, `"bucket task"`},
		"another version":  {`"version":1`, `"version":2`},
		"an unknown field": {`"from"`, `"to":3,"from"`},
		"a missing field":  {`,"from":1152921504606846976`, ``},
		"a repeated field": {`"from"`, `"from":7,"from"`},
		"a fraction":       {`1152921504606846976`, `1.5`},
		"spaces":           {`,"from"`, `, "from"`},
		"text after it":    {"\n", "\n{}"},
		"no end":           {"}}\n", "}"},
	} {
		bad := strings.Replace(want, change[0], change[1], 1)
		if bad == want {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := task.Decode("scan task", []byte(bad), &piece{}); err == nil {
			t.Errorf("%s is accepted: %s", name, bad)
		}
	}
}
