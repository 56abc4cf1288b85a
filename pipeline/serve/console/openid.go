package console

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/settings"
)

// AttemptLifetime is how long a person may take to sign in at the provider.
const AttemptLifetime = 10 * time.Minute

// maxAttempts is how many of the newest sign-ins are stored; older ones cannot be finished.
const maxAttempts = 10_000

// timeout is how long one request to the provider may take.
const timeout = 10 * time.Second

// RefusedError reports why nobody is signed in: Text is for the person, Err for the log.
type RefusedError struct {
	Text operation.Text
	Err  error // nil = Text is complete
}

// Error returns both.
func (e *RefusedError) Error() string {
	if e.Err == nil {
		return e.Text.En
	}
	return e.Text.En + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }

func refused(zh, en string, err error) error {
	return &RefusedError{Text: operation.Text{Zh: zh, En: en}, Err: err}
}

// OpenIDClient signs people in through one provider. It may be used from several goroutines.
type OpenIDClient struct {
	of     settings.OIDC
	secret settings.Secret
	clock  func() time.Time
	http   *http.Client

	provider atomic.Pointer[oidc.Provider] // nil = not loaded yet

	mu       sync.Mutex
	attempts map[string]*attempt
	order    []string // ids of attempts, also of ended ones, the oldest first
}

// attempt is a sign-in that a browser began.
type attempt struct {
	state, nonce, verifier, next string
	begun                        time.Time
}

// NewOpenID returns a client of a provider. It requests the provider's addresses when the first person signs in.
func NewOpenID(of settings.OIDC, secret settings.Secret, clock func() time.Time) *OpenIDClient {
	return &OpenIDClient{of: of, secret: secret, clock: clock, http: &http.Client{Timeout: timeout},
		attempts: make(map[string]*attempt)}
}

// connect requests the provider's addresses until it has them once. Sign-ins at the same time do not wait for each
// other (OPENID-4).
func (c *OpenIDClient) connect(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p := c.provider.Load()
	if p == nil {
		var err error
		// The provider's keys are also fetched later, after the end of this request.
		if p, err = oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), c.http), c.of.Issuer); err != nil {
			return nil, nil, refused("无法连接身份提供方，请稍后再试。",
				"The identity provider cannot be reached. Try again later.", err)
		}
		c.provider.Store(p)
	}
	return p, &oauth2.Config{ClientID: c.of.ClientID, ClientSecret: string(c.secret),
		RedirectURL: c.of.RedirectURL, Endpoint: p.Endpoint(), Scopes: strings.Fields(c.of.Scopes)}, nil
}

// Begin starts a sign-in that leads to the page next: id is for a cookie of the browser, and to is the provider's
// address to which the browser is redirected (OPENID-1).
func (c *OpenIDClient) Begin(ctx context.Context, next string) (id, to string, err error) {
	_, config, err := c.connect(ctx)
	if err != nil {
		return "", "", err
	}
	a := &attempt{state: keys.RandomText(), nonce: keys.RandomText(), verifier: oauth2.GenerateVerifier(),
		next: next, begun: c.clock()}
	id = keys.RandomText()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.order) >= maxAttempts {
		delete(c.attempts, c.order[0])
		c.order = c.order[1:]
	}
	c.attempts[id], c.order = a, append(c.order, id)
	return id, config.AuthCodeURL(a.state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)), nil
}

// take ends the attempt of a browser and returns it.
func (c *OpenIDClient) take(id, state string) (*attempt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.attempts[id]
	delete(c.attempts, id)
	switch {
	case !ok || c.clock().Sub(a.begun) >= AttemptLifetime:
		return nil, refused("登录已过期或不是由该浏览器发起，请重新登录。",
			"This sign-in has expired, or another browser began it. Sign in again.", nil)
	case subtle.ConstantTimeCompare([]byte(a.state), []byte(state)) != 1:
		return nil, refused("登录状态不匹配，请重新登录。", "The answer belongs to another sign-in. Sign in again.", nil)
	}
	return a, nil
}

// Finish handles the provider's response. It returns the caller, and the page that was requested, or *RefusedError.
func (c *OpenIDClient) Finish(ctx context.Context, id string, answer url.Values) (who keys.Caller, next string,
	err error) {
	a, err := c.take(id, answer.Get("state"))
	if err != nil {
		return who, "", err
	}
	if code := answer.Get("error"); code != "" {
		return who, "", refused("身份提供方拒绝了登录。", "The identity provider did not sign you in.",
			fmt.Errorf("%q: %q", code, answer.Get("error_description")))
	}
	if from := answer.Get("iss"); from != "" && from != c.of.Issuer { // RFC 9207
		return who, "", refused("回答来自另一个身份提供方。", "The answer is of another identity provider.",
			fmt.Errorf("iss %q, want %q", from, c.of.Issuer))
	}
	provider, config, err := c.connect(ctx)
	if err != nil {
		return who, "", err
	}
	within := oidc.ClientContext(ctx, c.http)
	token, err := config.Exchange(within, answer.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return who, "", refused("身份提供方不接受该登录，请重新登录。",
			"The identity provider did not accept the sign-in. Sign in again.", err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := provider.Verifier(&oidc.Config{ClientID: c.of.ClientID, Now: c.clock}).Verify(within, raw)
	if err != nil {
		return who, "", refused("身份令牌无效。", "The id token is not valid.", err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(a.nonce)) != 1 {
		return who, "", refused("身份令牌无效。", "The id token is not valid.", fmt.Errorf("its nonce is of another sign-in"))
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return who, "", refused("身份令牌无效。", "The id token is not valid.", err)
	}
	if to, ok := claims["azp"]; ok && to != c.of.ClientID {
		return who, "", refused("身份令牌无效。", "The id token is not valid.",
			fmt.Errorf("its authorized party (azp) is %v, want %q", to, c.of.ClientID))
	}
	who, err = callerOf(claims[c.of.Claim])
	if err != nil {
		return who, "", refused("您的账号没有控制台权限，请联系管理员。",
			"Your account has no access to the console. Ask the administrator.",
			fmt.Errorf("sub %q: claim %q: %w", verified.Subject, c.of.Claim, err))
	}
	who.ID = IDPrefix + verified.Subject
	return who, a.next, nil
}

// IDPrefix is the prefix of the ids of callers without a key.
const IDPrefix = "oidc:"
