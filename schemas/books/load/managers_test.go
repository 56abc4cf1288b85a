package load

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
)

func TestManagers(t *testing.T) {
	t.Parallel()
	const header = "account_manager_id,name,partner_id,email\n"
	b, err := Books(workspace(map[string]string{"managers.csv": header + "m2,Bo,d1,\nm1,Ann,r1,ann@example.com\n"}),
		chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	if m := books.ManagerNamed(b, "m1"); m == nil || m.Name != "Ann" || b.Partners[m.Partner].ID != "r1" ||
		m.Email != "ann@example.com" {
		t.Errorf("m1: %+v", m)
	}
	if m := books.ManagerNamed(b, "m3"); m != nil {
		t.Errorf("m3: %+v", m)
	}
	for row, want := range map[string]string{
		"m1,Ann,nobody,":             `2:8: partner_id "nobody": not in partners.csv`,
		"m1,Ann,r1,\nm1,Another,,":   `3:`,
		"m1,Ann,r1,\nm1,Ann,d1,":     `account_manager_id m1 is duplicate: also managers.csv:2`,
		"m1,Ann,r1,a@b,one too many": `2`,
	} {
		got := told(t, map[string]string{"managers.csv": header + row + "\n"})
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", row, got, want)
		}
	}
}
