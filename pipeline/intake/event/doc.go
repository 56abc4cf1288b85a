// Package event describes accepted events as plain data, and reads and writes them as rows of their tables in the lake:
// orders, steps in the life of orders, adjustments, account events, transfers, incentive events and events about
// partners' money. Package events decides which rows become events and when they are stored.
//
//  1. The Each function of a table returns the fields that AppendTo wrote, except File and Row. File is −1 in an event
//     that was read.
//  2. Same compares the fields of the feed's row, not the fields that a run adds.
//  3. The Each functions visit events in the order of the file, refused events included.
package event
