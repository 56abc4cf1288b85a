// Package audit checks a written FOCUS data set: by the rules of FOCUS 1.2, and against the statements of its cycle.
//
//  1. A data set is read from its file; no code that wrote it is used.
//  2. Each billed account is compared exactly with what its issuer bills it (focus.Source.Owed): the sum of BilledCost,
//     and the number of lines if the file has the column x_LineKind. An account that only one side has differs, unless
//     the statements bill it nothing.
//  3. A sum has amounts of one currency only. In a cycle of one currency the file's currency is ignored.
//  4. Memory grows with the number of accounts, not with the number of rows.
package audit
