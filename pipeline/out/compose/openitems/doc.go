// Package openitems lists the open items of a cycle before its close: days without records, links without samples,
// rejects, disputed incentives, and deliveries of cost files that do not count.
//
//	COMPOSE-8  Missing days are determined from accepted records: a day is present if a record of the feed was
//	           accepted for it.
//
// A list is based on one snapshot. Days after the as-of do not count as missing.
package openitems
