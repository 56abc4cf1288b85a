// Package clickhouse connects to the ClickHouse server of the settings, sends queries, and inserts columns. It does not
// know what is stored there.
//
//	CH-1  No error, log line or query contains a password: it is removed from the text of every error of a server or a
//	      library.
//	CH-2  Retryable errors (the network, an overloaded or restarting server) are retried after 1 s, 2 s, 4 s, up to
//	      30 s, as often as the settings say; no other error is. Only Retryable distinguishes them.
//	CH-3  Decimals and times are sent as the integers that they are: between the lake and a column on the server there
//	      is no float, no decimal library and no text.
//	CH-4  A certificate is checked unless the settings say skip_verify.
//	CH-5  The native protocol and HTTP transfer the same blocks.
//
// # Clusters
//
// This part connects to the servers of a cluster of ClickHouse, or to the one server of a dsn without a cluster.
//
//  1. The first server is the one of the dsn, also if it is not a member of the cluster: it has no rows then.
//  2. The servers are those that system.clusters of the first one lists, by shard and replica.
package clickhouse
