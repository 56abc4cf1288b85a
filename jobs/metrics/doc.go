// Package metrics is what a scheduler tells the outside: Prometheus metrics at /metrics, whether its process lives at
// /healthz, and whether it does its work at /readyz. Nothing of customers, partners or money is in it: labels are
// kinds, outcomes, feeds and reasons.
//
//	MET-1  A counter counts what this process did; a gauge says what the lake and the ledger hold, whoever did it.
//	MET-2  A scrape reads memory alone: the gauges are those of the scheduler's last look.
package metrics
