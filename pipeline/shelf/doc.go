// Package shelf keeps files of a server for those who ask again: exports that are resumed, partner statements of open cycles.
package shelf
