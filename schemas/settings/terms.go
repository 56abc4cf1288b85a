package settings

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
)

// termsHash is the hash of a file's keys, except those that say where files are or who does the tasks of a run: no
// result depends on these.
func termsHash(root *YAMLNode) [sha256.Size]byte {
	h := sha256.New()
	for _, group := range inOrder(root.Pairs) {
		if group.Key == "engine" {
			continue
		}
		for _, p := range inOrder(group.Value.Pairs) {
			if !placed(group.Key, p.Key) {
				fmt.Fprintf(h, "%q.%q ", group.Key, p.Key)
				writeNode(h, &p.Value)
			}
		}
		if group.Value.Kind != Mapping {
			fmt.Fprintf(h, "%q ", group.Key)
			writeNode(h, &group.Value)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// placed reports whether a key says where lake, feed files or books are, or how the place is reserved for a run.
func placed(group, key string) bool {
	return slices.Contains([]string{"lake", "inbox", "books"}, group) &&
		slices.Contains([]string{"path", "endpoint", "region", "lease"}, key)
}

// inOrder returns the pairs of a mapping, sorted by key.
func inOrder(pairs []YAMLPair) []YAMLPair {
	return slices.SortedFunc(slices.Values(pairs), func(a, b YAMLPair) int { return cmp.Compare(a.Key, b.Key) })
}

// writeNode writes a value without its position in the file.
func writeNode(w io.Writer, n *YAMLNode) {
	fmt.Fprintf(w, "%d %q %d %d\n", n.Kind, n.Text, len(n.Pairs), len(n.Items))
	for _, p := range inOrder(n.Pairs) {
		fmt.Fprintf(w, "%q ", p.Key)
		writeNode(w, &p.Value)
	}
	for i := range n.Items {
		writeNode(w, &n.Items[i])
	}
}
