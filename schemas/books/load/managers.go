package load

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
)

// loadManagers reads managers.csv.
func loadManagers(l *loader) {
	var rows []entry[books.Manager]
	l.each("managers.csv", func(r *row) {
		m := books.Manager{ID: r.key("account_manager_id"), Name: r.text("name"), Email: r.text("email")}
		var ok bool
		if m.Partner, ok = r.needPartner("partner_id"); ok && m.ID != "" {
			rows = append(rows, entry[books.Manager]{row: m, at: r.mark("account_manager_id")})
		}
	})
	byID := func(a, b *books.Manager) int { return strings.Compare(a.ID, b.ID) }
	rows = once(l.files, "managers.csv", sortEntries(rows, byID), byID, func(m *books.Manager) string {
		return "account_manager_id " + m.ID
	})
	l.b.Managers = rowsOf(rows)
}
