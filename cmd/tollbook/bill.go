package main

import (
	"github.com/spf13/cobra"
)

func (a *app) billCommand() *cobra.Command    { return exits(&cobra.Command{Use: "bill"}, exitDone) }
func (a *app) explainCommand() *cobra.Command { return exits(&cobra.Command{Use: "explain"}, exitDone) }
func (a *app) verifyCommand() *cobra.Command  { return exits(&cobra.Command{Use: "verify"}, exitDone) }
