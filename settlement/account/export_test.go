package account

// Compare compares entries by the order in which they take effect (§9.1).
func Compare(a, b *Entry) int { return a.order().compare(b.order()) }
