// Package opening reads the positions with which a day of a bucket opens, from any state of the lake: the next state of
// a run, or a snapshot. A run, an explanation, a report on packages and a quote read them with this code.
//
//	OPEN-1  A day opens with the closing positions of the last day before it that has accepted records in the bucket,
//	        in this cycle or an earlier one. A day has records if it has an index of identities.
//	OPEN-2  Positions of an earlier cycle are changed by what was billed late and by re-rating since then (OPEN-3),
//	        and pass to the new cycle by the rules of package rating.
//	OPEN-3  Changes apply in the order of the cycles they were billed in. In each cycle shifts apply before the states
//	        after late records, which already include them. A change applies only if its quota period is still open
//	        when the cycle it was billed in begins.
//	OPEN-4  A state replaces the package's position. A shift changes what was drawn in its own quota period, never
//	        below 0. Both replace the position of another quota period of the package.
//	OPEN-5  Positions that a day does not change are copied byte by byte.
//	OPEN-6  A position is of the quota period that begins at its time, of the row to which a draw at that time belongs
//	        (§3.7). One at whose time no quota period begins counts nothing: no closed cycle draws from its row.
//	OPEN-7  A row of a package from which closed cycles draw keeps what its positions go by: customer, package_id,
//	        valid_from and reset. Other books are refused before anything is done.
package opening
