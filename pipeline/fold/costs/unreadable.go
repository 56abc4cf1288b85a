package costs

import (
	"errors"
	"fmt"
	"path"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/period"
)

// judgeGone decides whether a delivery whose folder was removed can count. One that counted stays, with what it billed.
// Another one cannot count, because its rows cannot be read.
func (d *Delivery) judgeGone() {
	switch d.before.State {
	case Counted:
		d.State, d.Fault = Counted, ""
	case Superseded:
		d.State, d.Fault = Failed, "its folder, or its source in tollbook.yaml, is gone: put it back or deliver again"
	}
}

// stays makes the delivery of a closed cycle that counted before count again, although its files changed: only another
// delivery changes what was billed (§11.4, FCOST-8).
func stays(list []*Delivery) {
	for _, d := range list {
		if d.stayed() {
			d.State = Counted
		}
	}
}

// stayed reports whether the last run counted a delivery.
func (d *Delivery) stayed() bool { return d.before != nil && d.before.State == Counted }

// readable returns nil if the rows of a counted delivery can be read.
func (d *Delivery) readable() error {
	switch {
	case d.found == nil:
		return fmt.Errorf("its folder inbox/%s/%s, or its source in tollbook.yaml, is gone: put it back, so that its "+
			"rows can be billed again", accept.CostFolder, d.Path())
	case d.Fault != "":
		return errors.New(d.Fault)
	}
	return nil
}

// unreadable returns a counted delivery whose rows cannot be read; nil = there is none.
func unreadable(counted []*Delivery) *Delivery {
	for _, d := range counted {
		if d.readable() != nil {
			return d
		}
	}
	return nil
}

// leave restores the deliveries of a cycle that counted before, because the rows of a delivery that is needed to rate
// the cycle again cannot be read. New deliveries of other sources wait (FCOST-8).
func (s *survey) leave(c period.Cycle, needed *Delivery) {
	for _, now := range s.counted(c) {
		if now.stayed() {
			continue
		}
		now.State, now.Fixed = Failed, now.before != nil && now.before.Fixed
		now.Fault = fmt.Sprintf("%s is rated again only with the files of delivery %s as they were when it counted: "+
			"put inbox/%s/%s back, or send a new delivery", c, needed.Path(), accept.CostFolder, needed.Path())
		stays(s.sources[now.Source].deliveries[c])
		s.complain(now)
	}
}

// complain reports a delivery that does not count, or whose files are no longer those that counted.
func (s *survey) complain(d *Delivery) {
	s.result.Attention = true
	switch d.State {
	case Counted:
		s.result.note("delivery %s: %s. What it billed stays", d.Path(), d.Fault)
		return
	case Held:
		first := ""
		if len(d.rejects) > 0 {
			r := &d.rejects[0]
			first = fmt.Sprintf(", the first in %s, row %d: %s %s %q", path.Base(r.File), r.Row, r.Reason, r.Column,
				r.Value)
		}
		s.result.note("delivery %s is held: %d of %d rows are rejected%s. Send it again, or accept that with "+
			"--accept-rejects %s", d.Path(), d.Rejected, d.Rows+d.Rejected, first, d.Path())
		return
	}
	s.result.note("delivery %s failed and does not count: %s", d.Path(), d.Fault)
}
