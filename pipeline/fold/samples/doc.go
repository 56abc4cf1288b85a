// Package samples decides and stores bandwidth samples, and measures billing objects with them (§4.7).
//
//  1. Of the samples of a link's slot one counts, by the duplicates rule of the link's policy.
//  2. A sample belongs to the customer that the current books name for its link, in whatever bucket it is
//     stored.
package samples
