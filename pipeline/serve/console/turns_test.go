package console

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestTurns tests CONSOLE-9: waiting pages start in the order of their requests as soon as another page ends or takes
// long.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := make(turns, 2)
		ctx, leave := context.WithCancel(t.Context())
		got := make(chan int, 9)
		take := func(n int) (giveBack func()) {
			giveBack, err := all.take(ctx)
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("page %d: %v", n, err)
				}
				got <- -n
				return func() {}
			}
			got <- n
			return giveBack
		}
		short, long := take(1), take(2)
		for n := 3; n <= 6; n++ {
			go take(n)
			synctest.Wait()
		}
		if len(got) != 2 {
			t.Errorf("%d pages of 2", len(got))
		}
		time.Sleep(time.Millisecond) // 3 starts after 2 and therefore takes long later than 2
		short()
		short() // a second call has no effect
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("%d pages after one ended", len(got))
		}
		time.Sleep(longPage) // 2 and 3 take long
		synctest.Wait()
		if len(got) != 5 {
			t.Errorf("%d pages after two took long", len(got))
		}
		long()
		leave()
		synctest.Wait()
		close(got)
		var order []int
		for n := range got {
			order = append(order, n)
		}
		if want := []int{1, 2, 3, 4, 5, -6}; !slices.Equal(order, want) {
			t.Errorf("pages in the order %v, want %v: 6 left while it waited", order, want)
		}
	})
}
