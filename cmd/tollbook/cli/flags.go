package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tollbook/tollbook/schemas/visible"
)

// checkValues checks --as-of and refuses arguments and text flags with an empty value (CLI-11), and ids with a flaw
// (TEXT-1).
func checkValues(a *App, cmd *cobra.Command) error {
	var err error
	if a.Flags.AsOf != "" {
		if _, err = a.asOf(); err == nil && slices.Contains(withoutClock(), commandName(cmd)) {
			fmt.Fprintf(a.Err, "note: --as-of has no effect on %s\n", commandName(cmd))
		}
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && !f.Hidden && emptyValue(f.Value) {
			err = &UsageError{What: fmt.Sprintf("--%s: the value is empty", f.Name),
				Hint: "give it a value or leave the flag out; a script may use a variable that is not set"}
		}
		if err == nil && slices.Contains(idFlags(), f.Name) {
			err = checkIDs("--"+f.Name, texts(f.Value))
		}
	})
	if at := slices.Index(cmd.Flags().Args(), ""); err == nil && at >= 0 {
		err = &UsageError{What: fmt.Sprintf("argument %d: the value is empty", at+1),
			Hint: "give it a value; a script may use a variable that is not set"}
	}
	if err == nil && !strings.Contains(cmd.Use, "DIR") && !strings.Contains(cmd.Use, "FILE") {
		err = checkIDs("argument", cmd.Flags().Args())
	}
	return err
}

// idFlags are the flags whose values are ids, codes and months.
func idFlags() []string {
	return []string{"customer", "partner", "indirect-partner", "manager", "service", "sku", "programme", "period",
		"order", "to", "issuer", "number", "cycle", "origin", "run"}
}

// checkIDs refuses ids with a flaw.
func checkIDs(what string, ids []string) error {
	for _, id := range ids {
		if flaw := visible.Flaw(id); flaw != "" {
			return &UsageError{What: fmt.Sprintf("%s %q: %s", what, id, flaw), Hint: "remove it"}
		}
	}
	return nil
}

// emptyValue reports whether a flag's value is an empty text, an empty list, or a list with an empty text.
func emptyValue(v pflag.Value) bool {
	list := texts(v)
	return list != nil && (len(list) == 0 || slices.Contains(list, ""))
}

// texts returns the texts of a flag's value; nil if it is none and no list of them.
func texts(v pflag.Value) []string {
	if list, ok := v.(pflag.SliceValue); ok {
		return append([]string{}, list.GetSlice()...)
	}
	if v.Type() == "string" {
		return []string{v.String()}
	}
	return nil
}

// withoutClock returns the commands on which --as-of has no effect: they neither run nor show a state of the lake.
func withoutClock() []string {
	return []string{"init", "check", "generate", "keys", "keys add", "keys list", "keys revoke", "runs", "runs show",
		"doctor", "restore", "restore-head", "reset", "focus check", "version",
		"completion", "man"}
}

// commandName returns the path of a command without the program's name, such as "keys add".
func commandName(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// Only refuses flags that have no effect on a form of the command (CLI-12): all its own flags except names. Global
// flags are allowed.
func Only(cmd *cobra.Command, form, hint string, names ...string) error {
	var without []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if cmd.InheritedFlags().Lookup(f.Name) == nil && !slices.Contains(names, f.Name) {
			without = append(without, "--"+f.Name)
		}
	})
	if len(without) == 0 {
		return nil
	}
	verb := []string{"has", "have"}[min(1, len(without)-1)]
	return &UsageError{What: fmt.Sprintf("%s: %s %s no effect", form, strings.Join(without, ", "), verb), Hint: hint}
}
