// Package keycmd holds the commands of the query API's keys: keys add, keys list and keys revoke.
//
//  1. A secret is shown once, when the key is created. If it cannot be shown, the key is not stored.
package keycmd
