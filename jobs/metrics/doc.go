// Package metrics serves the state of a scheduler: Prometheus metrics at /metrics, whether its process is alive at
// /healthz, and whether it does its work at /readyz. It contains no data of customers, partners or money: labels are
// kinds, outcomes, feeds and reasons.
//
//  1. A counter counts what this process did. A gauge shows the content of the lake and the ledger, whoever wrote
//     it.
//  2. A scrape reads only memory: gauges have the values of the scheduler's last check.
package metrics
