package explain

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// usageSource is the source of records and lines of calendar days. All other sources have the names of days in the
// lake.
const usageSource = "usage"

// reading is one interpretation of a requested id.
type reading struct {
	id     string
	tier   int    // 0 = none given
	source string // "" = any
	origin string // cycle; "" = any
	own    bool   // the origin is the billing cycle: the id has a start and no origin
}

// readings returns the interpretations of an id in the order in which they are tried: unchanged, and in the forms of
// the API (docs/api.md) with a tier and a kind, and with a source.
func readings(id string) []reading {
	list := withTier(reading{id: id})
	if r, ok := withSource(id); ok {
		list = append(list, withTier(r)...)
	}
	return list
}

// tierEnd matches what the API appends to the id of a line of a tier, and the hash that distinguishes lines without
// one. 0 means no tier.
var tierEnd = regexp.MustCompile(`^(.+)#([0-9]+)(?:#(?:flat_fee|true_up|cap|overage))?(?:#[0-9a-f]{8})?$`)

// withTier returns a reading, and its interpretation with a tier if its id ends with one.
func withTier(r reading) []reading {
	list := []reading{r}
	if m := tierEnd.FindStringSubmatch(r.id); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			r.id, r.tier = m[1], n
			list = append(list, r)
		}
	}
	return list
}

// withSource parses an id that ends with `@SOURCE`, `@SOURCE@START`, `@SOURCE@START@ORIGIN`, or the time of a
// re-rating.
func withSource(id string) (reading, bool) {
	parts := strings.Split(id, "@")
	for n := len(parts) - 1; n > 0; n-- {
		r := reading{id: strings.Join(parts[:n], "@"), source: parts[n]}
		day, err := lake.ParseDay(r.source)
		switch after := parts[n+1:]; {
		case r.source == usageSource, err == nil && day.IsSpecial():
			if r.own = len(after) == 1; len(after) > 1 {
				r.origin = after[1]
			}
			if day == lake.RerateDay {
				r.id, _ = cutTime(r.id)
			}
			return r, len(after) <= 2
		}
	}
	if base, ok := cutTime(id); ok {
		return reading{id: base, source: lake.RerateDay.String()}, true
	}
	return reading{}, false
}

// cutTime removes the time of a re-rating from an id.
func cutTime(id string) (string, bool) {
	at := strings.LastIndexByte(id, '@')
	if at <= 0 {
		return id, false
	}
	if _, err := period.ParseInstant(id[at+1:]); err != nil {
		return id, false
	}
	return id[:at], true
}

// is reports whether a location is of the reading's source.
func (r *reading) is(p location) bool {
	switch {
	case r.origin != "" && p.origin != r.origin, r.own && p.origin != p.cycle.String():
		return false
	case r.source == "":
		return true
	case r.source == usageSource:
		return !p.day.IsSpecial()
	}
	return p.day.String() == r.source
}
