// Package event describes accepted events as plain data, and reads and writes them as rows of their tables in the lake:
// orders, steps in the life of orders, adjustments, account events, transfers, incentive events and events about
// partners' money. Package events decides which rows become events and when they are stored.
//
//  1. What AppendTo writes of an event, the Each function of its table reads again, except File and Row. File is −1 in
//     an event that was read.
//  2. Same compares what the row of a feed says, and nothing that a run adds to it.
//  3. Each functions visit events in the order in which the file has them, refused ones among them.
package event
