// Package entries checks the entries of accounts (§6.3) for the audit.
//
//  1. Each entry follows from the previous entry of the same balance, and no balance except that of a lowered credit
//     limit is below zero.
//  2. Per customer and cycle, the consume entries are the positive amounts by which balances paid the lines, and the
//     refund entries the negative ones, for each balance. What a refund returns to credit or debt that is no longer
//     used goes to cash: the refunds of cash, credit and debt are compared as one sum.
//  3. Orders that a partner pays and manual adjustments have no entries.
//  4. Of an allocation or reclaim between partners (§9.1), the entries of one account pay the amount of the event, and
//     those of the other get it. An account that has used credit can get less.
package entries
