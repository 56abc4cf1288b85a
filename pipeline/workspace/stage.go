package workspace

// The stages of a run, in their order (ARCHITECTURE.md, "What a run does"). A run may leave some out.
const (
	StageBegin    = "begin"    // the lake's lock and state; clearing up after a run that did not end
	StageInbox    = "inbox"    // which feed files are new
	StageScan     = "scan"     // every row read and checked by itself; rows: read
	StageRerate   = "rerate"   // a closed cycle rated again; rows: differences
	StageEvents   = "events"   // orders, adjustments, account and partner events decided
	StageCosts    = "costs"    // vendors' cost files counted, allocated and priced
	StageFold     = "fold"     // of each bucket: identities, lines, payment, statements, performance; rows: lines
	StageSettle   = "settle"   // refused account events, incentives, partners' money
	StageRejects  = "rejects"  // rejects kept, files noted as taken; rows: rejects
	StageTotals   = "totals"   // control totals
	StageArchive  = "archive"  // of a prune: closed cycles to the archive
	StagePack     = "pack"     // of a prune: feed files to the archive
	StageRebucket = "rebucket" // of a rebucket: the files of buckets divided; rows: of these files
	StageCommit   = "commit"   // folders synced, manifest, HEAD, clearing up
	StagePublish  = "publish"  // the copy in ClickHouse; rows: inserted
	StageIceberg  = "iceberg"  // the Iceberg tables
)
