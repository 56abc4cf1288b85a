package billing

import _ "embed"

//go:embed chinese.tsv
var chinese string

// Chinese is the dictionary of the texts that pages show and that other packages write in English: explanations,
// reasons, states (BILLING-5).
func Chinese() string { return chinese }
