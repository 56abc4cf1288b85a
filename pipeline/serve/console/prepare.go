package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// lookEvery is how often the console checks for a new state to prepare. Each check reads HEAD.
const lookEvery = 10 * time.Second

// Prepare calculates what pages show of large parts of the lake, once for every state and books, so that the first
// request after a run does not wait for it (CONSOLE-8). It returns when ctx is done.
func (c *Console) Prepare(ctx context.Context) {
	var done prepared
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		state, err := c.State(period.Instant(c.Clock().UnixMicro()))
		if err == nil {
			if now := (prepared{state.Snap.Hash, state.Workspace}); now != done && c.prepare(ctx, state) {
				done = now
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// prepared identifies what was prepared.
type prepared struct {
	state lake.Hash
	books *workspace.Workspace
}

// prepare opens the pages in both languages, one after the other, as the vendor: lists first, then pages of single
// customers. It returns false if ctx ended.
func (c *Console) prepare(ctx context.Context, state *operation.State) bool {
	begun := c.Clock()
	type wanted struct {
		route *Route
		query url.Values
	}
	var all []wanted
	for _, route := range c.expensive {
		which, err := route.Prepare(ctx, state)
		if err != nil && ctx.Err() == nil {
			c.Log.Warn("prepare a page", "path", route.Op.Path, "error", err.Error())
		}
		for _, query := range which {
			all = append(all, wanted{route, query})
		}
	}
	slices.SortStableFunc(all, func(a, b wanted) int { return len(a.query) - len(b.query) })
	for _, one := range all {
		for _, language := range []operation.Language{c.Language, other(c.Language)} {
			if ctx.Err() != nil {
				return false
			}
			c.prepareOne(ctx, one.route, one.query, language)
		}
	}
	c.Log.Info("pages are prepared", "took", c.Clock().Sub(begun).String())
	return ctx.Err() == nil
}

// prepareOne opens one page.
func (c *Console) prepareOne(ctx context.Context, route *Route, query url.Values, language operation.Language) {
	a := &answer{console: c, w: nowhere{}, now: c.Clock(), query: query, language: language, background: true,
		caller: keys.Caller{ID: "console", Role: keys.Vendor},
		r: (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: route.Op.Path,
			RawQuery: query.Encode()}}).WithContext(ctx)}
	err := a.try(route, false)
	if refused := new(operation.Error); err != nil && !errors.As(err, &refused) && ctx.Err() == nil {
		c.Log.Warn("prepare a page", "path", route.Op.Path, "error", err.Error())
	}
}

func other(l operation.Language) operation.Language {
	if l == operation.Chinese {
		return operation.English
	}
	return operation.Chinese
}

// nowhere discards a response.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}
