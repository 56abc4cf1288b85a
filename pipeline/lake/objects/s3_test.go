package objects

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// server starts a server that answers each request with answer and counts the requests.
func server(t *testing.T, answer http.HandlerFunc) (*S3Store, *atomic.Int64) {
	t.Helper()
	asked := new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	store, err := open(S3Config{Bucket: "bucket", Prefix: "lakes/one", Endpoint: s.URL},
		credentials.NewStaticV4("tester", "not-to-be-shown", ""))
	if err != nil {
		t.Fatal(err)
	}
	return store, asked
}

// TestAnswers checks that responses of a store are mapped to the errors of Store, and that conditions are sent
// (BUCKET-1, BUCKET-2, BUCKET-3).
func TestAnswers(t *testing.T) {
	t.Parallel()
	var condition, path atomic.Value
	status := new(atomic.Int64)
	store, asked := server(t, func(w http.ResponseWriter, r *http.Request) {
		condition.Store(r.Header.Get("If-None-Match"))
		path.Store(r.URL.Path)
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(int(status.Load()))
	})
	if asked.Load() != 0 {
		t.Error("Open sent a request")
	}
	for code, want := range map[int64]error{http.StatusOK: nil, http.StatusPreconditionFailed: fs.ErrExist,
		http.StatusConflict: ErrBusy} {
		status.Store(code)
		if err := store.Create(context.Background(), "manifests/000001.json", []byte("text")); !errors.Is(err, want) {
			t.Errorf("Create, answered with %d: %v, want %v", code, err, want)
		}
		if condition.Load() != "*" || path.Load() != "/bucket/lakes/one/manifests/000001.json" {
			t.Errorf("Create sends If-None-Match: %v to %v", condition.Load(), path.Load())
		}
	}
	status.Store(http.StatusOK)
	text := "text"
	if err := store.Put(context.Background(), "HEAD", io.NewSectionReader(strings.NewReader(text), 0, 4)); err != nil ||
		condition.Load() != "" {
		t.Errorf("Put: %v, with If-None-Match: %v", err, condition.Load())
	}
	status.Store(http.StatusNotFound)
	if _, _, err := store.Get(context.Background(), "a", 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of nothing: %v", err)
	}
	status.Store(http.StatusForbidden)
	if _, err := store.Stat(context.Background(), "a"); err == nil ||
		!strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") || strings.Contains(err.Error(), "not-to-be-shown") {
		t.Errorf("Stat without rights: %v", err)
	}
}

// TestRanges checks that parts of an object can be read, and that a response with another part is refused.
func TestRanges(t *testing.T) {
	t.Parallel()
	ignore := new(atomic.Bool)
	store, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		if ignore.Load() {
			r.Header.Del("Range")
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	})
	for _, c := range []struct {
		from, n int64
		want    string
	}{{0, 4, "0123"}, {4, 100, "456789"}, {0, 10, "0123456789"}} {
		if got, size, err := store.Get(context.Background(), "a", c.from, c.n); string(got) != c.want || size != 10 ||
			err != nil {
			t.Errorf("Get %d, %d = %q, %d, %v", c.from, c.n, got, size, err)
		}
	}
	if got, size, err := store.Get(context.Background(), "a", 10, 5); len(got) != 0 || size != 10 || err != nil {
		t.Errorf("Get after the end = %q, %d, %v", got, size, err)
	}
	ignore.Store(true)
	if got, _, err := store.Get(context.Background(), "a", 4, 2); err == nil {
		t.Errorf("a store that ignores Range: %q", got)
	}
}

// TestEndpoints checks that invalid addresses are refused.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"localhost:9000", "ftp://host", "http://"} {
		if _, err := OpenS3(S3Config{Bucket: "b", Endpoint: endpoint}); err == nil {
			t.Errorf("%s is taken", endpoint)
		}
	}
}
