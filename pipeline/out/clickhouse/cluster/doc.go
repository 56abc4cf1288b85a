// Package cluster connects to the servers of a cluster of ClickHouse, or to the one server of a dsn without a cluster.
//
//  1. The first server is the one of the dsn, also if it is not a member of the cluster: it has no rows then.
//  2. The servers are those that system.clusters of the first one lists, by shard and replica.
package cluster
