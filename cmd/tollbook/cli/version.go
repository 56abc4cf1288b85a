package cli

import (
	"os"
	"runtime/debug"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// Version says which build this is: the module's version, or the commit it was built from; "" if neither is known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// thisBuild names this very build, for what is remembered between runs: two builds of one commit may differ. The name
// is made of what the system knows of the program's file, which nobody can write to while it runs; "" if it knows
// nothing.
func thisBuild() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stamp, ok := feed.Stamp(info)
	if !ok {
		return ""
	}
	return Version() + " " + stamp
}
