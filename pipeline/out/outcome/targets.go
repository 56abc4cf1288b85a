package outcome

// Targets is what became of a committed state at the targets of the settings.
type Targets struct {
	// Published is what publishing did; nil where no server is set, or where it is owed.
	Published *ClickHouse `json:"published,omitempty"`
	// Iceberg is what became of the Iceberg tables; nil where there are none, or where they are owed.
	Iceberg *Iceberg `json:"iceberg,omitempty"`
	Owed    *Owed    `json:"publish_owed,omitempty"`
}

// Owed says why a state was not published: the next run, or `tollbook publish`, does it.
type Owed struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// NeedsAttention reports whether a person should look: exit code 1 (§7.4).
func (t *Targets) NeedsAttention() bool {
	return t.Owed != nil || t.Published != nil && t.Published.NeedsAttention()
}
