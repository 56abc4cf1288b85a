package books

// costBasisWords are the costs that a pass_through product can be priced on, in the order of costBases.
var costBasisWords = []string{"list", "contracted", "effective", "billed"}

func costBasisColumn() Column {
	return Column{Name: "basis", Type: "word", Words: costBasisWords,
		Meaning: "pass_through only, and required there: the cost that the mark-up is on"}
}
