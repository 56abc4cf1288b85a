package settings

import (
	"fmt"
	"strings"
)

// Template is the commented tollbook.yaml that `init` writes. With sample it sets every key; without, it sets only the
// required keys and has the others as comments with their defaults.
func Template(sample bool) []byte {
	var b strings.Builder
	b.WriteString("# Settings of this workspace. An unknown key is an error.\n")
	last := ""
	for _, k := range Keys() {
		group, key := k.split()
		value, prefix := k.template, ""
		if !k.Required {
			value = k.Default
			if !sample {
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
