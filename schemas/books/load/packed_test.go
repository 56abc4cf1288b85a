package load

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// names returns the key and the note of a test's file.
func names() Names {
	return Names{Key: strings.Repeat("k", nameBytes), Note: strings.Repeat("n", nameBytes)}
}

// perCustomer returns the books that have rows per customer.
func perCustomer() []string { return []string{"customers.csv", "discounts.csv", "packages.csv"} }

// someBooks returns books of n customers. A link has the first one. Discounts have quotes and a row for all customers.
// Packages have another first column.
func someBooks(n int) map[string]string {
	customers := "\ufeffcustomer_id,name\r\n"
	discounts, packages := "discount_id,customer_id,note\nall,*,\"for\n\"\"all\"\"\"\n", "package_id,customer_id\n"
	for i := range n {
		customers += fmt.Sprintf("c%d,Customer %d\r\n", i, i)
		discounts += fmt.Sprintf("d%d,c%d,\"a, b\"\n", i, i)
		packages += fmt.Sprintf("p%d,c%d\n\n", i, i)
	}
	return map[string]string{"customers.csv": customers, "discounts.csv": discounts,
		"packages.csv": strings.TrimSuffix(packages, "\n"), "products.csv": "sku\na\n", "policies.yaml": "p: {}\n",
		"links.csv": "link,customer_id\nl1,c0\n"}
}

// rowsOf returns the sorted lines of each text.
func rowsOf(texts map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		lines := strings.FieldsFunc(strings.TrimPrefix(texts[name], "\ufeff"),
			func(r rune) bool { return r == '\n' || r == '\r' })
		slices.Sort(lines)
		out = append(out, name, strings.Join(lines, "|"))
	}
	return strings.Join(out, "\n")
}

// TestOf compares what is read for customers with the rows that KeepCustomer keeps (PACKED-2).
func TestOf(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 3, 700} {
		texts := someBooks(n)
		file, err := Pack(names(), texts, perCustomer())
		if err != nil {
			t.Fatal(err)
		}
		f, err := OpenPacked(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if f.Names != names() {
			t.Errorf("names %v", f.Names)
		}
		for _, customer := range []string{"c0", "c1", "c2", "c699", "c1000"} {
			want := &Files{Data: maps.Clone(texts)}
			want.KeepCustomer(customer, perCustomer())
			got, err := f.Of(customer)
			if err != nil || rowsOf(got) != rowsOf(want.Data) {
				t.Errorf("of %d customers, %s: %v\ngot\n%s\nwant\n%s", n, customer, err, rowsOf(got), rowsOf(want.Data))
			}
		}
	}
}

// TestDamaged changes each byte of a file, and truncates it at each byte (PACKED-1).
func TestDamaged(t *testing.T) {
	t.Parallel()
	texts := someBooks(120)
	file, err := Pack(names(), texts, perCustomer())
	if err != nil {
		t.Fatal(err)
	}
	of := func(file []byte) (string, error) {
		f, err := OpenPacked(bytes.NewReader(file))
		if err != nil {
			return "", err
		}
		got, err := f.Of("c7")
		return fmt.Sprint(f.Names, rowsOf(got)), err
	}
	want, err := of(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 2 * len(file) {
		damaged := slices.Clone(file)
		damaged[i/2] ^= []byte{1, 0x41}[i%2]
		got, err := of(damaged)
		if err != nil {
			refused++
		} else if got != want {
			t.Errorf("byte %d is another: got\n%s", i/2, got)
		}
	}
	if refused < 2*len(file)/5 { // parts of other customers are not read
		t.Errorf("%d of %d damages were noticed", refused, 2*len(file))
	}
	for _, n := range []int{0, 1, fixedBytes, fixedBytes + 5, len(file) - 1} {
		if got, err := of(file[:n]); err == nil && got != want {
			t.Errorf("cut after %d bytes: got\n%s", n, got)
		}
	}
}

// TestNamesOnly checks that a file without a key has its note but no books.
func TestNamesOnly(t *testing.T) {
	t.Parallel()
	file, err := Pack(Names{Note: "n"}, someBooks(3), perCustomer())
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenPacked(bytes.NewReader(file))
	if err != nil || f.Note != "n" || f.Key != "" {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := f.Of("c1"); err == nil {
		t.Error("there are books")
	}
}
