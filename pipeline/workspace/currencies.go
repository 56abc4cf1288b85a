package workspace

// OneCurrency refuses what does not distinguish currencies yet where customers or partners have several (§10.7): its
// totals would add amounts of two currencies. Errors: *RefusedError.
func (w *Workspace) OneCurrency(what string) error {
	if !w.Books.Mixed {
		return nil
	}
	return &RefusedError{
		What: what + " is not supported with customers or partners of several currencies",
		Hint: "bill, statement, query, documents, explain, quote and export distinguish currencies; docs/rules.md (10.7) lists " +
			"what does not",
	}
}
