package feed

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// fuzzOptions limit the memory that a reader uses for a fuzzed file.
func fuzzOptions(rows int) ReadOptions {
	return ReadOptions{BatchRows: rows, MaxRecord: 4096}
}

// readBroken is readAll for a file that may be corrupt. For such a file the Parquet library may leave memory to the
// garbage collector.
func readBroken(t *testing.T, fsys fs.FS, name string, spec *Spec, opts ReadOptions) contents {
	t.Helper()
	if !strings.HasSuffix(name, ".parquet") {
		return readAll(t, fsys, name, spec, opts)
	}
	r, err := Open(fsys, name, spec, opts)
	if err != nil {
		return contents{err: err}
	}
	return drain(t, r, opts)
}

// sameInBatches reads a file in batches of 1 and of 1000 rows, and a text also in pieces and in ranges. All must give
// the same result, and an error must be one of the file.
func sameInBatches(t *testing.T, name string, data []byte, spec *Spec) contents {
	t.Helper()
	fsys := whole(name, data)
	one := readBroken(t, fsys, name, spec, fuzzOptions(1))
	many := readBroken(t, fsys, name, spec, fuzzOptions(1000))
	var e *FormError
	if many.err != nil && !errors.As(many.err, &e) {
		t.Errorf("not the file's error: %v", many.err)
	}
	// Which fault of a corrupt Parquet file is reported first does depend on the batches.
	if errorText(one.err) != errorText(many.err) && (one.err == nil || many.err == nil ||
		!strings.HasSuffix(name, ".parquet")) {
		t.Errorf("in batches of 1: %v; of 1000: %v", one.err, many.err)
	}
	if many.err == nil {
		if d := cmp.Diff(one.rows, many.rows) + cmp.Diff(one.faults, many.faults); d != "" {
			t.Error(d)
		}
		// A corrupt x_ column of Parquet is left out of the raw records of its batch.
		if d := cmp.Diff(one.raw, many.raw); d != "" && !strings.HasSuffix(name, ".parquet") {
			t.Error(d)
		}
	}
	for _, size := range []int{1, 16, 100} {
		o := fuzzOptions(1000)
		o.PieceBytes = size
		got := readBroken(t, fsys, name, spec, o)
		if errorText(got.err) != errorText(many.err) {
			t.Errorf("in pieces of %d bytes: %v; at once: %v", size, got.err, many.err)
		}
		if many.err != nil {
			continue
		}
		if d := cmp.Diff(many.rows, got.rows) + cmp.Diff(many.faults, got.faults); d != "" {
			t.Errorf("in pieces of %d bytes: %s", size, d)
		}
		if d := cmp.Diff(many.raw, got.raw); d != "" && !strings.HasSuffix(name, ".parquet") {
			t.Errorf("in pieces of %d bytes: %s", size, d)
		}
	}
	for _, size := range []int64{1, 16, 100} {
		sameInRanges(t, fsys, name, spec, size, fuzzOptions(1000), many)
	}
	return many
}

// specFor returns the feed whose id column the fuzzed text has, so that one target covers the columns of all feeds.
func specFor(data []byte) *Spec {
	for _, s := range []*Spec{TransfersSpec(), IncentiveEventsSpec(), AccountsSpec(),
		AdjustmentsSpec(), OrdersSpec(), UsageSpec()} {
		if id := s.Columns[0].Name; bytes.Contains(data, []byte(id)) &&
			(s.Name != "incentive_events" || bytes.Contains(data, []byte("programme_id"))) {
			return s
		}
	}
	return BandwidthSpec()
}

// FuzzCSV checks that no input causes a panic, that the size of batches does not matter, and that the header and the
// raw records together reproduce the file.
func FuzzCSV(f *testing.F) {
	f.Add([]byte(bandwidthHeader + "r1,2026-09-01T00:00:00Z,1,2\n"))
	f.Add([]byte("\ufeffresource_id,sample_time,in_bps,x_a\r\n\r\n\"r\"\"1\",2026-09-01T00:00:00+08:00,1.5,\"a\r\n" +
		"b\"\r\n,\"\n\",,\n\"a\"b,,,\nr,\"2,\n"))
	f.Add([]byte("resource_id,sample_time,in_bps\nr1,2026-09-01T00:00:00Z,1e3\nr1\n\xff,,\n"))
	f.Add([]byte("in_bps,out_bps,\"resource_id\",sample_time\n\"1,000\",,a,b\n\"a\n\n,"))
	f.Add([]byte("event_id,customer_id,time,type,balance_type,amount\n" +
		"a,acme,2026-09-01T00:00:00Z,recharge,cash,-0.1\n" +
		",,,,,1e3\n"))
	f.Add([]byte("transfer_id,cycle,from_partner_id,to_partner_id,customer_id,amount\nt,2026-09,p1,p2,,0.000000001\n"))
	f.Add([]byte("event_id,partner_id,programme_id,period,event,time\ne,p1,boost,2026-Q3,confirm,2026-09-01\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec := specFor(data)
		name := spec.Name + "/a.csv"
		got := sameInBatches(t, name, data, spec)
		if got.err != nil || len(got.raw) == 0 {
			return
		}
		r, err := Open(whole(name, data), name, spec, fuzzOptions(10))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		again := sameInBatches(t, name, []byte(string(r.Header())+"\r\n"+strings.Join(got.raw, "\r\n")+"\r\n"), spec)
		if again.err != nil {
			t.Fatalf("the raw records again: %v", again.err)
		}
		if d := cmp.Diff(got.rows, again.rows) + cmp.Diff(got.faults, again.faults); d != "" {
			t.Error(d)
		}
	})
}

// FuzzNDJSON checks that no input causes a panic, that batches do not matter, and that raw records reproduce the file.
func FuzzNDJSON(f *testing.F) {
	f.Add([]byte(`{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":1}` + "\n"))
	f.Add([]byte(`{"resource_id":"r\u00311","sample_time":"2026-09-01T00:00:00Z","in_bps":"1.5","x_a":{"b":[1,null]}}` +
		"\r\n\r\n{}\n[]\n{"))
	f.Add([]byte(`{"in_bps":1e3}` + "\n" + `{"in_bps":{"a":1}}` + "\n" + `{"in_bps":1,"in_bps":1}` + "\n" +
		`{"speed":1}`))
	f.Add([]byte("{\"resource_id\":\"\xff\"}\n{} {}\n{\"\\u0072esource_id\":\"a\",\"sample_time\":true}"))
	f.Add(
		[]byte(
			`{"event_id":"a","customer_id":"acme","time":"2026-09-01T00:00:00Z","type":"recharge","balance_type":"cash","amount":1.50}` + "\n"))
	f.Add(
		[]byte(
			`{"transfer_id":"t","cycle":202609,"from_partner_id":"p1","to_partner_id":"p2","customer_id":null,"amount":"-1"}` + "\n"))
	f.Add(
		[]byte(
			`{"event_id":"e","partner_id":"p1","programme_id":"boost","period":["2026-Q3"],"event":"confirm","time":"x"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec := specFor(data)
		name := spec.Name + "/a.ndjson"
		got := sameInBatches(t, name, data, spec)
		if got.err != nil || len(got.raw) == 0 {
			return
		}
		again := sameInBatches(t, name, []byte(strings.Join(got.raw, "\r\n")+"\r\n"), spec)
		if again.err != nil {
			t.Fatalf("the raw records again: %v", again.err)
		}
		if d := cmp.Diff(got.rows, again.rows) + cmp.Diff(got.faults, again.faults); d != "" {
			t.Error(d)
		}
	})
}

// FuzzParquet checks that no corrupt file causes a panic, and that the result does not depend on batches.
func FuzzParquet(f *testing.F) {
	fields := []field{{"resource_id", text, true}, {"sample_time", utcMicros, true}, {"in_bps", text, true},
		{"x_a", text, true}}
	record := func(i int) []string {
		return []string{[]string{"r1", "", "ré"}[i%3], "2026-09-01T00:00:00Z", []string{"1", "1e3", ""}[i%3], "a"}
	}
	f.Add(writeParquet(f, fields, record, 5, 3))
	f.Add(writeParquet(f, usageFields, usageRecord, 3, 3))
	f.Add(writeParquet(f, fields, record, 0, 3))
	f.Add(bytes.Repeat([]byte("PAR1"), 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, spec := range []*Spec{BandwidthSpec(), UsageSpec()} {
			sameInBatches(t, spec.Name+"/a.parquet", data, spec)
		}
	})
}

// FuzzPacked checks that no corrupt compressed data causes a panic.
func FuzzPacked(f *testing.F) {
	data := []byte(bandwidthHeader + "r1,2026-09-01T00:00:00Z,1,2\n")
	f.Add(gz(data))
	f.Add(zst(data))
	f.Add(slices.Concat(gz(data), gz(data)[:12]))
	f.Fuzz(func(t *testing.T, data []byte) {
		sameInBatches(t, "bandwidth/a.csv.gz", data, BandwidthSpec())
		sameInBatches(t, "bandwidth/a.csv.zst", data, BandwidthSpec())
	})
}

// TestBrokenParquet checks that a file with one changed byte, or truncated anywhere, never causes a panic and never
// loses a row without an error.
func TestBrokenParquet(t *testing.T) {
	t.Parallel()
	fields := []field{{"resource_id", text, true}, {"sample_time", utcMicros, true}, {"in_bps", text, true},
		{"x_a", text, true}}
	record := func(i int) []string { return []string{"r1", "2026-09-01T00:00:00Z", "1", "a"} }
	data := writeParquet(t, fields, record, 5, 3)
	for at := 0; at < len(data); at += 3 {
		broken := bytes.Clone(data)
		broken[at] ^= 0xff
		got := sameInBatches(t, "bandwidth/a.parquet", broken, BandwidthSpec())
		if got.err == nil && len(got.rows) != 5 {
			t.Errorf("byte %d changed: %d rows", at, len(got.rows))
		}
		got = readBroken(t, fstest.MapFS{"bandwidth/a.parquet": {Data: data[:at]}}, "bandwidth/a.parquet",
			BandwidthSpec(), ReadOptions{})
		if got.err == nil {
			t.Errorf("cut at byte %d: no error", at)
		}
	}
}
