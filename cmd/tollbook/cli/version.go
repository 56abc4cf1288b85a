package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
)

// Build says which build of the program this is.
type Build struct {
	Version  string `json:"version"`            // of the program
	Commit   string `json:"commit,omitempty"`   // from which it was built
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the checkout had changes that were not committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Release is the version of the program.
const Release = "1.0.0"

// ThisBuild returns the build information that the Go toolchain stored in the program.
func ThisBuild() Build {
	b := Build{Version: Release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String returns the build as one line.
func (b Build) String() string {
	text := b.Version
	if b.Commit != "" {
		text += ", commit " + b.Commit[:min(12, len(b.Commit))]
	}
	if b.Time != "" {
		text += " of " + b.Time
	}
	if b.Modified {
		text += ", modified"
	}
	return text + ", " + b.Go + " " + b.Platform
}

// Version returns the version of the program, and the commit from which it was built, if it is known.
func Version() string {
	b := ThisBuild()
	return strings.TrimSuffix(b.Version+"+"+b.Commit[:min(12, len(b.Commit))], "+")
}

// thisBuild identifies this build in files that are kept between runs: two builds of one commit may differ. The id
// includes the file system's stamp of the program's file, which cannot be written to while it runs; it is "" if there
// is no stamp.
func thisBuild() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stamp, ok := inbox.Stamp(info)
	if !ok {
		return ""
	}
	return Version() + " " + stamp
}
