package jobs

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

// FuzzTimes reads any cron expression. If it is valid its firings ascend, and the functions for all firings between two
// instants, for the next and for the last one agree.
func FuzzTimes(f *testing.F) {
	for _, text := range []string{"30 1 * * *", "0 12 5 * *", "*/7 1-5,9 ? * MON#2", "0 0 29 2 *", "@daily",
		"@every 1h", "TZ=UTC 0 0 * * *", "0 2 * 10 0", "59 23 31 12 6"} {
		f.Add(text, int64(1_791_000_000))
	}
	zone := zoneOf(f, "Australia/Lord_Howe")
	f.Fuzz(func(t *testing.T, text string, second int64) {
		times, err := parseTimes(text, zone)
		if err != nil {
			return
		}
		at := period.Instant(second % 4_000_000_000 * period.Second)
		upTo := at + period.Instant(3*24*period.Hour)
		list := times.Between(at, upTo)
		before := at
		for _, one := range list {
			if next, ok := times.Next(before); !ok || next != one || one <= before || one > upTo {
				t.Fatalf("%q after %s: next is %s, listed is %s", text, before, next, one)
			}
			before = one
		}
		if next, ok := times.Next(before); ok && next <= upTo {
			t.Fatalf("%q after %s: %s comes and is not listed", text, before, next)
		}
		if last, ok := times.Last(at, upTo); ok != (len(list) > 0) || ok && last != list[len(list)-1] {
			t.Fatalf("%q up to %s: last is %s, %v", text, upTo, last, ok)
		}
	})
}
