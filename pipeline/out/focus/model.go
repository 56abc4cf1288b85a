package focus

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed model-1.2.ndjson
var modelText []byte

// ModelRule is one rule of the model.
type ModelRule struct {
	ID          string      `json:"id"`
	Function    string      `json:"function"` // Presence, Type, Format, Nullability, Validation; Composite has only parts
	Keyword     string      `json:"keyword"`  // MUST, SHOULD, MAY, …
	Dynamic     bool        `json:"dynamic"`  // by the model it needs a person's judgement
	Criteria    []string    `json:"criteria"` // it applies if all of these are supported
	Parts       []string    `json:"parts"`
	Requirement *ModelCheck `json:"requirement"`
	Condition   *ModelCheck `json:"condition"`
	Text        string      `json:"text"`
}

// ModelCheck is a requirement or a condition: a function of columns, or of other checks.
type ModelCheck struct {
	Function string          `json:"CheckFunction"`
	Items    []*ModelCheck   `json:"Items,omitempty"`
	Column   string          `json:"ColumnName,omitempty"`
	A        string          `json:"ColumnAName,omitempty"`
	B        string          `json:"ColumnBName,omitempty"`
	Result   string          `json:"ResultColumnName,omitempty"`
	Value    json.RawMessage `json:"Value,omitempty"`
	Count    int             `json:"ExpectedCount,omitempty"`
}

// RuleModel returns the model's rules, in its order, with the criteria and conditions of the rules that contain them.
func RuleModel() ([]ModelRule, error) {
	var rules []ModelRule
	at := map[string]int{}
	for in := bufio.NewScanner(bytes.NewReader(modelText)); in.Scan(); {
		var r ModelRule
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("read the model of FOCUS 1.2: line %d: %w", len(rules)+1, err)
		}
		at[r.ID] = len(rules)
		rules = append(rules, r)
	}
	for _, d := range Defects() {
		d.change(&rules[at[d.Rule]])
	}
	for id, change := range decidable() {
		change(&rules[at[id]])
	}
	parent := map[string]string{}
	for _, r := range rules {
		for _, part := range r.Parts {
			if _, known := at[part]; !known {
				return nil, fmt.Errorf("the model of FOCUS 1.2: %s has the part %s, which does not exist", r.ID, part)
			}
			parent[part] = r.ID
		}
	}
	whole := make([]ModelRule, len(rules))
	for i, r := range rules {
		for up := parent[r.ID]; up != ""; up = parent[up] {
			above := rules[at[up]]
			r.Criteria = append(r.Criteria[:len(r.Criteria):len(r.Criteria)], above.Criteria...)
			r.Condition = both(above.Condition, r.Condition)
		}
		whole[i] = r
	}
	return whole, nil
}

// both returns the conjunction of two conditions; nil is none.
func both(a, b *ModelCheck) *ModelCheck {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &ModelCheck{Function: "AND", Items: []*ModelCheck{a, b}}
}
