// Package turned describes rows of earlier runs that a run decides otherwise: what becomes of them among the rejects,
// and what the run says about them.
//
//  1. A row that is accepted now is no reject. A row that is refused now is an open reject, unless a person dismissed
//     it: then it stays dismissed, also if the reason is another one.
package turned
