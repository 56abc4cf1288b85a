package folder

import (
	_ "embed"
	"html/template"
	"io"
	"net/url"
	"strings"
)

//go:embed index.gohtml
var indexTemplate string

// Path is the address of the document's file from the index page.
func (d Document) Path() string {
	parts := strings.Split(d.File, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// page writes index.html.
func (x *Index) page(w io.Writer) error {
	t, err := template.New("index").Parse(indexTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, x)
}
