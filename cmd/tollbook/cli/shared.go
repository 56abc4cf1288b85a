package cli

import (
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// SharedRun opens the workspace for one process of a run whose tasks several processes do.
func SharedRun(a *App) (*workspace.Workspace, workspace.Options, error) {
	o, err := a.Options()
	if err != nil {
		return nil, o, err
	}
	if o.Build, err = buildID(); err != nil {
		return nil, o, err
	}
	w, err := a.Open()
	if err != nil {
		return nil, o, err
	}
	heap.Tune(a.Env)
	return w, o, nil
}

// TheRun returns the run that --run names, or the only one that is planned and not committed.
func TheRun(w *workspace.Workspace, o workspace.Options, name string) (manifest.Hash, error) {
	if name != "" {
		return manifest.Hash(name), nil
	}
	l, err := w.Lake(o)
	if err != nil {
		return "", err
	}
	runs, err := l.SharedRuns()
	if err != nil {
		return "", err
	}
	if len(runs) == 1 {
		return runs[0], nil
	}
	if len(runs) == 0 {
		return "", &workspace.RefusedError{What: "no run is planned",
			Hint: "`tollbook task plan` plans one; if it was committed already, `tollbook runs` lists it"}
	}
	return "", &UsageError{What: "--run is missing: several runs are planned", Hint: "name one, as `tollbook task " +
		"plan` printed it"}
}
