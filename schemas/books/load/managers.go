package load

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
)

// loadManagers reads managers.csv.
func loadManagers(l *loader) {
	var rows []Entry[books.Manager]
	l.each("managers.csv", func(r *row) {
		m := books.Manager{ID: r.rec.Key("account_manager_id"), Name: r.rec.Text("name"), Email: r.rec.Text("email")}
		var ok bool
		if m.Partner, ok = r.needPartner("partner_id"); ok && m.ID != "" {
			rows = append(rows, Entry[books.Manager]{Row: m, At: r.rec.Mark("account_manager_id")})
		}
	})
	byID := func(a, b *books.Manager) int { return strings.Compare(a.ID, b.ID) }
	rows = Once(l.files, "managers.csv", SortEntries(rows, byID), byID, func(m *books.Manager) string {
		return "account_manager_id " + m.ID
	})
	l.b.Managers = RowsOf(rows)
}
