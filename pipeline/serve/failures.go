package serve

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// maxAddresses limits how many addresses are watched at once: about 8 MB. If that many have recent failures, all are
// forgotten.
const maxAddresses = 1 << 16

// cheapBytes is the largest body that is read for an address over the limit: hashing it takes less time than reading
// the headers.
const cheapBytes = 64 << 10

// cheap reports whether a request is checked although its address is over the limit: every request without a large body
// is, so that no caller is refused because of another one behind the same address.
func cheap(r *http.Request) bool { return r.ContentLength >= 0 && r.ContentLength <= cheapBytes }

// failures counts unauthenticated requests per remote address and reports addresses over the limit, whose large bodies
// are not read: reading a body costs the server more than it costs a caller without a key. A request with a valid token
// or signature never counts, also if the signature was used before: its key is known.
//
// Loopback addresses are not watched: a proxy on this machine forwards requests of many callers, and must enforce such
// a limit itself.
type failures struct {
	perSecond int // 0 = no limit; may all come at once

	mu sync.Mutex
	// until is when an address has no more failures to its account, in nanoseconds of the server's clock: each failure
	// adds one second divided by perSecond.
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

// add counts an unauthenticated request.
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

// remote returns the address of a request, of IPv6 only the first 64 bits, which identify a site. It is invalid if the
// address is not watched.
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
	p, _ := a.Prefix(bits) // cannot fail: the address has no zone
	return p
}
