package workspace

// The stages of a run in order (ARCHITECTURE.md, "What a run does"). A run can omit some.
const (
	StageBegin    = "begin"    // lock and state of the lake; clearing up after an unfinished run
	StageInbox    = "inbox"    // which feed files are new
	StageScan     = "scan"     // every row read and checked by itself; rows: read
	StageRerate   = "rerate"   // a closed cycle rated again; rows: differences
	StageEvents   = "events"   // orders, adjustments, account and partner events decided
	StageCosts    = "costs"    // vendors' cost files counted, allocated and priced
	StageFold     = "fold"     // per bucket: identities, lines, payment, statements, performance; rows: lines
	StageSettle   = "settle"   // refused account events, incentives, partners' money
	StageRejects  = "rejects"  // rejects stored, files noted as taken; rows: rejects
	StageTotals   = "totals"   // control totals
	StageArchive  = "archive"  // prune: closed cycles copied to the archive
	StagePack     = "pack"     // prune: feed files packed to the archive
	StageRebucket = "rebucket" // rebucket: files of buckets divided; rows: of these files
	StageCommit   = "commit"   // folders synced, manifest, HEAD, clearing up
	StagePublish  = "publish"  // the copy in ClickHouse; rows: inserted
	StageIceberg  = "iceberg"  // the Iceberg tables
)
