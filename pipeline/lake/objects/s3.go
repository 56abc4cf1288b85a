package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config is the location of a lake.
type S3Config struct {
	Bucket   string
	Prefix   string // prefix of the lake's names; "" = the lake has the bucket to itself
	Endpoint string // http:// or https:// with host and port; "" = Amazon
	Region   string // "" = us-east-1
}

// amazon is the endpoint of Amazon S3.
const amazon = "https://s3.amazonaws.com"

const (
	// patience is the timeout of one request, including retries.
	patience = 5 * time.Minute
	// s3PartBytes is the size from which a file is uploaded in parts.
	s3PartBytes = 64 << 20
)

// S3Store is an Store.
type S3Store struct {
	core   minio.Core
	clock  *clock
	bucket string
	prefix string // "" or with a slash at its end
}

// clock records the store's clock from its answers.
type clock struct {
	next http.RoundTripper
	at   atomic.Int64 // Unix seconds
}

// RoundTrip implements http.RoundTripper.
func (c *clock) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err == nil {
		if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
			c.at.Store(at.Unix())
		}
	}
	return answer, err
}

// Now implements Store.
func (s *S3Store) Now() int64 { return s.clock.at.Load() }

// OpenS3 returns the store of a configuration (BUCKET-2, BUCKET-3).
func OpenS3(c S3Config) (*S3Store, error) {
	return open(c, credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{}, &credentials.IAM{Client: &http.Client{Timeout: 10 * time.Second}}}))
}

func open(c S3Config, keys *credentials.Credentials) (*S3Store, error) {
	if c.Endpoint == "" {
		c.Endpoint = amazon
	}
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("object store: endpoint %q: want http://host:port or https://host:port", c.Endpoint)
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	next, err := minio.DefaultTransport(at.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("object store %s: %w", c.Endpoint, err)
	}
	watch := &clock{next: next}
	client, err := minio.New(at.Host, &minio.Options{Creds: keys, Secure: at.Scheme == "https", Region: c.Region,
		Transport: watch})
	if err != nil {
		return nil, fmt.Errorf("object store %s: %w", c.Endpoint, err)
	}
	s := &S3Store{core: minio.Core{Client: client}, clock: watch, bucket: c.Bucket, prefix: c.Prefix}
	if s.prefix != "" {
		s.prefix += "/"
	}
	return s, nil
}

// failed adds operation and object to an error, and converts the store's answers into the errors of Store.
func (s *S3Store) failed(what, name string, err error) error {
	if err == nil {
		return nil
	}
	place := "s3://" + s.bucket + "/" + s.prefix + name
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchBucket:
		return fmt.Errorf("%s %s: the bucket does not exist: create it, or correct its name in the settings", what,
			place)
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s %s: %w", what, place, fs.ErrNotExist)
	case answer.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%s %s: %w", what, place, fs.ErrExist)
	case answer.StatusCode == http.StatusConflict, answer.StatusCode == http.StatusServiceUnavailable:
		return fmt.Errorf("%s %s: %w: %w", what, place, ErrBusy, err)
	case answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s %s: %w: see that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the machine's "+
			"role) may read, write, list and delete there", what, place, err)
	}
	return fmt.Errorf("%s %s: %w", what, place, err)
}

// Get implements Store.
func (s *S3Store) Get(ctx context.Context, name string, offset, n int64) ([]byte, int64, error) {
	return s.get(ctx, name, "", offset, n)
}

// GetTagged implements Store. It sends If-Match, and also checks the tag of the answer.
func (s *S3Store) GetTagged(ctx context.Context, name, tag string, offset, n int64) ([]byte, int64, error) {
	return s.get(ctx, name, tag, offset, n)
}

// get reads a part of an object with a tag; "" = any tag.
func (s *S3Store) get(ctx context.Context, name, tag string, offset, n int64) (content []byte, size int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var opts minio.GetObjectOptions
	if err := opts.SetRange(offset, offset+n-1); err != nil {
		return nil, 0, s.failed("read", name, err)
	}
	if tag != "" {
		if err := opts.SetMatchETag(tag); err != nil {
			return nil, 0, s.failed("read", name, err)
		}
	}
	body, info, header, err := s.core.GetObject(ctx, s.bucket, s.prefix+name, opts)
	switch minio.ToErrorResponse(err).StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		o, err := s.Stat(ctx, name) // the offset is beyond the end
		if err == nil && tag != "" && o.Tag != tag {
			err = s.failed("read", name, ErrChanged)
		}
		return nil, o.Size, err
	case http.StatusPreconditionFailed:
		return nil, 0, s.failed("read", name, ErrChanged)
	}
	if err != nil {
		return nil, 0, s.failed("read", name, err)
	}
	content, err = readAll(body, info.Size, n+1)
	if err = errors.Join(err, body.Close()); err == nil && tag != "" && info.ETag != tag {
		err = ErrChanged
	}
	if err != nil {
		return nil, 0, s.failed("read", name, err)
	}
	size = info.Size
	if _, total, found := strings.Cut(header.Get("Content-Range"), "/"); found {
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return nil, 0, s.failed("read", name, fmt.Errorf("Content-Range %q: %w", header.Get("Content-Range"), err))
		}
	} else if offset > 0 || int64(len(content)) > n {
		return nil, 0, s.failed("read", name, errors.New("the store ignores Range"))
	}
	return content, size, nil
}

// readAll reads at most a number of bytes of an answer. If its length is announced (not negative), it allocates the
// memory once.
func readAll(body io.Reader, announced, most int64) ([]byte, error) {
	if announced < 0 || announced > most {
		return io.ReadAll(io.LimitReader(body, most))
	}
	content := make([]byte, announced)
	_, err := io.ReadFull(body, content)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return content, err
}

// Create implements Store (BUCKET-1).
func (s *S3Store) Create(ctx context.Context, name string, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	opts := minio.PutObjectOptions{DisableMultipart: true, ContentType: "application/octet-stream"}
	opts.SetMatchETagExcept("*")
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(content), int64(len(content)), opts)
	return s.failed("create", name, err)
}

// Put implements Store.
func (s *S3Store) Put(ctx context.Context, name string, content *io.SectionReader) error {
	parts := 1 + content.Size()/s3PartBytes
	ctx, cancel := context.WithTimeout(ctx, time.Duration(parts)*patience)
	defer cancel()
	opts := minio.PutObjectOptions{PartSize: s3PartBytes, ContentType: "application/octet-stream"}
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+name, content, content.Size(), opts)
	return s.failed("write", name, err)
}

// Stat implements Store.
func (s *S3Store) Stat(ctx context.Context, name string) (Object, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := s.core.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err != nil {
		return Object{}, s.failed("look for", name, err)
	}
	return Object{Name: name, Size: info.Size, Changed: info.LastModified.Unix(), Tag: info.ETag}, nil
}

// List implements Store.
func (s *S3Store) List(ctx context.Context, prefix string, visit func(Object)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the goroutine of the listing on an early return
	opts := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
	for o := range s.core.Client.ListObjects(ctx, s.bucket, opts) {
		if o.Err != nil {
			return s.failed("list", prefix, o.Err)
		}
		if name, is := strings.CutPrefix(o.Key, s.prefix); is && !strings.HasSuffix(name, "/") {
			visit(Object{Name: name, Size: o.Size, Changed: o.LastModified.Unix(), Tag: o.ETag})
		}
	}
	return ctx.Err()
}

// Delete implements Store.
func (s *S3Store) Delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.failed("delete", name, s.core.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{}))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
