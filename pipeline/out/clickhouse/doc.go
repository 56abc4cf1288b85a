// Package clickhouse speaks to a ClickHouse server: it connects by what the settings say, asks, and inserts whole
// columns. What is stored there and what it means is not known here.
//
//	CH-1  A password is in no error, log line or query: what a server or a library says of one is struck out.
//	CH-2  What can heal by itself (the network, an overloaded or restarting server) is tried again, after 1 s, 2 s, 4
//	      s, up to 30 s, as often as the settings say; nothing else is. Heals is the one place that tells them apart.
//	CH-3  Decimals and times leave as the integers that they are: no float, no decimal library and no text is between
//	      the lake and a column on the server.
//	CH-4  A certificate is checked unless the settings say skip_verify.
//	CH-5  The native protocol and HTTP carry the same blocks.
package clickhouse
