package settings

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/problem"
)

func TestParsePlaces(t *testing.T) {
	t.Parallel()
	var c problem.Collector
	root, ok := ParseYAML("f.yaml",
		[]byte("\ufeff# comment\na: 1\nnäme: {ä: \"x\", b: [y, 'z']}\nfooter:\n  - d: 0.10\n"+
			"    e: true\n  - |\n    text\nf:\n"), &c)
	if !ok || c.Err() != nil {
		t.Fatal(c.Err())
	}
	var lines []string
	dump(&lines, "", &root)
	want := `2:1 a mapping
a 2:1: 2:4 1
näme 3:1: 3:8 a mapping
näme.ä 3:9: 3:13 x quoted
näme.b 3:18: 3:21 a list
näme.b[]: 3:22 y
näme.b[]: 3:25 z quoted
footer 4:1: 5:3 a list
footer[]: 5:5 a mapping
footer[].d 5:5: 5:8 0.10
footer[].e 6:5: 6:8 true
footer[]: 7:5 text
 quoted
f 9:1: 9:1 nothing`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func dump(lines *[]string, path string, n *YAMLNode) {
	line := strings.TrimPrefix(n.Pos.String(), "f.yaml:")
	if n.Kind == YAMLScalar {
		line += " " + n.Text
		if n.Quoted {
			line += " quoted"
		}
	} else {
		line += " " + n.Kind.String()
	}
	if strings.HasSuffix(path, "]") {
		line = path + ": " + line
	}
	if i := len(*lines) - 1; i >= 0 && strings.HasSuffix((*lines)[i], ": ") {
		(*lines)[i] += line
	} else {
		*lines = append(*lines, line)
	}
	for i := range n.Pairs {
		p := &n.Pairs[i]
		name := strings.TrimPrefix(path+"."+p.Key, ".")
		*lines = append(*lines, name+" "+strings.TrimPrefix(p.At.String(), "f.yaml:")+": ")
		dump(lines, name, &p.Value)
	}
	for i := range n.Items {
		dump(lines, path+"[]", &n.Items[i])
	}
}

func TestParseProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: 2\na: 3\n": `f.yaml:3:1: key "a" is duplicate: first on line 1`,
		"a: {b: 1, b: 2}\n":  `f.yaml:1:11: key "b" is duplicate: first on line 1`,
		"a: &x 1\nb: *x\n": "f.yaml:1:4: anchors and aliases are not read\n" +
			"f.yaml:2:4: anchors and aliases are not read",
		"a: !!str 1\n":            "f.yaml:1:4: tags are not read",
		"<<: {a: 1}\n":            "f.yaml:1:1: merge keys are not read",
		"? a\n: b\n":              "f.yaml:1:1: a key must be a plain word",
		"%YAML 1.2\n---\na: 1\n":  "f.yaml:1:1: directives are not read\nf.yaml:3:1: a second document: one is read",
		"a: 1\n---\nb: 2\n":       "f.yaml:3:1: a second document: one is read",
		"a: b: c\n":               "f.yaml:1:4: not YAML: mapping value is not allowed in this context",
		"a: [1,\n":                "f.yaml:1:4: not YAML: sequence end token ']' not found",
		"a: \"x\n":                "f.yaml:1:4: not YAML: could not find end character of double-quoted text",
		"a: 1\nbc: \r2\n":         "f.yaml:2:5: a single carriage return",
		"a: 1\nb: \xff\n":         "f.yaml:2:4: not UTF-8",
		strings.Repeat("[", 200):  "f.yaml:1:1: nested deeper than 100 levels",
		strings.Repeat("- ", 200): "f.yaml:1:1: nested deeper than 100 levels",
	} {
		var c problem.Collector
		_, ok := ParseYAML("f.yaml", []byte(text), &c)
		if got := c.Problems().Error(); ok || got != want {
			t.Errorf("%.40q: %v\n%s\nwant\n%s", text, ok, got, want)
		}
	}
}

// TestUnseen checks identities and free texts of a document.
func TestUnseen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\ufeff\ufeffa: b\n":                     "",
		"\xff\xfea\x00":                          "f.yaml:1:1: UTF-16, not UTF-8",
		"a: \"b\\u200b\"\n":                      "f.yaml:1:4: U+200B, which nobody sees",
		"a: ' b'\n":                              "f.yaml:1:4: U+0020, white space at an end",
		"a: [c, 'b\u00a0']\n":                    "f.yaml:1:8: U+00A0, white space at an end",
		"a\u200b: b\n":                           "f.yaml:1:1: U+200B, which nobody sees",
		"x: {name: 'b ', customer: 'tag: t '}\n": "",
		"- match: {Tags.a: 'b ', x: ['c ']}\n":   "",
		"footer: |\n  a\n  b\n":                  "",
	} {
		var c problem.Collector
		_, ok := ParseYAML("f.yaml", []byte(text), &c)
		if got := c.Problems().Error(); got != want || ok != (want == "") {
			t.Errorf("%q: %v %q, want %q", text, ok, got, want)
		}
	}
}

func TestEmptyDocument(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "\ufeff"} {
		var c problem.Collector
		if root, ok := ParseYAML("f.yaml", []byte(text), &c); !ok || root.Kind != Null ||
			root.Pos.String() != "f.yaml:1:1" {
			t.Errorf("%q: %v %v %v", text, ok, root, c.Err())
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		"a: 1\nb: {c: [x, 'y', \"z\"]}\n", "- a\n- b: c\n", "a: |\n  x\n", "? a\n: b", "&a *a", "<<: *x",
		"\xef\xbb\xbfa: ä\r\n", "{", "a:\n- - - b\n", "!!x y", "%Y\n---\n",
		"P\x014\r\n\n#\n\x10\n\n#\r\nP\x014\r\n\n#\n\x10\n\n#\r\n@\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c problem.Collector
		_, ok := ParseYAML("f.yaml", data, &c)
		if ok != (c.Count() == 0) {
			t.Fatalf("ok %v with %d problems", ok, c.Count())
		}
		for _, p := range c.Problems() {
			if p.Line < 1 || p.Column < 1 || p.Line > strings.Count(string(data), "\n")+1 {
				t.Fatalf("a problem without a place: %v", p)
			}
		}
	})
}
