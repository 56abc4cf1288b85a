package run

import (
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// Plan is what all processes of a shared run must agree on. Its hash is the name of the run.
type Plan struct {
	Base     lake.Hash      `json:"base"`     // hash of the manifest; "" = an empty lake
	Build    string         `json:"build"`    // of the program
	Settings string         `json:"settings"` // hash
	Books    string         `json:"books"`    // hash
	AsOf     period.Instant `json:"as_of"`
	Kind     PlanKind       `json:"kind"`
	Cycle    period.Cycle   `json:"cycle"`  // for Monthly, Close and Rerate; 0 = none
	Draft    *Draft         `json:"draft"`  // the books of Rerate; nil = those of the workspace
	Accept   string         `json:"accept"` // reason for more rejects than the gates allow; "" = not accepted
	Files    []PlanFile     `json:"files"`  // in order of feed and name
}

// PlanKind is the kind of a run.
type PlanKind string

// The kinds.
const (
	PlanIngest  PlanKind = "ingest"
	PlanRetry   PlanKind = "retry" // ingest --retry-rejects: it has no feed files
	PlanNightly PlanKind = "nightly"
	PlanMonthly PlanKind = "monthly"
	PlanClose   PlanKind = "close"
	PlanRerate  PlanKind = "rerate"
	// HashFiles hashes the files, before a run with an engine is planned. It may list files that the run does not take.
	HashFiles PlanKind = "hash"
)

// Draft identifies books in another folder than the workspace's.
type Draft struct {
	Dir  []byte `json:"dir"` // absolute
	Hash string `json:"hash"`
}

// PlanFile is a feed file that the run takes.
type PlanFile struct {
	Feed  string `json:"feed"`
	Name  []byte `json:"name"`
	Hash  string `json:"hash"`
	Stamp string `json:"stamp"` // when it was hashed, or listed for HashFiles; "" = not known
	Bytes int64  `json:"bytes"`
	// Ranges are found by the process that hashes the file; null = none.
	Ranges []feed.Range `json:"ranges"`
}

const kind = "plan"

// LoadPlan reads the plan of a shared run, and refuses it if this process has another build, other settings or other
// books. Errors: *workspace.RefusedError.
func LoadPlan(w *workspace.Workspace, run lake.Hash, o workspace.Options) (*Plan, error) {
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	b, err := l.ReadPlan(run)
	if err != nil {
		return nil, PlanRefused(err)
	}
	p := new(Plan)
	if err := lake.DecodeTask(kind, b, p); err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	return p, p.check(w, run, o.Build)
}

// check refuses a plan for another build, other settings or other books.
func (p *Plan) check(w *workspace.Workspace, run lake.Hash, build string) error {
	for _, one := range []struct{ what, planned, here string }{
		{"by another build of tollbook", p.Build, build},
		{"with other settings", p.Settings, SettingsHash(w)},
		{"with other books", p.Books, BooksHash(w)},
	} {
		if one.planned != one.here {
			return &workspace.RefusedError{What: fmt.Sprintf("run %s was planned %s", run, one.what),
				Hint: "start the worker as it was planned, or " + hintPlan}
		}
	}
	return nil
}

// DraftOf is the draft for books that were read from an absolute folder.
func DraftOf(dir string, b *books.Books) *Draft { return &Draft{[]byte(dir), hashOf(b)} }

// Check refuses books that are not those of the draft.
func (d *Draft) Check(run lake.Hash, b *books.Books) error {
	if hashOf(b) == d.Hash {
		return nil
	}
	return &lake.PlanError{Run: run, What: fmt.Sprintf("the books in %s changed since it was planned", d.Dir)}
}

func hashOf(b *books.Books) string { return fmt.Sprintf("%x", b.Hash) }

// SettingsHash is the hash of a workspace's settings in a plan.
func SettingsHash(w *workspace.Workspace) string { return fmt.Sprintf("%x", w.Settings.Hash) }

// BooksHash is the hash of a workspace's books in a plan.
func BooksHash(w *workspace.Workspace) string { return hashOf(w.Books) }

// FeedFiles are the feed files of a plan.
func (p *Plan) FeedFiles() []*accept.File {
	files := make([]*accept.File, len(p.Files))
	for i, f := range p.Files {
		files[i] = &accept.File{Feed: f.Feed, Name: string(f.Name), Hash: f.Hash, Stamp: f.Stamp,
			Bytes: f.Bytes, Ranges: f.Ranges}
	}
	return files
}

const hintPlan = "repeat the command of the run: it is planned again"

// PlanRefused converts an error of a run that cannot be continued to a refusal, and leaves other errors unchanged.
func PlanRefused(err error) error {
	if e := new(lake.PlanError); errors.As(err, &e) {
		return &workspace.RefusedError{What: e.Error(), Hint: hintPlan}
	}
	return err
}

// Encode returns the encoding of a plan.
func (p *Plan) Encode() ([]byte, error) { return lake.EncodeTask(kind, p) }
