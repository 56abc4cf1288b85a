// Package turned handles rows of earlier runs about which a run decides differently: it updates the rejects and
// describes the changes.
//
//  1. A row that is now accepted is not a reject. A row that is now refused is an open reject, unless a person
//     dismissed it: then it stays dismissed, even with another reason.
package turned
