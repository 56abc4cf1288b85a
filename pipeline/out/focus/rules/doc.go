// Package rules checks a FOCUS data set against the requirement model of FOCUS 1.2: every rule that can be decided from
// the data alone.
//
//	RULES-1  A rule's conditions are its own and those of the rules that it is part of. A null is a value like any
//	         other: what is null is not "Correction".
//	RULES-2  Products are compared in exact decimals.
//	RULES-3  A rule that the published model has wrong is run as Defects says, or not at all, with the reason; nothing
//	         else deviates.
//	RULES-4  A rule that passes because no row was about it is told apart from one that was tried.
//	RULES-5  A file is read by its content, whoever made it; one that cannot be read to its end is a FileError.
//	RULES-6  A data set of another version of FOCUS is checked by the same rules: columns that came later need not be
//	         there.
//
// model-1.2.ndjson has the rules of model-1.2.json of finopsfoundation/focus_validator, a rule a line, without what is
// not used here.
package rules
