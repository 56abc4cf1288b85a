// Package margins adds up what cost files cost next to what customers pay for it: the rows of the table margins of a
// cycle (§11.6), and the rates that convert costs and payments (§10.7, §11.5).
//
//  1. Costs and payments add up exactly; the only rounding is that of a row's margin_amount, to 8 decimals.
//  2. A row's margin is in the currency of the workspace: its payment is converted by the rate of the cycle that bills
//     it, its cost by the Conversion of its source.
//  3. A Conversion takes the first rate of: what the delivery was billed by, fx of the source, the rates of the close,
//     today's rates.csv (FCOST-7).
//  4. Two tables of the same rows are equal, in whatever order and by however many workers the rows were counted.
package margins
