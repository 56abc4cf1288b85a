// Package targets publishes committed states of the lake to the targets of the settings: a ClickHouse server and
// Iceberg tables (§6.6).
//
//  1. A target that cannot be reached does not fail a committed run: the report says that the publish is
//     pending.
//  2. Totals that differ at a target are an error.
package targets
