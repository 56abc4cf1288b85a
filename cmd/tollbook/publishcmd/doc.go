// Package publishcmd holds the command publish, which copies the lake to ClickHouse and updates Iceberg tables.
//
//  1. A dry run writes nothing, and says so if there is nothing to insert.
//  2. --print-ddl connects to no server.
package publishcmd
