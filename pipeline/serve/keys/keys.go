package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is the role of a caller (§8).
type Role string

// The roles.
const (
	Vendor   Role = "vendor"   // may do everything
	Partner  Role = "partner"  // sees its own customers, and its resellers' by indirect_partner_id
	Customer Role = "customer" // sees itself
	Finance  Role = "finance"  // reads all statements
)

// Roles lists the roles.
func Roles() []Role { return []Role{Vendor, Partner, Customer, Finance} }

// Caller is the owner of a key. It is comparable and contains no secret.
type Caller struct {
	ID       string `json:"id"`   // of the key: the access key, or the name of a token
	Role     Role   `json:"role"` //
	Partner  string `json:"partner_id,omitempty"`
	Customer string `json:"customer_id,omitempty"`
	Manager  string `json:"account_manager_id,omitempty"` // of a partner's key that is limited to one
}

// Check returns what is wrong with a caller, or nil.
func (c *Caller) Check() error {
	var wrong []string
	if !slices.Contains(Roles(), c.Role) {
		wrong = append(wrong, fmt.Sprintf("role %q is none of vendor, partner, customer, finance", c.Role))
	}
	for _, of := range []struct {
		name, id string
		need     bool
	}{{"partner", c.Partner, c.Role == Partner}, {"customer", c.Customer, c.Role == Customer}} {
		switch {
		case of.need && of.id == "":
			wrong = append(wrong, fmt.Sprintf("role %s needs a %s", c.Role, of.name))
		case !of.need && of.id != "":
			wrong = append(wrong, fmt.Sprintf("a %s does not go with role %s", of.name, c.Role))
		}
	}
	if c.Manager != "" && c.Role != Partner {
		wrong = append(wrong, fmt.Sprintf("a manager does not go with role %s", c.Role))
	}
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// Key is one key as it is listed.
type Key struct {
	Caller
	Token   bool   `json:"token"` // X-Auth-Token; else an access key that signs
	Created string `json:"created"`
	Revoked string `json:"revoked,omitempty"` // when; empty = it is valid
}

// record is a key in the file.
type record struct {
	Key
	Secret string `json:"secret,omitempty"`       // of an access key
	Hash   string `json:"token_sha256,omitempty"` // of a token, hexadecimal
}

// Issued is a new key. Secret is shown once and stored only by its recipient.
type Issued struct {
	Key
	Secret string `json:"secret"` // the secret access key, or the token
}

// newRecord creates a key for a caller. Ids and secrets are random: an access key of 100 bits, a secret of 240 and a
// token of 256.
func newRecord(c Caller, token bool, created string) (record, string, error) {
	if err := c.Check(); err != nil {
		return record{}, "", err
	}
	r := record{Key: Key{Caller: c, Token: token, Created: created}}
	if token {
		secret := "tbt_" + RandomText()
		r.ID, r.Hash = "TOKEN"+letters(15), tokenHash(secret)
		return r, secret, nil
	}
	r.ID, r.Secret = letters(20), base64.RawURLEncoding.EncodeToString(random(30))
	return r, r.Secret, nil
}

// check returns what is wrong with a record of the file. The text contains no secret.
func (r *record) check() error {
	if r.ID == "" || strings.ContainsFunc(r.ID, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	}) {
		return errors.New("an id that is not of capital letters and digits")
	}
	if err := r.Check(); err != nil {
		return fmt.Errorf("key %s: %w", r.ID, err)
	}
	hash, err := hex.DecodeString(r.Hash)
	switch {
	case r.Revoked != "" && (r.Secret != "" || r.Hash != ""):
		return fmt.Errorf("key %s: revoked, and has a secret", r.ID)
	case r.Revoked != "":
	case r.Token && (err != nil || len(hash) != sha256.Size || r.Secret != ""):
		return fmt.Errorf("key %s: a token needs its SHA-256 and nothing else", r.ID)
	case !r.Token && (len(r.Secret) < 16 || r.Hash != ""):
		return fmt.Errorf("key %s: an access key needs a secret of 16 characters or more and nothing else", r.ID)
	}
	return nil
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// RandomText returns 256 random bits.
func RandomText() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the process would end before
	return b
}

// letters returns n random characters of 32 letters and digits that are hard to mistake: 5 bits each.
func letters(n int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := random(n)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}
