package load

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/sheet"
)

// loadManagers reads managers.csv.
func loadManagers(l *loader) {
	var rows []sheet.Entry[books.Manager]
	l.each("managers.csv", func(r *row) {
		m := books.Manager{ID: r.rec.Key("account_manager_id"), Name: r.rec.Text("name"), Email: r.rec.Text("email")}
		var ok bool
		if m.Partner, ok = r.needPartner("partner_id"); ok && m.ID != "" {
			rows = append(rows, sheet.Entry[books.Manager]{Row: m, At: r.rec.Mark("account_manager_id")})
		}
	})
	byID := func(a, b *books.Manager) int { return strings.Compare(a.ID, b.ID) }
	rows = sheet.Once(l.files, "managers.csv", sheet.SortEntries(rows, byID), byID, func(m *books.Manager) string {
		return "account_manager_id " + m.ID
	})
	l.b.Managers = sheet.RowsOf(rows)
}
