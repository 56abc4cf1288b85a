package feed

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestReadAheadGivesTheSameBytes checks streams whose sizes are near multiples of a block, in large and small reads.
func TestReadAheadGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, (aheadBlocks+2)*blockSize + 7} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i * 31 >> 3)
		}
		for name, from := range map[string]io.Reader{"whole": bytes.NewReader(want),
			"halves": iotest.HalfReader(bytes.NewReader(want)), "error with data": iotest.DataErrReader(
				bytes.NewReader(want))} {
			a := newAhead(from)
			got, err := io.ReadAll(a)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %s: got %d bytes, error %v", size, name, len(got), err)
			}
			a.close()
		}
	}
}

// TestReadAheadReturnsTheErrorAfterTheBytes checks that the error follows the bytes, and that further reads return it.
func TestReadAheadReturnsTheErrorAfterTheBytes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	a := newAhead(io.MultiReader(bytes.NewReader(make([]byte, blockSize+5)), iotest.ErrReader(broken)))
	defer a.close()
	got, err := io.ReadAll(a)
	if len(got) != blockSize+5 || !errors.Is(err, broken) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, broken) {
		t.Errorf("read again: %d bytes, error %v", n, err)
	}
}

// endless is an endless stream that records whether it is read after close has returned.
type endless struct{ closed, late bool }

func (e *endless) Read(p []byte) (int, error) {
	e.late = e.late || e.closed
	return len(p), nil
}

// TestReadAheadEndsBeforeTheStream checks that close returns only when the stream is no longer read and can be closed.
func TestReadAheadEndsBeforeTheStream(t *testing.T) {
	t.Parallel()
	var from endless
	a := newAhead(&from)
	if _, err := io.ReadFull(a, make([]byte, 3*blockSize)); err != nil {
		t.Fatal(err)
	}
	a.close()
	from.closed = true
	select {
	case <-a.ended:
	default:
		t.Error("the goroutine still reads")
	}
	if from.late {
		t.Error("the stream was read after close")
	}
}
