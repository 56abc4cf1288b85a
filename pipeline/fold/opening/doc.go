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
//	        below 0. A change replaces the position of an older quota period of its package, never that of a newer
//	        one.
//	OPEN-5  Positions that a day does not change are copied byte by byte.
//	OPEN-6  If valid_from or reset of a package was changed after a close, or a row of it was split, the stored quota
//	        period can differ from the one that continues into the cycle. The position is then what the billed
//	        records that began in that period drew. If some of them are archived, it is at least what the positions
//	        have that may be of that period: by today's books they had not ended before it.
package opening
