package published

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Origin identifies the state of a lake that a server shows.
type Origin struct {
	Lake     string               // hash of the lake's first manifest; "" if the lake was empty
	Manifest int64                // number of the state's manifest
	Hash     string               // of the state's manifest
	Cycles   []string             // that the views show
	Older    []publish.OlderCycle // cycles of an earlier manifest
}

// Lacks returns the cycles that a publish of the snapshot would show and the views do not: other cycles were published
// alone.
func (s Origin) Lacks(snap *lake.Snapshot) (list []string) {
	for _, ref := range snap.Manifest.Cycles {
		if cycle := ref.Cycle.String(); ref.Archived == nil && !slices.Contains(s.Cycles, cycle) {
			list = append(list, cycle)
		}
	}
	return list
}

// Relation is what a published state is to a snapshot.
type Relation int

// The relations of a published state to a snapshot.
const (
	Earlier   Relation = iota // the snapshot or a state in its history; also if one of the two is empty
	Later                     // of the same lake, with a higher number than the snapshot's
	Undone                    // of the same lake, but not in its history: the lake was restored since
	OtherLake                 // of a lake with another first manifest
)

// Relate compares a published state with a snapshot. With an error, which is that of Snapshot.Origin or
// Snapshot.HashOf, the relation is Earlier.
func Relate(snap *lake.Snapshot, s Origin) (Relation, error) {
	if s.Lake == "" || snap.Manifest.Number == 0 {
		return Earlier, nil
	}
	origin, err := snap.Origin()
	switch {
	case err != nil:
		return Earlier, err
	case s.Lake != string(origin):
		return OtherLake, nil
	case s.Manifest > snap.Manifest.Number:
		return Later, nil
	}
	hash, err := snap.HashOf(s.Manifest)
	if err != nil || s.Hash == "" || s.Hash == string(hash) {
		return Earlier, err
	}
	return Undone, nil
}

// OtherStateError reports that a server shows a state that the lake of the workspace does not have.
type OtherStateError struct {
	Server   string
	Origin   Origin
	Relation Relation // Undone or OtherLake
}

// Error names the server and the state that it shows.
func (e *OtherStateError) Error() string {
	if e.Relation == OtherLake {
		return fmt.Sprintf("ClickHouse %s shows manifest %d of another lake", e.Server, e.Origin.Manifest)
	}
	return fmt.Sprintf("ClickHouse %s shows another manifest %d than the lake's: the lake was restored since", e.Server,
		e.Origin.Manifest)
}

// Diagnosis implements problem.Diagnosed.
func (e *OtherStateError) Diagnosis() (problem.Class, string) {
	if e.Relation == OtherLake {
		return problem.Failed,
			"check clickhouse.dsn; `--from lake` answers from the lake; `tollbook publish --take-over` replaces " +
				"the copy"
	}
	return problem.Failed, "`tollbook publish` replaces the copy; `--from lake` answers from the lake"
}
