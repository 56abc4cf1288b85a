package run

import "testing"

// TestMeant checks which names were probably intended as names of feed files.
func TestMeant(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"usage/MARCH.CSV": true, "usage/a.csv.GZ": true, "usage/a.csv.xz": true, "usage/a.Parquet": true,
		"usage/a.parquet.gz": true, "usage/a.csv.gz.zip": true, "usage/a.ndjson.bz2": true,
		"usage/a.csv": false, "usage/a.csv.gz": false, "usage/a.csv.md5": false, "usage/README": false,
		"usage/a.zip": false, "usage/.CSV": false, "usage/a.csv.done": false,
	} {
		if got := meant(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
