// Package publishcmd holds the command publish, which copies the lake to ClickHouse.
//
//	CPUBLISH-1  A dry run writes nothing, and says so if there is nothing to insert.
//	CPUBLISH-2  --print-ddl connects to no server.
package publishcmd
