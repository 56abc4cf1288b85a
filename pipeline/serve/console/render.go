package console

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"path"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

//go:embed assets
var assets embed.FS

// Assets is the path of the files that pages load, below Root.
const Assets = "assets/"

// Asset is a file that pages load.
type Asset struct {
	Type, Tag string
	Bytes     []byte
}

// Renderer writes pages. It may be used from several goroutines.
type Renderer struct {
	page   *template.Template
	assets map[string]*Asset
}

// NewRenderer reads the templates and the files that pages load.
func NewRenderer() (*Renderer, error) {
	r := &Renderer{assets: map[string]*Asset{}}
	entries, err := fs.ReadDir(assets, "assets")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(assets, "assets/"+e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		r.assets[e.Name()] = &Asset{Type: mime.TypeByExtension(path.Ext(e.Name())), Tag: hex.EncodeToString(sum[:8]),
			Bytes: text}
	}
	r.page, err = template.New("page.gohtml").Funcs(template.FuncMap{"asset": r.address}).Funcs(
		document.TemplateFuncs()).
		ParseFS(assets, "assets/page.gohtml")
	if err != nil {
		return nil, fmt.Errorf("read the templates of the console: %w", err)
	}
	return r, nil
}

// address returns the address of an asset; it changes with its content.
func (r *Renderer) address(name string) string {
	return Root + Assets + name + "?v=" + r.assets[name].Tag
}

// Asset returns the file with a name, or nil.
func (r *Renderer) Asset(name string) *Asset {
	if path.Ext(name) == ".gohtml" {
		return nil
	}
	return r.assets[name]
}

// Shell is what surrounds a page.
type Shell struct {
	Language operation.Language
	Vendor   string
	Home     string // address of the overview
	Menu     []MenuLink
	Other    Link   // the same page in the other language
	Who      string // who is signed in; "" = nobody
	SignOut  string // the token of the form that signs out; "" = there is none
	State    string // which committed state the page shows
	Age      string // and how old it is
	Currency string // of amounts without a currency; "" = the workspace has only one
	Moved    Link   // to the live state, if the page shows an older one
	Query    string // the searched text
	Search   bool   // the caller can search
}

// MenuLink is one link of the navigation.
type MenuLink struct {
	Link
	Current bool
}

// T is a text in the shell's language.
func (s *Shell) T(zh, en string) string { return operation.Text{Zh: zh, En: en}.In(s.Language) }

// Lang returns the code of the language in HTML.
func (s *Shell) Lang() string { return s.T("zh-CN", "en") }

// OtherLang returns the code of the other language in HTML.
func (s *Shell) OtherLang() string { return s.T("en", "zh-CN") }

// pageLayout is the input of the template.
type pageLayout struct {
	*Shell
	Page *Page
}

// fill sets the figure's value from its amount.
func (f *Figure) fill(v *View) {
	if f.Sum != nil {
		c := v.Money(f.Sum, f.Href)
		f.Value, f.Exact = c.Say(), c.exact()
	}
}

// Write writes a page. It writes nothing if the page has an error.
func (r *Renderer) Write(w io.Writer, v *View, s *Shell, p *Page) error {
	if v != nil {
		for i := range p.Blocks {
			for k := range p.Blocks[i].Figures {
				p.Blocks[i].Figures[k].fill(v)
			}
			if t := p.Blocks[i].Table; t != nil {
				t.Title = cmp.Or(t.Title, p.Blocks[i].Title, p.Title)
				t.arrange(v)
				t.turn(v)
			}
		}
	}
	var out bytes.Buffer
	if err := r.page.Execute(&out, pageLayout{s, p}); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}
