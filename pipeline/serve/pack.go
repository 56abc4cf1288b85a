package serve

import (
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// packedTag is appended to the ETag of a compressed response: other bytes need another tag.
const packedTag = "-gzip"

// packer compresses responses for callers that accept gzip (SERVE-9). Small responses and parts of files are not
// compressed.
func packer() (func(http.Handler) http.HandlerFunc, error) {
	pack, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.SuffixETag(packedTag), gzhttp.SetContentType(false), gzhttp.ContentTypeFilter(packable))
	if err != nil {
		return nil, fmt.Errorf("set up gzip: %w", err)
	}
	return pack, nil
}

// packable reports whether a Content-Type is text. Parquet, Arrow, XLSX and archives are already compressed.
func packable(kind string) bool {
	plain, _, err := mime.ParseMediaType(kind)
	return err == nil && slices.Contains([]string{"application/json", "application/x-ndjson", "application/yaml",
		"text/csv", "text/html", "text/plain"}, plain)
}
