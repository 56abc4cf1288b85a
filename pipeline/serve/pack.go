package serve

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// packedTag is what the ETag of an answer has at its end when it is sent packed: other bytes have another tag.
const packedTag = "-gzip"

// packer compresses answers for callers that accept gzip (SERVE-9). Small answers and parts of files are sent as they are.
func packer() (func(http.Handler) http.HandlerFunc, error) {
	pack, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.SuffixETag(packedTag),
		gzhttp.SetContentType(false), gzhttp.ContentTypeFilter(packable))
	if err != nil {
		return nil, fmt.Errorf("set up gzip: %w", err)
	}
	return pack, nil
}

// packable reports whether an answer of a Content-Type is text. Parquet, Arrow, XLSX and archives are packed already.
func packable(kind string) bool {
	plain, _, err := mime.ParseMediaType(kind)
	return err == nil && slices.Contains([]string{"application/json", "application/x-ndjson", "application/yaml", "text/csv", "text/html", "text/plain"}, plain)
}

// errCut is the error of writing to an answer that is being cut.
var errCut = errors.New("the answer was cut")

// wire is what an answer is sent to: it counts the bytes that are sent, and takes none after the answer was cut, so that no valid end of a
// packed stream follows a part of it.
type wire struct {
	http.ResponseWriter
	head  bool // there is no body, whatever is written
	dead  bool
	bytes int64
}

// Write implements http.ResponseWriter.
func (w *wire) Write(b []byte) (int, error) {
	if w.dead {
		return 0, errCut
	}
	n, err := w.ResponseWriter.Write(b)
	if !w.head {
		w.bytes += int64(n)
	}
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *wire) Unwrap() http.ResponseWriter { return w.ResponseWriter }
