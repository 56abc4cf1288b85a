package serve

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// maxAddresses is how many addresses are watched at once: about 8 MB. Who calls from more has the oldest forgotten, all
// at once.
const maxAddresses = 1 << 16

// cheapBytes is the largest body that is read for an address that is over the limit: hashing it takes less time than
// reading the headers.
const cheapBytes = 64 << 10

// cheap reports whether a request is checked although its address is over the limit. So that no caller is refused
// because of another one
// behind the same address, these are all requests but those with a large body.
func cheap(r *http.Request) bool { return r.ContentLength >= 0 && r.ContentLength <= cheapBytes }

// failures counts, for each remote address, the requests that are nobody's, and says from which so many came that
// their large bodies are
// not read any more: reading a body costs the server more than it costs a caller who has no key. A request whose token
// or signature is
// good never counts, and neither does one whose signature is good and was used before: its key is known.
//
// Loopback is not watched: a proxy of this machine speaks for everybody, and keeps such a limit itself.
type failures struct {
	perSecond int // 0 = any number; a second's worth may come at once

	mu sync.Mutex
	// until is when the last one of an address is paid off, in nanoseconds of the server's clock: each one costs a
	// second's share.
	until map[netip.Prefix]int64
}

// blocked reports whether an address is over the limit.
func (f *failures) blocked(from netip.Prefix, now time.Time) bool {
	if f.perSecond == 0 || !from.IsValid() {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	share := int64(time.Second) / int64(f.perSecond)
	return f.until[from]-now.UnixNano() > int64(time.Second)-share
}

// add counts a request that was nobody's.
func (f *failures) add(from netip.Prefix, now time.Time) {
	if f.perSecond == 0 || !from.IsValid() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.until) >= maxAddresses {
		for address, until := range f.until {
			if until <= now.UnixNano() {
				delete(f.until, address)
			}
		}
	}
	if f.until == nil || len(f.until) >= maxAddresses {
		f.until = make(map[netip.Prefix]int64)
	}
	f.until[from] = max(f.until[from], now.UnixNano()) + int64(time.Second)/int64(f.perSecond)
}

// remote is the address that a request comes from: an IPv6 one is the 64 bits that a site has. It is not valid where it
// is not watched.
func remote(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	a, err := netip.ParseAddr(host)
	if a = a.Unmap().WithZone(""); err != nil || a.IsLoopback() {
		return netip.Prefix{}
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of an address without a zone: it cannot fail
	return p
}
