package outcome

// Iceberg is what a publish of Iceberg tables did.
type Iceberg struct {
	Warehouse string         `json:"warehouse"`
	Catalog   string         `json:"catalog,omitempty"` // the URL of the catalog that has the tables
	Namespace string         `json:"namespace"`
	Changed   bool           `json:"changed"`
	Manifest  int64          `json:"manifest"` // of the lake, that the tables show now
	Was       int64          `json:"was"`      // the oldest that a table showed before; 0 = none
	Tables    []IcebergTable `json:"tables"`
	Relinked  int            `json:"relinked"` // links that a table needed and that were missing or damaged
	Expired   int            `json:"expired"`  // snapshots
	Deleted   int            `json:"deleted"`  // files that no snapshot names
	DryRun    bool           `json:"dry_run,omitempty"`
}

// IcebergTable is what became of one table.
type IcebergTable struct {
	Table    string `json:"table"`
	Files    int    `json:"files"`
	Rows     int64  `json:"rows"`
	Added    int    `json:"files_added"`
	Removed  int    `json:"files_removed"`
	Snapshot int64  `json:"snapshot,omitempty"` // the newest
}
