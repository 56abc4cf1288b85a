// Package monthend writes the lines of products that are priced at the end of a cycle (§4.6, §4.7).
//
//  1. The lines are a function of the closing positions, the samples and the books. They hold exactly the gathered
//     quantities.
package monthend
