//go:build !linux

package storage

// Discard implements Discarder. It does nothing.
func (d *dirStorage) Discard(string, int64, int64) {}
