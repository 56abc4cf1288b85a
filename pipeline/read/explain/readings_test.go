package explain

import (
	"fmt"
	"slices"
	"testing"
)

// TestReadings checks the order in which an id in the form of the API is interpreted: as a plain id, then with a tier,
// then with a source.
func TestReadings(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][]string{
		"a":                                  {"a 0  "},
		"a#2":                                {"a#2 0  ", "a 2  "},
		"a#1#0":                              {"a#1#0 0  ", "a#1 0  "},
		"a#1#1#flat_fee":                     {"a#1#1#flat_fee 0  ", "a#1 1  "},
		"a#0#0f3a99c1":                       {"a#0#0f3a99c1 0  ", "a 0  "},
		"a#x":                                {"a#x 0  "},
		"me@home":                            {"me@home 0  "},
		"o/1@events":                         {"o/1@events 0  ", "o/1 0 events "},
		"o/1@usage":                          {"o/1@usage 0  ", "o/1 0 usage "},
		"me@home@usage":                      {"me@home@usage 0  ", "me@home 0 usage "},
		"@end":                               {"@end 0  ", " 0 end "},
		"c@commitments@2026-09-01T00:00:00Z": {"c@commitments@2026-09-01T00:00:00Z 0  ", "c 0 commitments own"},
		"a@2026-10-05T04:00":                 {"a@2026-10-05T04:00 0  "},
		"a@2026-10-05T04:00:00Z": {"a@2026-10-05T04:00:00Z 0  ",
			"a 0 rerate "},
		"a#2@late@2026-09-06T00:00:00Z@2026-08": {"a#2@late@2026-09-06T00:00:00Z@2026-08 0  ",
			"a#2 0 late 2026-08", "a 2 late 2026-08"},
		"a@2026-10-05T04:00:00Z@rerate@2026-09-01T00:00:00Z@2026-09": {
			"a@2026-10-05T04:00:00Z@rerate@2026-09-01T00:00:00Z@2026-09 0  ", "a 0 rerate 2026-09"},
	} {
		var got []string
		for _, r := range readings(id) {
			origin := r.origin
			if r.own {
				origin = "own"
			}
			got = append(got, fmt.Sprintf("%s %d %s %s", r.id, r.tier, r.source, origin))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}
