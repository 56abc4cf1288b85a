// Package question is the catalogue of the finance questions: what each answers, its keys and sums, its order, and how
// its rows are made from rows of the lake. Package ask answers them; pipeline/out/published has their SQL over the
// views in ClickHouse.
//
// Invariants:
//
//  1. The name of a question is unique. Each column of a question that adds up rows, except a count of them, is a
//     column of the table in which the rows are made, with the same type.
//  2. Questions that a published copy can answer too (All) have a view; those that only the lake answers (lakeOnly)
//     have none.
//  3. The currency of a question's amounts is always known: its table names the customers or partners, or the currency
//     is one of its keys (ASK-5). The only exception is the table of receivables.
//  4. Each question has a reason why its answer can have no rows (WhyEmpty).
//
// Money that is divided between rows is divided exactly: the parts add up to the whole (deferred-revenue, change,
// ageing).
package question
