package serve

import (
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// packedTag is what the ETag of an answer has at its end when it is sent packed: other bytes have another tag.
const packedTag = "-gzip"

// packer compresses answers for callers that accept gzip (SERVE-9). Small answers and parts of files are sent as they
// are.
func packer() (func(http.Handler) http.HandlerFunc, error) {
	pack, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.SuffixETag(packedTag), gzhttp.SetContentType(false), gzhttp.ContentTypeFilter(packable))
	if err != nil {
		return nil, fmt.Errorf("set up gzip: %w", err)
	}
	return pack, nil
}

// packable reports whether an answer of a Content-Type is text. Parquet, Arrow, XLSX and archives are packed already.
func packable(kind string) bool {
	plain, _, err := mime.ParseMediaType(kind)
	return err == nil && slices.Contains([]string{"application/json", "application/x-ndjson", "application/yaml",
		"text/csv", "text/html", "text/plain"}, plain)
}
