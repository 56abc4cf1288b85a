package settings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/schemas/settings"
)

// TestTerms checks that the Terms of a file change with its keys, except those of file places and of tasks.
func TestTerms(t *testing.T) {
	t.Parallel()
	terms := func(text string) [32]byte {
		t.Helper()
		path := filepath.Join(t.TempDir(), settings.File)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := settings.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return s.Terms
	}
	const plain = "zone: UTC\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: truncate}\n"
	want := terms(plain + "lake: {buckets: 4}\n")
	for _, same := range []string{
		"# a comment\nlake:\n  buckets: 4\n" + plain,
		plain + "lake: {path: lake, buckets: 4}\nengine: {heartbeat: 3s}\n",
		plain + "lake: {path: 's3://a/b', endpoint: 'http://c:1', region: d, lease: 0s, buckets: 4}\n" +
			"inbox: {path: 's3://a/in'}\nbooks: {path: 's3://a/books', region: d}\n",
		plain + "lake: {buckets: 4}\nengine: {dsn: 'temporal://a:1', namespace: n, queue: q}\n",
	} {
		if terms(same) != want {
			t.Errorf("the terms are others with\n%s", same)
		}
	}
	for _, other := range []string{
		plain, plain + "lake: {buckets: 8}\n", plain + "lake: {buckets: 4}\npayments: ledger\n",
		plain + "lake: {buckets: 4}\ninbox: {settle: 1s}\n", plain + "lake: {buckets: 4}\nclose: {day: 5}\n",
		plain + "lake: {buckets: 4}\nvendor: {id: v, name: N}\n",
	} {
		if terms(other) == want {
			t.Errorf("the terms are the same with\n%s", other)
		}
	}
}
