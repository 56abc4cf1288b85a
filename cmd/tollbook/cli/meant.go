package cli

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/visible"
)

// Meant replaces the hint by the known word that was probably meant; if there is none, it keeps the hint. word is not
// a known word.
func (e *UsageError) Meant(word string, known []string) *UsageError {
	if near := visible.Nearest(word, known); near != "" {
		e.Hint = fmt.Sprintf("did you mean `%s`?", near)
	}
	return e
}
