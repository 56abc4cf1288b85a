// Package keycmd holds the commands of the query API's keys: keys add, keys list and keys revoke.
//
//  1. A secret is shown once, when the key is made. A key whose secret could not be shown does not exist.
package keycmd
