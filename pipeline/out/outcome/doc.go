// Package outcome defines the reports of what was published: to a ClickHouse server (package publish) and to Iceberg
// tables (package iceberg). It needs no client of either.
//
//  1. A report is the JSON that commands print, and part of the reports of the runs that publish.
package outcome
