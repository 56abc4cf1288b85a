// Package verbatim keeps the columns of cost files that are exported unchanged if all rows of a group agree (§11.6).
//
//  1. The texts of a group do not depend on the order in which its rows are added.
//  2. The JSON object of a group has the texts in which all of its rows agree, by the names of the columns, and no
//     others.
package verbatim
