// Package durable makes what a run writes durable: data files in the background, and the folders in which names
// changed.
//
//  1. A data file is synced and closed after it has its name, many at the same time (WRITE-1). Wait returns when all
//     are.
//  2. A folder is synced after the content of all data files is durable, and after every folder below it (WRITE-2).
//  3. After a sync or a close that failed, every File, Wait and Sync returns that error: nothing of the run is
//     committed, and nothing is retried (WRITE-6).
package durable
