package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
)

// Template is the commented tollbook.yaml that `init` writes. With sample it sets every key; without, it sets only the
// required keys and has the others as comments with their defaults.
func Template(sample bool) []byte { return written(Keys(), nil, sample) }

// Start is the tollbook.yaml of a workspace with its own zone and currency. It has the keys that most change.
func Start(zone string, currency money.Currency) []byte {
	keys := slices.DeleteFunc(Keys(), func(k Key) bool {
		return !k.Required && !slices.Contains([]string{"vendor.name", "payments", "close.day", "close.time",
			"tax.prices_include", "usage.max_age_months"}, k.Name)
	})
	return append(written(keys, map[string]string{"zone": zone, "currency.code": currency.Code,
		"currency.digits": strconv.Itoa(currency.Digits)}, false), "\n# All other keys: docs/formats.md.\n"...)
}

// written returns the file of keys. Keys that are not required are comments with their defaults unless all are set.
func written(keys []Key, values map[string]string, all bool) []byte {
	var b strings.Builder
	b.WriteString("# Settings of this workspace. An unknown key is an error.\n")
	last := ""
	for _, k := range keys {
		group, key := k.split()
		value, prefix := cmp.Or(values[k.Name], k.template), ""
		if !k.Required {
			value = k.Default
			if !all {
				prefix = "# "
			}
		}
		if group == "" || group != last {
			b.WriteString("\n")
		}
		if group != "" {
			if group != last {
				b.WriteString(prefix + group + ":\n")
			}
			prefix += "  "
		}
		last = group
		fmt.Fprintf(&b, "%-40s # %s (%s)\n", prefix+key+": "+value, k.Meaning, k.Type)
	}
	return []byte(b.String())
}
