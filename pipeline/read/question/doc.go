// Package question is the catalogue of the finance questions: what each answers, its keys and sums, its order, and how
// rows of the lake become its rows. Package ask answers them; pipeline/out/published has their SQL over the views in
// ClickHouse.
//
// Invariants:
//
//  1. The name of a question is unique. Each column of a question that adds up rows, except a count of them, is a
//     column of the table that the rows are made in, with the same type.
//  2. Questions that a published copy answers too (All) have a view; those that the lake alone answers (LakeOnly) have
//     none.
//  3. A question with amounts says in whose currency they are: its table names the customers or partners, or the
//     currency is one of its keys (ASK-5). Only the table of receivables says neither.
//  4. Each question has a reason why its answer can be without rows (WhyEmpty).
//
// Money that is divided between rows is divided exactly: the parts add up to the whole (deferred-revenue, change,
// ageing).
package question
