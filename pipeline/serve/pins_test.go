package serve_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// bring writes a file of cedar's usage in October and runs a night.
func (w *world) bring(file, rows string) {
	w.t.Helper()
	text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" + rows
	if err := os.WriteFile(filepath.Join(w.dir, "inbox/usage", file), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	ws, err := workspace.Open(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := run.Nightly(w.t.Context(), ws, workspace.Options{AsOf: period.Instant(asOf.UnixMicro())}); err != nil {
		w.t.Fatal(err)
	}
}

func cedar(record string, hour int) string {
	at := time.Date(2026, 10, 1, hour, 0, 0, 0, time.UTC)
	return fmt.Sprintf("%s,cust-cedar,res-cedar,vm,east,%s,%s,1\n", record, at.Format(time.RFC3339),
		at.Add(time.Hour).Format(time.RFC3339))
}

// TestTwoClientsOfOneKey checks two programs that read the pages of one list with the same key. A night runs between
// their first pages, so one continues with rows r1 to r4 and the other with r0 to r4.
func TestTwoClientsOfOneKey(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	w.bring("before.csv", cedar("r1", 1)+cedar("r2", 2)+cedar("r3", 3)+cedar("r4", 4))
	state := ""
	page := func(c *http.Client, offset int, named string) string {
		t.Helper()
		r := w.request(http.MethodGet,
			fmt.Sprintf(
				"/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-10&customer_id=cust-cedar&limit=1&"+
					"offset=%d", offset), "")
		r.Header.Set("X-Auth-Token", token)
		if named != "" {
			r.Header.Set("X-Tollbook-State", named)
		}
		got, err := send(c, r)
		if err != nil {
			t.Fatal(err)
		}
		if got.code != "" {
			return got.code
		}
		state = got.header.Get("X-Tollbook-State")
		var rows struct {
			Records []struct{ ID string } `json:"fee_records"`
		}
		if err := json.Unmarshal([]byte(got.body), &rows); err != nil || len(rows.Records) != 1 {
			t.Fatal(got.body, err)
		}
		return rows.Records[0].ID
	}
	one, two := &http.Client{Transport: &http.Transport{}}, &http.Client{Transport: &http.Transport{}}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	want("one begins", page(one, 0, ""), "r1")
	before := state
	w.bring("after.csv", cedar("r0", 0))
	want("two begins", page(two, 0, ""), "r0")
	after := state
	if before == after {
		t.Fatalf("both are of state %s", before)
	}
	want("one goes on", page(one, 1, ""), "r2")
	want("two goes on", page(two, 1, ""), "r1")
	want("one again", page(one, 2, ""), "r3")
	// Requests on a new connection: one program has read up to row 3, the other up to row 2.
	want("the row that one wants next", page(client(), 3, ""), "r4")
	want("the row that two wants next", page(client(), 2, ""), "r2")
	want("two goes on elsewhere", page(client(), 3, ""), "r3")
	// Both need row 4 next: the server assumes the program that started last.
	want("the last row of two", page(client(), 4, ""), "r4")
	// A request that names a state reads that state.
	want("state named", page(client(), 0, before), "r1")
	want("state named, of one", page(client(), 2, before), "r3")
	want("state named, of two", page(client(), 2, after), "r2")
	want("no such state", page(client(), 2, "999"), "CBC.0404")
	want("no number", page(client(), 2, "0x1"), "CBC.0100")
}

// TestStateOfTheSameNumber checks a lake that is restored between two pages and then gets another state with the same
// number. A page that names the number reads the state of the caller's first page, which has r1 and r2, not the new one
// with r3 and r4. A caller without a page of the earlier state reads the live one.
func TestStateOfTheSameNumber(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	earlier := filepath.Join(t.TempDir(), "lake")
	if err := os.CopyFS(earlier, os.DirFS(filepath.Join(dir, "lake"))); err != nil {
		t.Fatal(err)
	}
	w := start(t, dir, nil)
	w.bring("lost.csv", cedar("r1", 1)+cedar("r2", 2))
	path := "/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-10&customer_id=cust-cedar&limit=1&offset=%d"
	page := func(token string, offset int, named string) (id, state string) {
		t.Helper()
		r := w.request(http.MethodGet, fmt.Sprintf(path, offset), "")
		r.Header.Set("X-Auth-Token", token)
		if named != "" {
			r.Header.Set("X-Tollbook-State", named)
		}
		got, err := send(client(), r)
		if err != nil {
			t.Fatal(err)
		}
		var rows struct {
			Records []struct{ ID string } `json:"fee_records"`
		}
		if err := json.Unmarshal([]byte(got.body), &rows); err != nil || len(rows.Records) != 1 {
			t.Fatal(got.body, err)
		}
		return rows.Records[0].ID, got.header.Get("X-Tollbook-State")
	}
	one, two := w.key(keys.Caller{Role: keys.Vendor}, true).Secret, w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	first, state := page(one, 0, "")
	if err := os.RemoveAll(filepath.Join(dir, "lake")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "lake"), os.DirFS(earlier)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "inbox/usage/lost.csv")); err != nil {
		t.Fatal(err)
	}
	w.bring("kept.csv", cedar("r3", 3)+cedar("r4", 4))
	other, same := page(two, 0, "")
	if first != "r1" || other != "r3" || state != same {
		t.Fatalf("first pages %s of state %s, %s of state %s", first, state, other, same)
	}
	if id, _ := page(two, 1, state); id != "r4" {
		t.Errorf("the second page of the live state has %s", id)
	}
	if id, _ := page(one, 1, state); id != "r2" {
		t.Errorf("the second page of the former state has %s", id)
	}
	if id, _ := page(one, 0, ""); id != "r3" {
		t.Errorf("a new first page has %s", id)
	}
	if id, _ := page(one, 1, state); id != "r4" {
		t.Errorf("its second page has %s", id)
	}
}
