// Package audit checks a FOCUS data set that was written: by the rules of FOCUS 1.2, and against the statements of its
// cycle.
//
//  1. A data set is read back from its file: nothing of its writing is used.
//  2. Each billed account is compared exactly with what its issuer bills it (focus.Source.Owed): the sum of BilledCost,
//     and the number of lines if the file has the column x_LineKind. An account that only one side has differs, unless
//     the statements bill it nothing.
//  3. A sum of one currency has no amount of another currency. In a cycle of one currency the file's currency does not
//     matter.
//  4. Memory grows with the number of accounts, not with that of rows.
package audit
