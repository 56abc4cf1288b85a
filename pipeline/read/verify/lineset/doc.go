// Package lineset checks for the audit that a bucket of a cycle has exactly the lines that it must have, as far as the
// lake alone shows it.
//
//  1. No line of a file is a repetition of the line before it. The lines of a day have ascending keys of customer_id,
//     usage_start, id, tier and kind; in the other files the columns by which lines are ordered, with sku, differ. Some
//     lines of the other files can lawfully be equal, and are not compared: differences that re-rating or a corrected
//     delivery posted, refunds of recurring charges, and differences of commitments.
//  2. Each order and each adjustment of the cycle has one line of day events, and each such line one of them. The
//     official amount and the payment of an adjustment's line are its amount.
//  3. Per closed cycle, product, region and resource, the lines of day rerate are the differences that re-rating
//     posted, in number, quantities and amounts. Differences of commitments have their lines elsewhere.
package lineset
