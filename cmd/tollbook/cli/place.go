package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/settings"
)

// PlaceOf describes a file that no result may replace, as the end of a sentence; it returns "" for other files
// (PLACE-1).
func PlaceOf(name string) string {
	name = resolved(name)
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		below, err := filepath.Rel(dir, name)
		if err != nil {
			return ""
		}
		if has(dir, lake.ManifestsDir) && (has(dir, lake.HeadName) || has(dir, "LOCK")) {
			return "in the lake " + dir
		}
		if has(dir, settings.File) {
			if what := ofWorkspace(dir, below); what != "" {
				return what
			}
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// ofWorkspace is Of for a path below the folder of a workspace.
func ofWorkspace(dir, below string) string {
	top, _, deeper := strings.Cut(below, string(filepath.Separator))
	switch {
	case below == settings.File:
		return "the settings of the workspace " + dir
	case below == "keys.json":
		return "the file of the API's keys of the workspace " + dir
	case deeper && (top == "books" || top == "runs" || top == "lake"):
		return "in " + top + "/ of the workspace " + dir + ", where only its own files belong"
	}
	return ""
}

// resolved returns an absolute path with the links in its existing part followed.
func resolved(name string) string {
	name, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	rest := ""
	for at := name; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return name
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func has(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
