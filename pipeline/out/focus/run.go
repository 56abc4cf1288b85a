package focus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Outcome is the result of a rule.
type Outcome string

// The outcomes. Untried is a pass that proves nothing: the rule applied to no row.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Untried Outcome = "untried"
	NotRun  Outcome = "not_run"
)

// RuleResult is the result of one rule.
type RuleResult struct {
	Rule     string           `json:"rule"`
	Keyword  string           `json:"keyword"`
	Outcome  Outcome          `json:"outcome"`
	Rows     int64            `json:"rows,omitempty"`     // to which the rule applied
	Failures int64            `json:"failures,omitempty"` // rows, or groups of rows, that break the rule
	Examples []FailureExample `json:"examples,omitempty"`
	Reason   string           `json:"reason,omitempty"` // why it was not run, or is not run as published
	Text     string           `json:"text"`
}

// FailureExample is a place where a rule fails.
type FailureExample struct {
	Row    int64    `json:"row,omitempty"` // 1 = the first after the header; 0 = the complete data set
	Values []string `json:"values"`        // Column=value, for the columns of the rule
}

// examples is the largest number of examples of a rule.
const examples = 3

// RuleReport has the results of all rules.
type RuleReport struct {
	Rows    int64        `json:"rows"`
	Results []RuleResult `json:"results"`
}

// Count returns how many rules have an outcome.
func (r *RuleReport) Count(o Outcome) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// Of returns a rule's result; nil if it has none.
func (r *RuleReport) Of(rule string) *RuleResult {
	for i := range r.Results {
		if r.Results[i].Rule == rule {
			return &r.Results[i]
		}
	}
	return nil
}

// RuleColumns returns the columns that FOCUS 1.2 defines.
func RuleColumns() ([]string, error) {
	rules, err := RuleModel()
	var names []string
	for i := range rules {
		if r := rules[i].Requirement; r != nil && r.Function == "ColumnPresent" && !slices.Contains(names, r.Column) {
			names = append(names, r.Column)
		}
	}
	return names, err
}

// Validate runs every rule that can be decided from the data on all rows. supports lists the applicability criteria
// that the author of the data set meets. Memory grows with the number of distinct pairs of the few rules that count
// those, not with the rows.
func Validate(ctx context.Context, d RuleData, supports []string) (*RuleReport, error) {
	return ValidateAs(ctx, d, ModelVersion, supports)
}

// ValidateAs is Validate for a data set with the columns of a version of FOCUS (Versions): columns that were added
// later are not required, and those of a later version than the model's do not count as custom columns. The rules are
// the model's.
func ValidateAs(ctx context.Context, d RuleData, version string, supports []string) (*RuleReport, error) {
	model, err := RuleModel()
	if err != nil {
		return nil, err
	}
	names, kinds := d.Columns()
	c := &compiler{at: map[string]int{}, kinds: kinds, names: names, version: version}
	for i, name := range names {
		if _, twice := c.at[name]; twice {
			return nil, fmt.Errorf("column %s is duplicate", name)
		}
		c.at[name] = i
	}
	wrong := map[string]Defect{}
	for _, def := range Defects() {
		wrong[def.Rule] = def
	}
	out := &RuleReport{}
	var runs []*run
	for i := range model {
		if model[i].Function == "Composite" {
			continue
		}
		r := &run{rule: &model[i], result: RuleResult{Rule: model[i].ID, Keyword: model[i].Keyword, Outcome: NotRun,
			Text: model[i].Text}}
		if err := r.prepare(c, wrong, supports); err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	if out.Rows, err = readAll(ctx, d, c, runs); err != nil {
		return nil, err
	}
	for _, r := range runs {
		out.Results = append(out.Results, r.end(c))
	}
	return out, nil
}

func readAll(ctx context.Context, d RuleData, c *compiler, runs []*run) (n int64, err error) {
	for {
		row, err := d.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("read row %d: %w", n+1, err)
		}
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return n, ctx.Err()
		}
		for _, r := range runs {
			r.row(c, row, n)
		}
	}
}

// run is the state of one rule while rows are read.
type run struct {
	rule      *ModelRule
	result    RuleResult
	condition test // nil = always
	test      test // nil = the rule is not about rows
	about     []int
	pairs     map[string][]string // of CheckDistinctCount: values of B by A
	a, b      int
}

// prepare decides whether and how a rule is run.
func (r *run) prepare(c *compiler, wrong map[string]Defect, supports []string) error {
	rule, res := r.rule, &r.result
	known, isWrong := wrong[rule.ID]
	later := c.later(rule.Requirement)
	if isWrong {
		res.Reason = "the published rule " + known.Says
		if known.Runs != "" {
			res.Reason += "; run is " + known.Runs
		}
	}
	missing := slices.IndexFunc(rule.Criteria, func(s string) bool { return !slices.Contains(supports, s) })
	switch {
	case isWrong && known.Runs == "":
	case rule.Dynamic:
		res.Reason = "needs a person's judgement"
	case strings.HasPrefix(rule.Keyword, "MAY"):
		res.Reason = "permits, and requires nothing"
	case missing >= 0:
		res.Reason = "not applicable: " + rule.Criteria[missing] + " does not hold"
	case later != "":
		res.Reason = "the column was added in FOCUS " + later
	case rule.Requirement == nil:
		res.Reason = "the model has no check for it"
	default:
		return r.compile(c)
	}
	return nil
}

func (r *run) compile(c *compiler) (err error) {
	defer func() {
		if absent := new(absentError); errors.As(err, &absent) {
			r.test, r.pairs, r.result.Outcome, r.result.Reason, err = nil, nil, NotRun, absent.Error(), nil
		}
	}()
	r.result.Outcome = Untried
	k := r.rule.Requirement
	switch k.Function {
	case "ColumnPresent":
		_, there := c.at[k.Column]
		r.whole(there, "column "+k.Column+" is missing")
		return nil
	case "CustomPrefix", "CustomLast":
		return r.custom(c)
	case "CheckDistinctCount":
		if r.a, err = c.column(k.A); err != nil {
			return err
		}
		if r.b, err = c.column(k.B); err != nil {
			return err
		}
		r.pairs, r.about = map[string][]string{}, []int{r.a, r.b}
	default:
		if r.test, err = c.compile(k); err != nil {
			return fmt.Errorf("rule %s: %w", r.rule.ID, err)
		}
		r.about = c.columnsOf(k, nil)
	}
	if r.rule.Condition != nil {
		if r.condition, err = c.compile(r.rule.Condition); err != nil {
			return fmt.Errorf("rule %s: %w", r.rule.ID, err)
		}
		r.about = c.columnsOf(r.rule.Condition, r.about)
	}
	return nil
}

// whole sets the result of a rule about the complete data set.
func (r *run) whole(ok bool, what string) {
	if r.result.Outcome, r.result.Rows = Passed, 0; !ok {
		r.result.Outcome, r.result.Failures, r.result.Examples = Failed, 1, []FailureExample{{Values: []string{what}}}
	}
}

// custom checks names and places of columns that FOCUS does not define.
func (r *run) custom(c *compiler) error {
	defined, err := RuleColumns()
	if err != nil {
		return err
	}
	last := ""
	if c.version > ModelVersion {
		defined = append(defined, laterColumns()...)
	}
	for _, name := range c.names {
		own := !slices.Contains(defined, name)
		switch {
		case own && r.rule.Requirement.Function == "CustomPrefix" && !strings.HasPrefix(name, "x_"):
			r.whole(false, "column "+name+" is none of FOCUS 1.2")
			return nil
		case !own && r.rule.Requirement.Function == "CustomLast" && last != "":
			r.whole(false, "column "+name+" comes after "+last)
			return nil
		case own:
			last = name
		}
	}
	r.whole(true, "")
	return nil
}

// columnsOf returns the columns that a check uses.
func (c *compiler) columnsOf(k *ModelCheck, to []int) []int {
	for _, name := range []string{k.Column, k.A, k.B, k.Result} {
		if at, ok := c.at[name]; ok && !slices.Contains(to, at) {
			to = append(to, at)
		}
	}
	for _, item := range k.Items {
		to = c.columnsOf(item, to)
	}
	return to
}

// row applies a rule to a row.
func (r *run) row(c *compiler, row []RuleCell, n int64) {
	if r.test == nil && r.pairs == nil {
		return
	}
	if r.condition != nil {
		if ok, _ := r.condition(row); !ok {
			return
		}
	}
	if r.pairs != nil {
		r.pair(row)
		return
	}
	ok, about := r.test(row)
	if !about {
		return
	}
	if r.result.Rows++; ok {
		return
	}
	if r.result.Failures++; len(r.result.Examples) < examples {
		e := FailureExample{Row: n}
		for _, at := range r.about {
			e.Values = append(e.Values, c.names[at]+"="+shown(row[at]))
		}
		r.result.Examples = append(r.result.Examples, e)
	}
}

func shown(cell RuleCell) string {
	if cell.Null {
		return "null"
	}
	return cell.Text
}

// pair records the values of B that occur with a value of A.
func (r *run) pair(row []RuleCell) {
	if row[r.a].Null {
		return
	}
	r.result.Rows++
	a, b := row[r.a].Text, shown(row[r.b])
	if known := r.pairs[a]; !slices.Contains(known, b) && len(known) <= r.rule.Requirement.Count+1 {
		r.pairs[strings.Clone(a)] = append(known, strings.Clone(b))
	}
}

// end returns the rule's result.
func (r *run) end(c *compiler) RuleResult {
	res := &r.result
	keys := make([]string, 0, len(r.pairs))
	for a, values := range r.pairs {
		if len(values) != r.rule.Requirement.Count {
			keys = append(keys, a)
		}
	}
	slices.Sort(keys)
	res.Failures += int64(len(keys))
	for _, a := range keys[:min(len(keys), examples)] {
		e := FailureExample{Values: []string{c.names[r.a] + "=" + a}}
		for _, b := range r.pairs[a] {
			e.Values = append(e.Values, c.names[r.b]+"="+b)
		}
		res.Examples = append(res.Examples, e)
	}
	switch {
	case res.Outcome == NotRun:
	case res.Failures > 0:
		res.Outcome = Failed
	case res.Rows > 0:
		res.Outcome = Passed
	}
	return *res
}
