// Package position defines what a day of a cycle must know of the previous days: each meter's count, each package's
// rest, each customer's sums. Rows are typed by Kind; a new rule adds a kind and never changes the meaning of one.
//
//  1. The closing positions of a day are the opening positions of the next day.
//  2. Positions are a function of the accepted records and the books. They do not depend on runs, files or workers.
//  3. Meter and Gather rows end with their cycle; Package rows continue into the next.
package position
