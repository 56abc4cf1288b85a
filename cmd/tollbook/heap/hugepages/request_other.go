//go:build !linux

package hugepages

// Request does nothing: the operating system has no such request.
func Request(int) Pages { return Pages{} }

// Pages are no addresses.
type Pages struct{}

// Withdraw does nothing.
func (Pages) Withdraw() {}

// Renew does nothing.
func (Pages) Renew() {}
