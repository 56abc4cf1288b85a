package parquet

import "encoding/binary"

// dictionary checks whether a column of decimals has few distinct values. It reuses its memory.
type dictionary struct {
	slots  [dictSlots]int32 // code+1
	values []Dec
	codes  []int32
}

const (
	dictSlots = 1 << 13
	dictLimit = dictSlots / 4
	// wholeLimit is the limit for whole numbers.
	wholeLimit = 64
	// A dictionary is worthwhile if each value occurs in several rows.
	rowsPerValue = 4
)

// try returns the codes of the values in d.values, or false if too many are distinct.
func (d *dictionary) try(vals []Dec) ([]int32, bool) {
	clear(d.slots[:])
	d.values, d.codes = d.values[:0], d.codes[:0]
	limit := min(dictLimit, len(vals)/rowsPerValue+1)
	last, lastCode := Dec{}, int32(-1)
	for _, v := range vals {
		if lastCode < 0 || v != last {
			code, ok := d.code(v, limit)
			if !ok {
				return nil, false
			}
			last, lastCode = v, code
		}
		d.codes = append(d.codes, lastCode)
	}
	return d.codes, true
}

// tryWholes is try for whole numbers with a lower limit: more distinct values are smaller as differences.
func (d *dictionary) tryWholes(vals []int64) ([]int32, bool) {
	clear(d.slots[:])
	d.values, d.codes = d.values[:0], d.codes[:0]
	limit := min(wholeLimit, len(vals)/rowsPerValue+1)
	last, lastCode := int64(0), int32(-1)
	for _, v := range vals {
		if lastCode < 0 || v != last {
			code, ok := d.code(Dec{Lo: uint64(v)}, limit)
			if !ok {
				return nil, false
			}
			last, lastCode = v, code
		}
		d.codes = append(d.codes, lastCode)
	}
	return d.codes, true
}

func (d *dictionary) code(v Dec, limit int) (int32, bool) {
	h := (v.Lo ^ uint64(v.Hi)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	for slot := h >> 51; ; slot = (slot + 1) % dictSlots {
		code := d.slots[slot] - 1
		if code < 0 {
			if len(d.values) >= limit {
				return 0, false
			}
			d.slots[slot] = int32(len(d.values)) + 1
			d.values = append(d.values, v)
			return int32(len(d.values)) - 1, true
		}
		if d.values[code] == v {
			return code, true
		}
	}
}

func putBE(dst []byte, v Dec) {
	binary.BigEndian.PutUint64(dst, uint64(v.Hi))
	binary.BigEndian.PutUint64(dst[8:], v.Lo)
}

func fromBE(b []byte) Dec {
	return Dec{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])}
}
