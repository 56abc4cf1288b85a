package accept

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// DecideReject returns the new end of a reject; the zero value opens it again.
type DecideReject func(*RejectRow) RejectEnd

// UpdateRejects decides every reject of the transaction's next state, open or ended, and stores each in the table of
// its end (REJ-1). It returns the number of changed ends. Files without a change are kept.
func UpdateRejects(txn *lake.SubTxn, decide DecideReject) (changed int, err error) {
	next := txn.Next()
	u := &update{decide: decide, open: NewRejectWriter(txn, OpenRejectsKey()),
		ended: NewRejectWriter(txn, EndedRejectsKey())}
	for _, key := range []lake.FileKey{OpenRejectsKey(), EndedRejectsKey()} {
		files := next.Find(key)
		slices.SortFunc(files, func(a, b lake.FileEntry) int { return strings.Compare(a.Path, b.Path) })
		for _, e := range files {
			if err := u.file(txn, e); err != nil {
				return 0, err
			}
		}
	}
	if u.changed == 0 {
		return 0, nil
	}
	for _, w := range []*RejectWriter{u.open, u.ended} {
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
	decide      DecideReject
	open, ended *RejectWriter
	kept        map[lake.FileKey][]lake.FileEntry // unchanged files
	changed     int
}

// file decides the rejects of one file. It reads the file once to find changes, and a second time if there are any.
func (u *update) file(txn *lake.SubTxn, e lake.FileEntry) error {
	changes := 0
	err := EachReject(txn, e, func(r *RejectRow) error {
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
			u.kept = make(map[lake.FileKey][]lake.FileEntry)
		}
		u.kept[e.FileKey] = append(u.kept[e.FileKey], e)
		return nil
	}
	u.changed += changes
	return EachReject(txn, e, func(r *RejectRow) error {
		r.End = u.decide(r)
		if r.End.State() == OpenReject {
			return u.open.Add(r)
		}
		return u.ended.Add(r)
	})
}

// CorrectRejects ends the rejects of the transaction's next state whose identity the run accepted, and returns their
// number (REJ-2, REJ-3).
func CorrectRejects(txn *lake.SubTxn, zone *period.Zone, found map[RejectIdentity]RejectPlace,
	asOf period.Instant) (int, error) {
	if len(found) == 0 {
		return 0, nil
	}
	return UpdateRejects(txn, func(r *RejectRow) RejectEnd {
		end := r.End
		if end.State() == CorrectedReject {
			return end
		}
		id, ok := r.Identity(zone)
		if at := found[id]; ok && at.File != "" && !(at.refused && r.Reason == reason.Conflict.String()) {
			end.Corrected, end.CorrectedAt = RejectPlace{File: at.File, Row: at.Row}, asOf
		}
		return end
	})
}

// OpenRejectPlaces counts the open rejects of a state by feed file.
func OpenRejectPlaces(o rows.FileOpener, loose []lake.FileEntry) (map[FeedFile]int64, error) {
	out := make(map[FeedFile]int64)
	for _, e := range loose {
		if e.Table != tables.Rejects().Name {
			continue
		}
		err := EachReject(o, e, func(r *RejectRow) error {
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
