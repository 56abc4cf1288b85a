// Package partnermoney explains the tables of partners' money: entries of accounts, coupons, funds and their claims,
// withdrawals and invoices (§9).
//
//  1. All data comes from one snapshot (LAKE-4). A story names the rows of feed files on which it is based, the rule of
//     each step, and amounts before and after it.
//  2. The sum of the steps is compared with the row of the table. Story.Agrees reports whether both are equal.
//  3. An event that the last replay rejected is part of the story of what it names, with the reason.
package partnermoney
