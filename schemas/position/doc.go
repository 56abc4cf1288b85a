// Package position defines what rating a day needs to know about the days before: meter counts, remaining packages,
// sums of customers. Kind is the type of a row; a new rule adds a kind and never changes the meaning of another.
//
//  1. The closing positions of a day are the opening positions of the next day.
//  2. Positions are a function of the accepted records and the books. They do not depend on runs, files or workers.
//  3. Meter and Events rows add up: what records count does not depend on what is counted before them (AddCounts).
//  4. Meter and Gather rows end with their cycle; Package rows continue into the next.
package position
