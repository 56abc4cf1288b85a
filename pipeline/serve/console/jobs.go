package console

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// FailedRuns counts the runs that failed since the last successful one of their kind.
func FailedRuns(v *View) (int64, error) {
	if v.Jobs == nil {
		return 0, nil
	}
	jobs, err := v.Jobs()
	failed := map[string]int64{}
	for i := range jobs {
		if failed[jobs[i].Kind]++; jobs[i].Good {
			failed[jobs[i].Kind] = 0
		}
	}
	var n int64
	for _, one := range failed {
		n += one
	}
	return n, err
}

// jobBlock lists the runs of jobs, the newest first.
func jobBlock(v *View, jobs []Job) Block {
	t := &Table{Name: "jobs", Order: "-started", Empty: v.T("没有运行记录", "No run is recorded"),
		Columns: []Column{
			{Name: "started", Title: v.T("开始", "Started"), Kind: Time},
			{Name: "kind", Title: v.T("任务", "Job")},
			{Name: "outcome", Title: v.T("结果", "Outcome")},
			{Name: "seconds", Title: v.T("秒", "Seconds"), Kind: Quantity, Some: true},
			{Name: "peak_bytes", Title: v.T("最大内存", "Most memory"), Kind: Whole, Some: true},
			{Name: "rows", Title: v.T("读取行数", "Rows read"), Kind: Whole},
			{Name: "rejected", Title: v.T("拒收", "Rejected"), Kind: Whole},
			{Name: "lines", Title: v.T("写入明细", "Lines written"), Kind: Whole},
			{Name: "state", Title: v.T("状态", "State"), Kind: Whole, Some: true}}}
	for i := range jobs {
		j := &jobs[i]
		outcome, state := v.Word(j.Outcome), ""
		if !j.Good {
			outcome.Tone = Bad
		}
		if j.Manifest > 0 {
			state = strconv.FormatInt(j.Manifest, 10)
		}
		started := v.Time(period.Instant(j.Started.UnixMicro()))
		started.Href = v.To("runs", "id", j.ID)
		t.Rows = append(t.Rows, []Cell{started, {Text: j.Kind}, outcome, secondsCell(j.Started, j.Ended),
			memoryCell(mostOf(j.Stages)), wholeCell(j.Rows), wholeCell(j.Rejected), wholeCell(j.Lines), {Text: state}})
	}
	return Block{ID: "jobs-block", Title: v.T("任务的运行", "Runs of jobs"), Table: t}
}

// mostOf returns the most memory that a stage used.
func mostOf(stages []Stage) (most int64) {
	for i := range stages {
		most = max(most, stages[i].Peak)
	}
	return most
}

func wholeCell(n int64) Cell {
	text := strconv.FormatInt(n, 10)
	return Cell{Text: text, Shown: document.GroupedDigits(text)}
}

// secondsCell shows a duration; empty if it has not ended.
func secondsCell(from, to time.Time) Cell {
	if to.IsZero() {
		return Cell{}
	}
	return Cell{Text: fmt.Sprintf("%.1f", to.Sub(from).Seconds())}
}

// memoryCell shows a number of bytes; empty if unknown.
func memoryCell(n int64) Cell {
	if n == 0 {
		return Cell{}
	}
	return Cell{Text: strconv.FormatInt(n, 10), Shown: strconv.FormatInt(n>>20, 10) + " MiB"}
}

// jobPage shows one run of a job: what it did, and its stages.
func jobPage(v *View, jobs []Job, id string) (*Page, error) {
	for i := range jobs {
		j := &jobs[i]
		if j.ID != id {
			continue
		}
		p := &Page{Title: v.F("%s的运行", "Run of %s", j.Kind), Lead: id, Crumbs: []Link{Home(v),
			{Text: v.T("运行", "Runs"), Href: v.To("runs")}}}
		if j.Error != "" {
			p.Notes = append(p.Notes, Note{Tone: Bad, Text: j.Error})
		}
		if j.Hint != "" {
			p.Notes = append(p.Notes, Note{Text: j.Hint})
		}
		t := &Table{Name: "stages", Empty: v.T("没有阶段", "No stages"), Columns: []Column{
			{Name: "stage", Title: v.T("阶段", "Stage"), Kind: Code},
			{Name: "seconds", Title: v.T("秒", "Seconds"), Kind: Quantity, Some: true},
			{Name: "cpu_seconds", Title: v.T("处理器秒", "CPU seconds"), Kind: Quantity, Some: true},
			{Name: "peak_bytes", Title: v.T("最大内存", "Most memory"), Kind: Whole, Some: true},
			{Name: "rows", Title: v.T("行数", "Rows"), Kind: Whole}}}
		for _, s := range j.Stages {
			t.Rows = append(t.Rows, []Cell{{Text: s.Name}, {Text: fmt.Sprintf("%.2f", s.Seconds)},
				{Text: fmt.Sprintf("%.2f", s.CPU)}, memoryCell(s.Peak), wholeCell(s.Rows)})
		}
		p.Blocks = append(p.Blocks, jobBlock(v, jobs[i:i+1]),
			Block{ID: "stages-block", Title: v.T("阶段", "Stages"), Table: t})
		return p, nil
	}
	return nil, operation.NotFound(operation.Textf("没有运行%q", "there is no run %q", id))
}
