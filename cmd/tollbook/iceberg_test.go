package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/fixtures/program"
)

// TestIcebergKilled kills nightly runs at each of their requests to an Iceberg catalog, before or after the catalog
// executes it. After `publish` the tables show the newest manifest, no manifest has two snapshots, and nothing remains
// to be done (ICE-8, ICE-10). The quick form kills the runs at one request only.
func TestIcebergKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		const commits = 6
		if kills := killedNights(t, commits); kills != 3 {
			t.Errorf("%d nights made %d requests, want 3", kills, commits)
		}
		return
	}
	for at, kills := 1, 1; kills > 0; at += program.Every(1) {
		kills = killedNights(t, at)
	}
}

// killedNights runs three nights in a new workspace and kills each at its request number at. It returns the number of
// nights that sent that many requests.
func killedNights(t *testing.T, at int) (kills int) {
	t.Helper()
	dir := t.TempDir()
	rest := icebergrest.Start(icebergrest.Options{Token: "hidden"}.InFolders())
	defer rest.Close()
	settings := "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: truncate}\n" +
		"iceberg: {warehouse: tables, catalog: '" + rest.Address() + "'}\n"
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tollbook.yaml"), []byte(settings), 0o666); err != nil {
		t.Fatal(err)
	}
	for night := 1; night <= 3; night++ {
		text := fmt.Sprintf("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
			"k%d,acme,m1,vm,east,2026-09-0%dT00:00:00+08:00,2026-09-0%dT01:00:00+08:00,1\n", night, night, night)
		name := filepath.Join(dir, "inbox", "usage", fmt.Sprintf("k%d.csv", night))
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		started := make(chan *os.Process, 1)
		rest.Disturb(func(n int, _ *http.Request) (f icebergrest.Fault) {
			if n == at {
				kills++
				if night%2 == 0 {
					f.Before = http.StatusServiceUnavailable
				}
				f.Do = func() { _ = (<-started).Kill() } // the process may have ended already
			}
			return f
		})
		withCatalog(t, dir, started, "run", "nightly")
		rest.Disturb(nil)
		if code, out := withCatalog(t, dir, nil, "publish"); code != 0 ||
			!strings.Contains(out, fmt.Sprintf("manifest %d", night)) {
			t.Fatalf("night %d, request %d: publish ends with %d:\n%s", night, at, code, out)
		}
		if _, out := withCatalog(t, dir, nil, "publish"); !strings.Contains(out, "Nothing new") ||
			!strings.Contains(out, "/tables/tollbook, catalog "+rest.Address()+"\n") {
			t.Errorf("night %d, request %d: publish again:\n%s", night, at, out)
		}
		if got := manifestsOf(t, rest.Newest("tollbook", "lines")); got[fmt.Sprint(night)] != 1 || len(got) > night {
			t.Errorf("night %d, request %d: snapshots by manifest: %v", night, at, got)
		}
	}
	return kills
}

// withCatalog runs the program as a separate process with the catalog's token.
func withCatalog(t *testing.T, dir string, started chan<- *os.Process, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-w", dir}, args...)...)
	cmd.Env = append(os.Environ(), "TOLLBOOK_TEST_REAL=1", clockEnv+"=2026-10-05T01:00:00Z", "HOME=",
		"XDG_CACHE_HOME=", "TOLLBOOK_ICEBERG_TOKEN=hidden")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if started != nil {
		started <- cmd.Process
	}
	_ = cmd.Wait() // the exit code reports the error
	return cmd.ProcessState.ExitCode(), out.String()
}

// manifestsOf counts the snapshots of a metadata file by the lake's manifest.
func manifestsOf(t *testing.T, uri string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(strings.TrimPrefix(uri, "file://"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Snapshots []struct{ Summary map[string]string }
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, s := range m.Snapshots {
		seen[s.Summary["tollbook.manifest"]]++
	}
	return seen
}
