package export

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Tag identifies the bytes that Write writes: equal tags mean equal bytes. It is calculated from the committed state,
// the books, the request, and program, the version of the program that writes them. It can be used as an ETag, without
// the quotes.
func (r *Request) Tag(snap *lake.Snapshot, program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q %q %q %t", program, snap.Hash, r.Table, r.Format, r.Cycle, r.Split)
	fmt.Fprintf(&b, " %q %q %t %q %q", r.Scope.Customer, r.Scope.Partner, r.Scope.Resellers, r.Scope.Seller,
		r.Scope.Named)
	if r.Excel {
		b.WriteString(" excel")
	}
	if r.Partners.Books != nil {
		b.WriteString(hex.EncodeToString(r.Partners.Books.Hash[:]))
	}
	return string(lake.HashBytes([]byte(b.String())))
}
