// Package doctor checks whether a workspace and its environment are ready for runs.
//
//  1. Every check is reported: ok, warn, fail or skipped, what was found, and what to do.
//  2. Nothing is written to the lake, the inbox or a server. A file is created and removed only to test whether
//     that is possible.
//  3. A check that cannot be performed fails by itself. The other checks are still performed.
//
// # Metrics
//
// This part serves the state of a scheduler: Prometheus metrics at /metrics, whether its process is alive at
// /healthz, and whether it does its work at /readyz. It contains no data of customers, partners or money: labels are
// kinds, outcomes, feeds and reasons.
//
//  1. A counter counts what this process did. A gauge shows the content of the lake and the ledger, whoever wrote
//     it.
//  2. A scrape reads only memory: gauges have the values of the scheduler's last check.
package doctor
