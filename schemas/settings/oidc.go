package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// CallbackPath is the path at which the console receives responses of an OpenID Connect provider.
const CallbackPath = "/console/oidc"

// OIDC is the OpenID Connect provider with which users of the console can sign in.
type OIDC struct {
	Issuer, ClientID, RedirectURL string
	SecretFile                    string // relative to the workspace, or absolute; "" = none
	Claim                         string // claim of the ID token that identifies a person
	Scopes                        string // separated by spaces
}

// Set reports whether there is a provider.
func (o *OIDC) Set() bool { return o.Issuer != "" }

// readOIDCIssuer reads the provider's address, and reports keys that a provider needs and that are missing.
func readOIDCIssuer(s *Settings, m YAMLMap, key string) {
	s.OIDC.Issuer = YAMLValue(m, key, "", safeAddress)
	if s.OIDC.Issuer == "" {
		return
	}
	for _, other := range []string{"client_id", "redirect_url"} {
		if n := m.Get(other); n == nil || n.Kind == YAMLScalar && n.Text == "" {
			m.Fail(key, m.Get(key), "set oidc."+other+" too, or empty this one", "without oidc.%s", other)
		}
	}
}

func readOIDCRedirect(s *Settings, m YAMLMap, key string) {
	s.OIDC.RedirectURL = YAMLValue(m, key, "", func(text string) (string, error) {
		if _, err := safeAddress(text); err != nil || text == "" {
			return "", err
		}
		if u, err := url.Parse(text); err != nil || u.Path != CallbackPath || u.RawQuery != "" {
			return "", fmt.Errorf("%q: must end in %s", text, CallbackPath)
		}
		return text, nil
	})
}

// safeAddress accepts https:// addresses, and http:// addresses of this machine.
func safeAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return "", fmt.Errorf("%q: not an address", text)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return "", fmt.Errorf("%q: must begin with https://", text)
	}
	return text, nil
}

func readOIDCText(s *Settings, m YAMLMap, key string) {
	switch key {
	case "client_id":
		s.OIDC.ClientID = m.Text(key, "")
	case "client_secret_file":
		s.OIDC.SecretFile = YAMLValue(m, key, "", filePath)
	case "claim":
		s.OIDC.Claim = YAMLValue(m, key, s.OIDC.Claim, func(text string) (string, error) {
			if text == "" {
				return "", errors.New("is empty")
			}
			return text, nil
		})
	default:
		s.OIDC.Scopes = YAMLValue(m, key, s.OIDC.Scopes, func(text string) (string, error) {
			if !slices.Contains(strings.Fields(text), "openid") {
				return "", fmt.Errorf("%q: without openid", text)
			}
			return text, nil
		})
	}
}
