package schedule

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestResetIsANight checks that a night that sets the lake's clock back ingests the inbox as any night does, and that a
// run with a future as-of does not count.
func TestResetIsANight(t *testing.T) {
	t.Parallel()
	s := State{Intake: period.Past}
	s.ran(run{"run nightly --reset-clock", 5}, 10)
	if s.Intake != 5 {
		t.Errorf("newest intake %v, want 5", s.Intake)
	}
	s.ran(run{"run nightly", 11}, 10)
	if s.Intake != 5 {
		t.Errorf("after a run of the future: newest intake %v, want 5", s.Intake)
	}
}
