//go:build !linux

package heap

// RequestHugePages does nothing: the operating system has no such request.
func RequestHugePages(int) HugePages { return HugePages{} }

// HugePages are no addresses.
type HugePages struct{}

// Withdraw does nothing.
func (HugePages) Withdraw() {}

// Renew does nothing.
func (HugePages) Renew() {}
