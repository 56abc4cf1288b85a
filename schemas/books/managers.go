package books

import (
	"github.com/tollbook/tollbook/schemas/period"
)

// Manager is one row of managers.csv: an account manager, named by rows of customers.csv. It changes no line.
type Manager struct {
	ID, Name string
	Partner  int32 // the partner that employs the manager
	Email    string
}

func managersFormat() Format {
	return Format{File: "managers.csv", Key: "account_manager_id",
		Meaning: "account managers, whom customers.csv names; for the query API and `tollbook query`",
		Columns: []Column{
			id("account_manager_id", "the account manager"),
			text("name", "its name"),
			id("partner_id", "whose account manager it is"),
			text("email", "its e-mail address"),
		}}
}

// ManagerNamed is the row of an account manager, or nil.
func ManagerNamed(b *Books, id string) *Manager {
	if at := find(b.Managers, id, func(m *Manager) string { return m.ID }); at >= 0 {
		return &b.Managers[at]
	}
	return nil
}

// ManagerOf returns the account manager of a customer at an instant: of the row of customers.csv in force, or of the
// last row before it; "" = none.
func ManagerOf(b *Books, customer int32, at period.Instant) string {
	if row, ok := b.CustomerRowAt(customer, at); ok {
		return row.AccountManager
	}
	manager := ""
	for _, row := range b.Customers[customer].Rows {
		if row.Valid.From <= at {
			manager = row.AccountManager
		}
	}
	return manager
}
