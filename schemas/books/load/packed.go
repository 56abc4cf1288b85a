package load

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Names identify the books that a file was made of. Each is 32 characters or empty.
type Names struct {
	Key  string // identifies the stored files; empty = the file contains no books
	Note string // identifies their contents
}

const (
	magic      = "tollbook books 2"
	nameBytes  = 32
	fixedBytes = len(magic) + 2*nameBytes + 4 // magic, key, note, number of parts
	partBytes  = 16                           // per part in the head: offset, length, checksum
	sumBytes   = 4
	partRows   = 256     // approximate number of customer rows per part
	maxParts   = 1 << 16 // per file
	maxPart    = 1 << 28 // bytes per part
)

// errDamaged reports a file that changed after it was written.
var errDamaged = errors.New("packed books are not as they were written")

// Pack returns a packed file of the books. perCustomer lists those that have a row for each customer. Without a Key the
// file contains only the names.
func Pack(n Names, texts map[string]string, perCustomer []string) ([]byte, error) {
	var parts [][]byte
	if n.Key != "" {
		parts = split(texts, perCustomer)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false)) // the head has checksums
	if err != nil {
		return nil, err
	}
	head := make([]byte, fixedBytes, fixedBytes+len(parts)*partBytes+sumBytes)
	copy(head, magic)
	copy(head[len(magic):], n.Key)
	copy(head[len(magic)+nameBytes:], n.Note)
	binary.LittleEndian.PutUint32(head[fixedBytes-4:], uint32(len(parts)))
	var body []byte
	at := uint64(cap(head))
	for _, part := range parts {
		from := len(body)
		body = encoder.EncodeAll(part, body)
		head = binary.LittleEndian.AppendUint64(head, at+uint64(from))
		head = binary.LittleEndian.AppendUint32(head, uint32(len(body)-from))
		head = binary.LittleEndian.AppendUint32(head, checksum(body[from:]))
	}
	head = binary.LittleEndian.AppendUint32(head, checksum(head))
	return append(head, body...), encoder.Close()
}

// split makes the parts. The first has everything that every customer needs; the others have rows of customers,
// distributed by the hash of the customer's id.
func split(texts map[string]string, perCustomer []string) [][]byte {
	common, rows := maps.Clone(texts), 0
	for _, name := range perCustomer {
		rows += strings.Count(texts[name], "\n")
	}
	named := (&Files{Data: texts}).NamedCustomers(perCustomer)
	(&Files{Data: common}).KeepCustomer("", perCustomer) // keeps the rows of named customers
	n := min(1+rows/partRows, maxParts-1)
	parts := make([]map[string]*strings.Builder, n)
	for i := range parts {
		parts[i] = make(map[string]*strings.Builder)
	}
	for _, name := range perCustomer {
		EachCustomer(texts[name], func(id, record string) {
			if named[id] {
				return
			}
			part := parts[place(id, n)]
			if part[name] == nil {
				part[name] = new(strings.Builder)
			}
			part[name].WriteString(record)
			part[name].WriteByte('\n')
		})
	}
	out := [][]byte{encode(common)}
	for _, part := range parts {
		records := make(map[string]string, len(part))
		for name, b := range part {
			records[name] = b.String()
		}
		out = append(out, encode(records))
	}
	return out
}

// place returns the index of the part, of n, that has the rows of a customer.
func place(customer string, n int) int {
	h := fnv.New32a()
	_, _ = io.WriteString(h, customer) // never fails
	return int(h.Sum32() % uint32(n))
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// encode concatenates texts with their names.
func encode(texts map[string]string) (out []byte) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, text := range []string{name, texts[name]} {
			out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
		}
	}
	return out
}

// decode reads what encode wrote.
func decode(part []byte) (map[string]string, error) {
	all, texts := string(part), make(map[string]string)
	next := func() (text string, ok bool) {
		size, n := binary.Uvarint(part[len(part)-len(all):])
		if n <= 0 || size > uint64(len(all)-n) {
			return "", false
		}
		text, all = all[n:n+int(size)], all[n+int(size):]
		return text, true
	}
	for all != "" {
		name, ok := next()
		text, alsoOK := next()
		if !ok || !alsoOK {
			return nil, errDamaged
		}
		texts[name] = text
	}
	return texts, nil
}

// PackedFile is a packed file that is open for reading.
type PackedFile struct {
	Names
	src  io.ReaderAt
	head []byte // offset, length and checksum of each part
}

// OpenPacked reads the head of a file. It is an error if the file is not a packed file or is damaged.
func OpenPacked(src io.ReaderAt) (*PackedFile, error) {
	fixed := make([]byte, fixedBytes)
	if n, err := src.ReadAt(fixed, 0); n < len(fixed) {
		return nil, errors.Join(errDamaged, err)
	}
	parts := binary.LittleEndian.Uint32(fixed[fixedBytes-4:])
	if string(fixed[:len(magic)]) != magic || parts > maxParts {
		return nil, errDamaged
	}
	rest := make([]byte, int(parts)*partBytes+sumBytes)
	if n, err := src.ReadAt(rest, int64(fixedBytes)); n < len(rest) {
		return nil, errors.Join(errDamaged, err)
	}
	head := rest[:len(rest)-sumBytes]
	if checksum(append(fixed, head...)) != binary.LittleEndian.Uint32(rest[len(head):]) {
		return nil, errDamaged
	}
	name := func(at int) string { return strings.TrimRight(string(fixed[at:at+nameBytes]), "\x00") }
	return &PackedFile{Names{name(len(magic)), name(len(magic) + nameBytes)}, src, head}, nil
}

// Of returns the texts of the books that a reader of one customer needs.
func (f *PackedFile) Of(customer string) (map[string]string, error) {
	n := len(f.head)/partBytes - 1
	if n < 1 {
		return nil, errDamaged
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPart))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	texts, err := f.part(decoder, 0)
	if err != nil {
		return nil, err
	}
	own, err := f.part(decoder, 1+place(customer, n))
	if err != nil {
		return nil, err
	}
	for name, records := range own {
		head, _, _ := strings.Cut(texts[name], "\n")
		EachCustomer(head+"\n"+records, func(id, record string) {
			if id == customer {
				texts[name] += record + "\n"
			}
		})
	}
	return texts, nil
}

// part reads and verifies a part.
func (f *PackedFile) part(decoder *zstd.Decoder, i int) (map[string]string, error) {
	entry := f.head[i*partBytes:]
	at, size := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint32(entry[8:])
	if at > 1<<40 || size > maxPart {
		return nil, errDamaged
	}
	packed := make([]byte, size)
	if n, err := f.src.ReadAt(packed, int64(at)); n < len(packed) {
		return nil, errors.Join(errDamaged, err)
	}
	if checksum(packed) != binary.LittleEndian.Uint32(entry[12:]) {
		return nil, errDamaged
	}
	part, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, errors.Join(errDamaged, err)
	}
	return decode(part)
}
