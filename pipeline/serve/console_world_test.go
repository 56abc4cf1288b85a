package serve_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// desk is the console of a workspace for one caller.
type desk struct {
	t   testing.TB
	api http.Handler
	log *syncBuffer
	now time.Time
}

// openConsole opens the console of a workspace. change may modify the configuration of the server.
func openConsole(t testing.TB, dir string, c keys.Caller, change func(*serve.Config)) *desk {
	t.Helper()
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.ID = "local"
	d := &desk{t: t, log: &syncBuffer{}, now: asOf}
	conf := serve.Config{Workspace: w, Clock: func() time.Time { return d.now }, LocalConsole: &c,
		Log: slog.New(slog.NewTextHandler(d.log, nil)), Scratch: filepath.Join(t.TempDir(), "scratch")}
	if change != nil {
		change(&conf)
	}
	if d.api, err = serve.New(conf); err != nil {
		t.Fatal(err)
	}
	return d
}

// view is a page as a browser parses it.
type view struct {
	t      testing.TB
	path   string
	status int
	header http.Header
	body   string
	root   *html.Node
}

// open requests an address below /console/.
func (d *desk) open(address string) *view {
	d.t.Helper()
	return d.do(httptest.NewRequest(http.MethodGet,
		"http://127.0.0.1:8181/console/"+strings.TrimPrefix(address, "/console/"), nil))
}

func (d *desk) do(r *http.Request) *view {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, r)
	v := &view{t: d.t, path: r.URL.RequestURI(), status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(v.header.Get("Content-Type"), "text/html") {
		var err error
		if v.root, err = html.Parse(strings.NewReader(v.body)); err != nil {
			d.t.Fatal(err)
		}
	}
	return v
}

// page is open for a page that must exist.
func (d *desk) page(address string) *view {
	d.t.Helper()
	v := d.open(address)
	if v.status != http.StatusOK || v.root == nil {
		d.t.Fatalf("%s: status %d\n%s\n%s", v.path, v.status, v.text("main"), d.log)
	}
	return v
}

// outcome returns 200 or the code of the error page.
func (v *view) outcome() string {
	if v.status == http.StatusOK {
		return ok
	}
	m := regexp.MustCompile(`\((CBC\.\d+)\)`).FindStringSubmatch(v.body)
	if m == nil {
		return http.StatusText(v.status)
	}
	return m[1]
}

// each visits the elements below n that have one of the tags, or all elements if there are no tags.
func each(n *html.Node, visit func(*html.Node), tags ...string) {
	if n == nil {
		return
	}
	for c := range n.Descendants() {
		if c.Type != html.ElementNode {
			continue
		}
		for _, tag := range tags {
			if c.Data == tag {
				visit(c)
			}
		}
		if len(tags) == 0 {
			visit(c)
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// content returns the text content of a node.
func content(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// exact returns the exact amount of a cell that shows a rounded one, else its text.
func exact(n *html.Node) string {
	if title := attr(n, "title"); title != "" {
		return title
	}
	return content(n)
}

// text returns the text of the first element with a tag.
func (v *view) text(tag string) (out string) {
	found := false
	each(v.root, func(n *html.Node) {
		if !found {
			out, found = content(n), true
		}
	}, tag)
	return out
}

// ofClass returns the text of the element with a tag and a class.
func (v *view) ofClass(tag, class string) (out string) {
	each(v.root, func(n *html.Node) {
		if attr(n, "class") == class {
			out = content(n)
		}
	}, tag)
	return out
}

// figures returns the named values of the page.
func (v *view) figures() map[string]string {
	out := map[string]string{}
	each(v.root, func(n *html.Node) {
		if attr(n, "class") != "figure" && attr(n, "class") != "figure main" {
			return
		}
		name := ""
		each(n, func(c *html.Node) { name = content(c) }, "dt")
		each(n, func(c *html.Node) {
			if strings.HasPrefix(attr(c, "class"), "value") {
				out[name] = exact(c)
			}
		}, "span")
	}, "div")
	return out
}

// sheet is a table of the page: its heads, its rows and its total.
type sheet struct {
	name  string
	heads []string
	rows  [][]string
	total []string
}

// sum returns the last total of the table: columns of amounts may be followed by others.
func (s *sheet) sum() string {
	cells := slices.DeleteFunc(slices.Clone(s.total), func(cell string) bool { return cell == "" })
	return cells[len(cells)-1]
}

func (v *view) sheets() []sheet {
	var out []sheet
	each(v.root, func(n *html.Node) {
		if attr(n, "class") != "sheet" {
			return
		}
		s := sheet{name: attr(n, "id")}
		each(n, func(tr *html.Node) {
			var cells []string
			each(tr, func(c *html.Node) { cells = append(cells, exact(c)) }, "th", "td")
			switch tr.Parent.Data {
			case "thead":
				s.heads = cells
			case "tfoot":
				s.total = cells
			default:
				s.rows = append(s.rows, cells)
			}
		}, "tr")
		out = append(out, s)
	}, "div")
	return out
}

// sheet returns the table with a name.
func (v *view) sheet(name string) sheet {
	v.t.Helper()
	for _, s := range v.sheets() {
		if s.name == name {
			return s
		}
	}
	v.t.Fatalf("%s: no table %s\n%s", v.path, name, v.text("main"))
	return sheet{}
}

// links returns the addresses of the links in the main part of the page, except downloads and documents.
func (v *view) links() []string {
	var out []string
	each(v.root, func(main *html.Node) {
		each(main, func(n *html.Node) {
			if href := attr(n, "href"); href != "" && !strings.Contains(href, "download=") &&
				!strings.Contains(href, ".html?") {
				out = append(out, href)
			}
		}, "a")
	}, "main")
	return out
}

// parameters parses those of an address.
func parameters(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
