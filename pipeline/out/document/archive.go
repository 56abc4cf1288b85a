package document

import (
	"archive/zip"
	"cmp"
	"io"
	"slices"
)

// SheetPlace is the place of the list of contents among the files of a workbook.
type SheetPlace int

// The places.
const (
	FirstSheet SheetPlace = -1
	Last       SheetPlace = 1
)

// contents is the name of the list of contents.
const contents = "[Content_Types].xml"

// CopyWorkbook copies the archive of a workbook with its files sorted by name (SHEET-6), except for the list of
// contents.
func CopyWorkbook(w io.Writer, from io.ReaderAt, size int64, list SheetPlace) error {
	in, err := zip.NewReader(from, size)
	if err != nil {
		return err
	}
	place := func(f *zip.File) SheetPlace {
		if f.Name == contents {
			return list
		}
		return 0
	}
	slices.SortFunc(in.File, func(a, b *zip.File) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name))
	})
	out := zip.NewWriter(w)
	for _, f := range in.File {
		if err := out.Copy(f); err != nil {
			return err
		}
	}
	return out.Close()
}
