package lastrun

import (
	"errors"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// Bulk reports whether a run without new files does not read a table.
func Bulk(table string) bool {
	switch table {
	case "lines", "sums", "statements", "usage", "ident", "bandwidth", "positions", "rejects", "ended_rejects",
		"partner_statements":
		return true
	}
	return false
}

// Check reads what a run without new files reads, so that damage is still found.
func Check(snap *lake.Snapshot) error {
	for _, cycle := range Cycles(snap) {
		files, err := snap.Files(cycle)
		if err != nil {
			return err
		}
		for i := range files {
			if Bulk(files[i].Table) {
				continue
			}
			f, err := snap.Open(files[i])
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, io.NewSectionReader(f, 0, f.Size()))
			if err := errors.Join(err, f.Close()); err != nil {
				return fmt.Errorf("read %s: %w", files[i].Path, err)
			}
		}
	}
	return nil
}

// Cycles returns all cycles of a state, and the zero cycle for files of no cycle.
func Cycles(snap *lake.Snapshot) []manifest.Cycle {
	list := []manifest.Cycle{{}}
	for _, ref := range snap.Manifest.Cycles {
		list = append(list, ref.Cycle)
	}
	return list
}
