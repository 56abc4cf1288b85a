package books

import "testing"

// TestOwnColumnInTag checks that a record's tag can carry the value of an x_ column, for any values of the two, and
// that other tags are unchanged.
func TestOwnColumnInTag(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", "u"}, {"env=prod", "3:7"}, {"12:", "\x00x_b\x001:"}, {"tag", ""}} {
		text := AppendOwn(nil, []byte(c[0]), "x_user", []byte(c[1]))
		tag, column, value := SplitOwn(text)
		if string(tag) != c[0] || column != "x_user" || string(value) != c[1] {
			t.Errorf("tag %q, value %q: got tag %q, column %q, value %q", c[0], c[1], tag, column, value)
		}
	}
	for _, text := range []string{"", "env=prod", "\x00", "\x00x_user", "\x00x_user\x009:short", "\x00x_user\x00-1:"} {
		if tag, column, _ := SplitOwn([]byte(text)); string(tag) != text || column != "" {
			t.Errorf("tag %q: got %q and column %q", text, tag, column)
		}
	}
}
