package console

import _ "embed"

//go:embed chinese.tsv
var chinese string

// Chinese returns the dictionary of texts on pages that other packages write in English: explanations, reasons, states
// (BILLING-5).
func Chinese() string { return chinese }
