package rejects

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Decide returns the new end of a reject; the zero value opens it again.
type Decide func(*Row) End

// Update decides every reject of the transaction's next state, open or ended, and stores each in the table of its end
// (REJ-1). It returns the number of changed ends. Files without a change are kept.
func Update(txn *lake.SubTxn, decide Decide) (changed int, err error) {
	next := txn.Next()
	u := &update{decide: decide, open: NewWriter(txn, OpenKey()), ended: NewWriter(txn, EndedKey())}
	for _, key := range []manifest.FileKey{OpenKey(), EndedKey()} {
		files := next.Find(key)
		slices.SortFunc(files, func(a, b manifest.FileEntry) int { return strings.Compare(a.Path, b.Path) })
		for _, e := range files {
			if err := u.file(txn, e); err != nil {
				return 0, err
			}
		}
	}
	if u.changed == 0 {
		return 0, nil
	}
	for _, w := range []*Writer{u.open, u.ended} {
		files, err := w.Finish()
		if err != nil {
			return 0, err
		}
		if err := next.Replace(w.out.Key(), append(u.kept[w.out.Key()], files...)...); err != nil {
			return 0, err
		}
	}
	return u.changed, nil
}

// update is the state of one Update.
type update struct {
	decide      Decide
	open, ended *Writer
	kept        map[manifest.FileKey][]manifest.FileEntry // unchanged files
	changed     int
}

// file decides the rejects of one file. It reads the file once to find changes, and a second time if there are any.
func (u *update) file(txn *lake.SubTxn, e manifest.FileEntry) error {
	changes := 0
	err := Each(txn, e, func(r *Row) error {
		if u.decide(r) != r.End {
			changes++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if changes == 0 {
		if u.kept == nil {
			u.kept = make(map[manifest.FileKey][]manifest.FileEntry)
		}
		u.kept[e.FileKey] = append(u.kept[e.FileKey], e)
		return nil
	}
	u.changed += changes
	return Each(txn, e, func(r *Row) error {
		r.End = u.decide(r)
		if r.End.State() == Open {
			return u.open.Add(r)
		}
		return u.ended.Add(r)
	})
}

// Correct ends the rejects of the transaction's next state whose identity the run accepted, and returns their number
// (REJ-2, REJ-3).
func Correct(txn *lake.SubTxn, zone *period.Zone, found map[Identity]Place, asOf period.Instant) (int, error) {
	if len(found) == 0 {
		return 0, nil
	}
	return Update(txn, func(r *Row) End {
		end := r.End
		if end.State() == Corrected {
			return end
		}
		id, ok := r.Identity(zone)
		if at := found[id]; ok && at.File != "" && !(at.refused && r.Reason == reason.Conflict.String()) {
			end.Corrected, end.CorrectedAt = Place{File: at.File, Row: at.Row}, asOf
		}
		return end
	})
}

// OpenPlaces counts the open rejects of a state by feed file.
func OpenPlaces(o tablefile.Opener, loose []manifest.FileEntry) (map[FeedFile]int64, error) {
	out := make(map[FeedFile]int64)
	for _, e := range loose {
		if e.Table != tables.Rejects().Name {
			continue
		}
		err := Each(o, e, func(r *Row) error {
			out[FeedFile{r.Feed, r.Hash}]++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FeedFile identifies a feed file.
type FeedFile struct{ Feed, Hash string }
