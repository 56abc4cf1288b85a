// Package samples decides and stores bandwidth samples, and measures billing objects with them (§4.7).
//
//  1. One sample counts per slot of a link. The duplicates rule of the link's policy selects it.
//  2. A sample belongs to the customer that the current books name for its link, in whatever bucket it is
//     stored.
package samples
