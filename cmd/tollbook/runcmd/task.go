package runcmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/plan"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// taskDone is the result of task do.
type taskDone struct {
	Run   manifest.Hash `json:"run"`
	Stage string        `json:"stage"`
	Tasks []int         `json:"tasks"` // the tasks that were done, in this order
}

// NewTask is the command task.
func NewTask(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "task",
		Short: "Do a run in several processes, one task at a time",
		Long: `task divides a run into tasks for an array scheduler such as Slurm, or for Kubernetes jobs:

  task plan    plans the run and prints how many tasks its first stage has
  task do      does a task of the stage, in any process that sees the workspace and the lake
  task next    continues when all tasks of the stage are done, and prints the next stage
  task commit  commits the run

A task can be done again, also by two processes at the same time: its files are the same. The lake
after the commit is that of run nightly or run monthly. Processes of another build, or with other
settings or books than those of the plan, are refused. A run in one process needs none of this.

Any other run on the lake ends a planned one: its tasks are deleted, and it has to be planned again.`,
		Example: "  tollbook task plan --as-of 2026-09-03T01:30:00+08:00\n  tollbook task do scan 0\n" +
			"  tollbook task next\n  tollbook task do bucket 7\n  tollbook task commit",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &cli.UsageError{What: "task: which part?",
				Hint: "`tollbook task plan`, `do`, `next` or `commit`"}
		},
	}
	cmd.AddCommand(planCommand(a), doCommand(a), nextCommand(a), commitCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func planCommand(a *cli.App) *cobra.Command {
	var text string
	var t jobs.Task
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Plan a run and print how many tasks its first stage has",
		Long: `plan begins a night, or with --cycle the night with the month-end lines of a month: it finds the new
feed files, and writes the plan and the tasks of the first stage to runs/ in the lake. Nothing is
committed. Feed files that arrive later are left for the next run. A run that was planned before and
not committed is deleted.`,
		Example: "  tollbook task plan\n  tollbook task plan --cycle 2026-09 --as-of 2026-10-05T04:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(a.CheckAsOf(false), cli.CheckAccept(cmd, &t)); err != nil {
				return err
			}
			cycle := place.NoCycle
			if cmd.Flags().Changed("cycle") {
				var err error
				if cycle, err = cli.CycleFlag(text); err != nil {
					return err
				}
			}
			w, o, err := cli.SharedRun(a)
			if err != nil {
				return err
			}
			o.AcceptRejects, o.Started = t.AcceptRejects, period.Instant(a.Clock().UnixMicro())
			waits, err := run.PlanTasks(cmd.Context(), w, cycle, o)
			a.Bar.End()
			if err != nil {
				return err
			}
			return printPending(a, waits)
		},
	}
	cli.AcceptFlag(cmd, &t)
	cmd.Flags().StringVar(&text, "cycle", "", "the month whose month-end lines are added, as 2026-09")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runFlag adds the flag that selects the planned run.
func runFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "run", "", "the run, as task plan prints it (default: the only one that is planned)")
}

// planned opens the workspace for the run that --run names; without --run, for the only planned run.
func planned(a *cli.App, name string) (*workspace.Workspace, workspace.Options, manifest.Hash, error) {
	w, o, err := cli.SharedRun(a)
	if err != nil {
		return nil, o, "", err
	}
	id, err := cli.TheRun(w, o, name)
	return w, o, id, err
}

func nextCommand(a *cli.App) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "next",
		Short: "Continue a planned run and print the tasks that it waits for",
		Long: `next takes the results of the tasks that are done, decides events, and writes the tasks of the next
stage. It prints what the run waits for: tasks that are not done, or its commit. It can be repeated
at any time.`,
		Example: "  tollbook task next\n  tollbook task next --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, o, id, err := planned(a, name)
			if err != nil {
				return err
			}
			waits, err := run.NextTasks(cmd.Context(), w, id, o)
			a.Bar.End()
			if err != nil {
				return err
			}
			return printPending(a, waits)
		},
	}
	runFlag(cmd, &name)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// printPending prints the pending tasks of a run.
func printPending(a *cli.App, p *run.Pending) error {
	if a.Flags.JSON {
		return a.PrintJSON(p)
	}
	fmt.Fprintf(a.Out, "run    %s\n", p.Run)
	if p.Stage == "" {
		fmt.Fprintln(a.Out, "next   `tollbook task commit`")
		return nil
	}
	fmt.Fprintf(a.Out, "stage  %s: %s, %d not done\n", p.Stage,
		cli.Counted(int64(p.Tasks), "task", "tasks"), len(p.Missing))
	number, of := "I", " for each I "+ranges(p.Missing)
	if len(p.Missing) == 1 {
		number, of = fmt.Sprint(p.Missing[0]), ""
	}
	fmt.Fprintf(a.Out, "next   `tollbook task do %s %s`%s, then `tollbook task next`\n", p.Stage, number, of)
	return nil
}

// ranges lists ascending numbers, several of them, as ranges: "from 0 to 15", "of 3, 7 to 9".
func ranges(numbers []int) string {
	const most = 20
	var list []string
	for i := 0; i < len(numbers); i++ {
		first := i
		for i+1 < len(numbers) && numbers[i+1] == numbers[i]+1 {
			i++
		}
		switch {
		case first == i:
			list = append(list, fmt.Sprint(numbers[i]))
		case len(list) == 0 && i == len(numbers)-1:
			return fmt.Sprintf("from %d to %d", numbers[first], numbers[i])
		default:
			list = append(list, fmt.Sprintf("%d to %d", numbers[first], numbers[i]))
		}
	}
	if len(list) > most {
		return fmt.Sprintf("of %s, … (%d in all, `--json` lists them)", strings.Join(list[:most], ", "), len(numbers))
	}
	return "of " + strings.Join(list, ", ")
}

func doCommand(a *cli.App) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "do STAGE I...",
		Short: "Do tasks of a planned run",
		Long: `do does tasks of a stage, such as scan or bucket, by their numbers, and stores their results. It
takes no lock and changes no state of the lake. If it is killed, do the task again.`,
		Example: "  tollbook task do scan 0\n  tollbook task do bucket 3 4 5\n" +
			"  tollbook task do bucket $SLURM_ARRAY_TASK_ID --run 1f0c7f2085418437f5e5bedab69bd60a",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			stage, list, err := tasksOf(args)
			if err != nil {
				return err
			}
			w, o, id, err := planned(a, name)
			if err != nil {
				return err
			}
			done := taskDone{Run: id, Stage: stage, Tasks: list}
			for _, i := range list {
				if err := run.DoTask(cmd.Context(), w, id, stage, i, o); err != nil {
					return err
				}
			}
			a.Bar.End()
			if a.Flags.JSON {
				return a.PrintJSON(&done)
			}
			fmt.Fprintf(a.Out, "%s of stage %s done\n", cli.Counted(int64(len(list)), "task", "tasks"), stage)
			return nil
		},
	}
	runFlag(cmd, &name)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// tasksOf parses the arguments of task do.
func tasksOf(args []string) (stage string, list []int, err error) {
	const hint = "`tollbook task do scan 0`, or `tollbook task do bucket 3 4 5`"
	if len(args) < 2 || !slices.Contains(run.Stages(), args[0]) {
		return "", nil, &cli.UsageError{What: "task do: want a stage, such as scan or bucket, and numbers of tasks",
			Hint: hint}
	}
	for _, text := range args[1:] {
		const most = 999_999
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 || i > most || strconv.Itoa(i) != text {
			return "", nil, &cli.UsageError{What: fmt.Sprintf("task do: %q is no number of a task", text), Hint: hint}
		}
		list = append(list, i)
	}
	return args[0], list, nil
}

func commitCommand(a *cli.App) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "commit",
		Short: "Commit a planned run whose tasks are all done",
		Long: `commit takes the results of all tasks, checks that the files that they made are there, and commits the
run: it prints what run nightly or run monthly prints, and publishes as they do. If a task is not
done, nothing is committed: exit code 2. If it fails or is killed, it can be repeated.`,
		Example: "  tollbook task commit\n  tollbook task commit --run 1f0c7f2085418437f5e5bedab69bd60a",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, o, id, err := planned(a, name)
			if err != nil {
				return err
			}
			p, err := plan.Load(w, id, o)
			if err == nil {
				err = p.Run(id)
			}
			if err != nil {
				return err
			}
			t := jobs.Task{Kind: jobs.Nightly, AcceptRejects: p.Accept, SharedRun: string(id)}
			switch p.Kind {
			case plan.Close:
				return onEngine(id, fmt.Sprintf("closes cycle %s", p.Cycle), fmt.Sprintf("tollbook close --cycle %s",
					p.Cycle))
			case plan.Rerate:
				command := fmt.Sprintf("tollbook rerate --cycle %s", p.Cycle)
				if p.Draft != nil {
					command += fmt.Sprintf(" --books %s", p.Draft.Dir)
				}
				return onEngine(id, fmt.Sprintf("rates cycle %s again", p.Cycle), command)
			case plan.Ingest:
				return onEngine(id, "ingests", "tollbook ingest")
			case plan.Retry:
				return onEngine(id, "retries rejects", "tollbook ingest --retry-rejects")
			case plan.Monthly:
				t.Kind, t.Cycle = jobs.Monthly, p.Cycle
			}
			a.Flags.AsOf = p.AsOf.String()
			return runJob(a, cmd, t)
		},
	}
	runFlag(cmd, &name)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// onEngine returns the error for a run that uses an engine: only the command that started it can continue it.
func onEngine(id manifest.Hash, does, command string) error {
	return &workspace.RefusedError{What: fmt.Sprintf("run %s %s on an engine", id, does),
		Hint: fmt.Sprintf("`%s` continues it", command)}
}
