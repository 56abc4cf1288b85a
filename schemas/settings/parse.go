package settings

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/visible"
)

// YAMLKind is the kind of a node.
type YAMLKind uint8

// The kinds of nodes.
const (
	YAMLScalar YAMLKind = iota
	Null
	Mapping
	Sequence
)

var kindNames = [...]string{"a single value", "nothing", "a mapping", "a list"}

// String is the kind as error messages name it.
func (k YAMLKind) String() string { return kindNames[k] }

// YAMLNode is one value of the document.
type YAMLNode struct {
	Pos    problem.Pos
	Kind   YAMLKind
	Text   string     // YAMLScalar: the literal text, unquoted
	Quoted bool       // YAMLScalar: written in quotes or as a block
	Pairs  []YAMLPair // Mapping
	Items  []YAMLNode // Sequence
}

// YAMLPair is one key of a mapping with its value.
type YAMLPair struct {
	Key   string
	At    problem.Pos // of the key
	Value YAMLNode
}

// Limits of a document: far more than any settings or book needs, and little enough for the stack and for the library,
// whose time grows with the square of the number of keys.
const (
	maxBytes = 256 << 10
	maxDepth = 100
)

// ParseYAML reads the single document of a file. An empty file gives a Null node at line 1. ok is false if the text is
// not YAML or uses an unsupported feature; c then has the place.
func ParseYAML(name string, data []byte, c *problem.Collector) (root YAMLNode, ok bool) {
	start := problem.Pos{File: name, Line: 1, Column: 1}
	data = bytes.TrimLeft(data, visible.Mark)
	wrong := visible.NotUTF8(string(data))
	switch {
	case len(data) > maxBytes:
		c.Add(start, "", "%d bytes: more than the %d a YAML file may have", len(data), maxBytes)
		return YAMLNode{}, false
	case wrong != "":
		c.Add(invalidUTF8(name, data), "save the file as UTF-8", "%s", wrong)
		return YAMLNode{}, false
	case loneCR(data) >= 0:
		before := data[:loneCR(data)]
		start.Line += bytes.Count(before, []byte("\n"))
		start.Column = len(before) - bytes.LastIndexByte(before, '\n')
		c.Add(start, "end lines in LF or CRLF", "a single carriage return")
		return YAMLNode{}, false
	case tooDeep(data):
		c.Add(start, "", "nested deeper than %d levels", maxDepth)
		return YAMLNode{}, false
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	file, err := parseBytes(data)
	if err != nil {
		c.Add(errorPos(name, data, err), "", "not YAML: %s", errorText(err))
		return YAMLNode{}, false
	}
	r := builder{name: name, lines: bytes.Split(data, []byte("\n")), c: c}
	before := c.Count()
	root = YAMLNode{Pos: start, Kind: Null}
	bodies := 0
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		node := r.node(doc.Body)
		if bodies++; bodies == 1 {
			root = node
		} else {
			c.Add(node.Pos, "", "a second document: one is read")
		}
	}
	r.checkTexts(&root, false)
	return root, c.Count() == before
}

// checkTexts reports keys and values that are identities with a flaw (TEXT-1), and texts that escapes make invalid. It
// quotes none, because values can be secrets.
func (r *builder) checkTexts(n *YAMLNode, free bool) {
	free = free || strings.HasPrefix(n.Text, "tag:")
	if flaw := visible.Flaw(n.Text); flaw != "" && !(free && utf8.ValidString(n.Text)) {
		r.c.Add(n.Pos, "remove it", "%s", flaw)
	}
	for i := range n.Items {
		r.checkTexts(&n.Items[i], free)
	}
	for i := range n.Pairs {
		pair := &n.Pairs[i]
		r.checkTexts(&YAMLNode{Pos: pair.At, Text: pair.Key}, free)
		r.checkTexts(&pair.Value, free || freeText(pair.Key))
	}
}

// freeText reports whether the value of a key is a name or a note, or is compared with texts of cost files.
func freeText(key string) bool {
	switch key {
	case "name", "provider", "content", "instructions", "footer", "match":
		return true
	}
	return false
}

// parseBytes calls the library's parser and reports a panic in it as an error of the text.
func parseBytes(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read (%v)", p)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// loneCR is the place of a carriage return that editors do not treat as the end of a line; -1 = none.
func loneCR(data []byte) int {
	for i, b := range data {
		if b == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			return i
		}
	}
	return -1
}

// tooDeep counts brackets and indentation, an upper bound of the nesting, because the library recurses without a limit.
func tooDeep(data []byte) bool {
	brackets, dashes, spaces, margin := 0, 0, 0, true
	for _, b := range data {
		switch {
		case b == '\n':
			dashes, spaces, margin = 0, 0, true
			continue
		case b == '[' || b == '{':
			brackets++
		case (b == ']' || b == '}') && brackets > 0:
			brackets--
		case margin && (b == '-' || b == '?'):
			dashes++
		case margin && b == ' ':
			spaces++
		}
		if b != ' ' && b != '-' && b != '?' {
			margin = false
		}
		if brackets > maxDepth || dashes > maxDepth || margin && spaces > 8*maxDepth {
			return true
		}
	}
	return false
}

func invalidUTF8(name string, data []byte) problem.Pos {
	at := problem.Pos{File: name, Line: 1, Column: 1}
	for len(data) > 0 && visible.UTF16(string(data[:min(2, len(data))])) == "" {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		at.Column += n
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
		data = data[n:]
	}
	return at
}

func errorPos(name string, data []byte, err error) problem.Pos {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		p := located.GetToken().Position
		r := builder{name: name, lines: bytes.Split(data, []byte("\n"))}
		return r.pos(p.Line, p.Column)
	}
	return problem.Pos{File: name, Line: 1, Column: 1}
}

func errorText(err error) string {
	var located yaml.Error
	if errors.As(err, &located) {
		return located.GetMessage()
	}
	return err.Error()
}

type builder struct {
	name  string
	lines [][]byte
	c     *problem.Collector
}

// pos converts the library's column, which counts characters, to bytes.
func (r *builder) pos(line, column int) problem.Pos {
	at := problem.Pos{File: r.name, Line: max(line, 1), Column: max(column, 1)}
	if at.Line > len(r.lines) { // the library miscounts lines of some invalid texts
		return problem.Pos{File: r.name, Line: len(r.lines), Column: 1}
	}
	text, left := r.lines[at.Line-1], at.Column-1
	at.Column = 1
	for ; left > 0 && len(text) > 0; left-- {
		_, n := utf8.DecodeRune(text)
		at.Column += n
		text = text[n:]
	}
	at.Column += left
	return at
}

func (r *builder) at(n ast.Node) problem.Pos {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return r.pos(1, 1)
	}
	return r.pos(t.Position.Line, t.Position.Column)
}

func (r *builder) node(n ast.Node) YAMLNode {
	out := YAMLNode{Pos: r.at(n)}
	switch n := n.(type) {
	case *ast.NullNode:
		out.Kind = Null
	case *ast.StringNode:
		out.Text = n.Value
		out.Quoted = n.Token.Type == token.DoubleQuoteType || n.Token.Type == token.SingleQuoteType
	case *ast.LiteralNode:
		out.Text, out.Quoted = n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.Text = n.GetToken().Value
	case *ast.MappingNode:
		out.Kind = Mapping
		lines := make(map[string]int, len(n.Values))
		for _, pair := range n.Values {
			r.pair(&out, pair, lines)
		}
	case *ast.MappingValueNode:
		out.Kind = Mapping
		out.Pos = r.at(n.Key)
		r.pair(&out, n, map[string]int{})
	case *ast.SequenceNode:
		out.Kind = Sequence
		for _, item := range n.Values {
			out.Items = append(out.Items, r.node(item))
		}
	case *ast.AnchorNode, *ast.AliasNode:
		r.c.Add(out.Pos, "write the value out", "anchors and aliases are not read")
	case *ast.TagNode:
		r.c.Add(out.Pos, "write the value without it", "tags are not read")
	case *ast.DirectiveNode:
		r.c.Add(out.Pos, "remove the line", "directives are not read")
	default:
		r.c.Add(out.Pos, "", "not a value")
	}
	return out
}

// pair adds a key to a mapping; lines has the lines of the keys before it.
func (r *builder) pair(out *YAMLNode, pair *ast.MappingValueNode, lines map[string]int) {
	at := r.at(pair.Key)
	var key string
	switch k := pair.Key.(type) {
	case *ast.StringNode:
		key = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		key = k.GetToken().Value
	case *ast.MergeKeyNode:
		r.c.Add(at, "write the keys out", "merge keys are not read")
		return
	default:
		r.c.Add(at, "", "a key must be a plain word")
		return
	}
	value := YAMLNode{Pos: at, Kind: Null}
	if pair.Value != nil && pair.Value.GetToken().Type != token.ImplicitNullType {
		value = r.node(pair.Value)
	}
	if first, twice := lines[key]; twice {
		r.c.Add(at, "keep one of the two", "key %q is duplicate: first on line %d", key, first)
		return
	}
	lines[key] = at.Line
	out.Pairs = append(out.Pairs, YAMLPair{Key: key, At: at, Value: value})
}
