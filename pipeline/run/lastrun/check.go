package lastrun

import (
	"errors"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// Bulk reports whether a table is one of those that a run with nothing new does not look into.
func Bulk(table string) bool {
	switch table {
	case "lines", "sums", "statements", "usage", "ident", "bandwidth", "positions", "rejects", "ended_rejects",
		"partner_statements":
		return true
	}
	return false
}

// Check reads what a run with nothing new looks into, so that damage is found nevertheless.
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

// Cycles are all cycles of a state, and none for the files of none.
func Cycles(snap *lake.Snapshot) []manifest.Cycle {
	list := []manifest.Cycle{{}}
	for _, ref := range snap.Manifest.Cycles {
		list = append(list, ref.Cycle)
	}
	return list
}
