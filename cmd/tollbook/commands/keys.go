package commands

import (
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// NewKeys is the command keys.
func NewKeys(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Manage the keys of the query API",
		Long: `keys creates, lists and revokes the keys of the query API. They are stored in the file that api.keys
names, which only its owner may read. A running server applies changes at the next request.`,
		Example: "  tollbook keys add --role partner --partner north\n  tollbook keys list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &cli.UsageError{What: "keys: name a subcommand",
				Hint: "tollbook keys add, tollbook keys list or tollbook keys revoke ID"}
		},
	}
	cmd.AddCommand(addCommand(a), listCommand(a), revokeCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// addOptions are those of keys add.
type addOptions struct {
	keys.Caller
	role  string
	token bool
}

func addCommand(a *cli.App) *cobra.Command {
	var o addOptions
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Create a key and show its secret once",
		Long: `add creates a key: an access key and a secret to sign requests with, as the vendor's SDK does, or
with --token a token for the header X-Auth-Token. The secret is shown now and never again.

Roles: vendor sees everything; partner sees its own customers, and those of its resellers by
indirect_partner_id, with --manager only those of one account manager; customer sees itself; finance
sees the statements, incentives, cycles and runs.`,
		Example: "  tollbook keys add --role partner --partner north\n" +
			"  tollbook keys add --role partner --partner north --manager m-7\n" +
			"  tollbook keys add --role customer --customer aurora --token\n" +
			"  tollbook keys add --role finance --token --json",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runAdd(a, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.role, "role", "", "vendor, partner, customer or finance")
	f.StringVar(&o.Partner, "partner", "", "the partner, by partner_id")
	f.StringVar(&o.Customer, "customer", "", "the customer, by customer_id")
	f.StringVar(&o.Manager, "manager", "", "bind a partner's key to an account_manager_id")
	f.BoolVar(&o.token, "token", false, "a token instead of an access key")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runAdd(a *cli.App, o *addOptions) error {
	o.Role = keys.Role(o.role)
	if err := o.Check(); err != nil {
		return &cli.UsageError{What: err.Error(),
			Hint: "--role vendor|partner|customer|finance, with --partner ID or --customer ID if the role " +
				"is one's"}
	}
	w, err := a.Open()
	if err != nil {
		return err
	}
	switch {
	case o.Partner != "" && w.Books.Partner(o.Partner) < 0:
		return &cli.UsageError{What: fmt.Sprintf("--partner %q: not in books/partners.csv", o.Partner),
			Hint: "add the partner to the book, or name one of it by partner_id"}
	case o.Customer != "" && w.Books.Customer(o.Customer) < 0:
		return &cli.UsageError{What: fmt.Sprintf("--customer %q: not in books/customers.csv", o.Customer),
			Hint: "add the customer to the book, or name one of it by customer_id"}
	}
	// A closed pipe must not end the process before the new file is removed.
	signal.Ignore(syscall.SIGPIPE)
	shown := false
	err = serve.KeysFile(w).AddShown(o.Caller, o.token, now(a), func(made keys.Issued) error {
		err := showKey(a, &made)
		shown = err == nil
		return err
	})
	if err != nil {
		if shown {
			err = fmt.Errorf("the key that was shown is not valid: %w", err)
		}
		return err
	}
	if !a.Flags.JSON {
		fmt.Fprintln(a.Err, "this is shown once: store it now")
	}
	return nil
}

// showKey prints a new key with its secret.
func showKey(a *cli.App, made *keys.Issued) error {
	if a.Flags.JSON {
		return a.PrintJSON(made)
	}
	name, secret := "access key", "secret"
	if made.Token {
		name, secret = "key", "token"
	}
	_, err := fmt.Fprintf(a.Out, "%-11s %s\n%-11s %s\n%-11s %s\n", name, made.ID, secret, made.Secret, "role",
		roleText(&made.Key))
	return err
}

// now returns the current time in the format of the keys file.
func now(a *cli.App) string { return a.Clock().UTC().Format(time.RFC3339) }

// roleText returns the role of a key with its partner or customer.
func roleText(k *keys.Key) string {
	text := string(k.Role)
	if id := k.Partner + k.Customer; id != "" {
		text += " " + id
	}
	if k.Manager != "" {
		text += ", account manager " + k.Manager
	}
	return text
}

func listCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the keys, without their secrets",
		Long: `list shows every key that was created: its id, its role, and whether it was revoked. Secrets are not
shown.`,
		Example: "  tollbook keys list\n  tollbook keys list --json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runList(a) },
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runList(a *cli.App) error {
	w, err := a.Open()
	if err != nil {
		return err
	}
	list, err := serve.KeysFile(w).List()
	if err != nil {
		return err
	}
	if a.Flags.JSON {
		return a.PrintJSON(struct {
			Keys []keys.Key `json:"keys"`
		}{list})
	}
	if len(list) == 0 {
		fmt.Fprintln(a.Out, "no keys: no caller has access")
		return nil
	}
	g := cli.NewGrid("key", "kind", "role", "made", "revoked")
	for i := range list {
		k := &list[i]
		kind := "signs"
		if k.Token {
			kind = "token"
		}
		g.Add(k.ID, kind, roleText(k), k.Created, k.Revoked)
	}
	g.Print(a.Out, "")
	return nil
}

func revokeCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke KEY",
		Short: "Revoke a key",
		Long: `revoke invalidates a key: a running server refuses it from the next request on. The key stays in the
list, without its secret, and cannot be made valid again: on a terminal revoke asks, unless --yes is
given. Revoking a key twice has no further effect.`,
		Example: "  tollbook keys revoke 7QK2M9XWPL4VHB3TRN6C",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runRevoke(a, args[0]) },
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// revokeResult is the JSON report of revoking a key.
type revokeResult struct {
	ID      string `json:"id"`
	Changed bool   `json:"changed"` // false: it was revoked before
}

func runRevoke(a *cli.App, id string) error {
	w, err := a.Open()
	if err != nil {
		return err
	}
	if !a.Flags.Yes && cli.Asks(a) {
		agreed, err := cli.Agrees(a, fmt.Sprintf("Revoke key %s? It cannot be made valid again.", cli.Printable(id)))
		if err != nil {
			return err
		}
		if !agreed {
			return &cli.UsageError{What: fmt.Sprintf("key %s was not revoked", cli.Printable(id)),
				Hint: "answer y, or give --yes"}
		}
	}
	changed, err := serve.KeysFile(w).Revoke(id, now(a))
	if err != nil {
		return err
	}
	if a.Flags.JSON {
		return a.PrintJSON(revokeResult{id, changed})
	}
	if changed {
		fmt.Fprintf(a.Out, "key %s is revoked\n", id)
	} else {
		fmt.Fprintf(a.Out, "key %s was revoked before\n", id)
	}
	return nil
}
