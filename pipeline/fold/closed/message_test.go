package closed

import (
	"maps"
	"reflect"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestMessage checks that encoding and decoding a message does not change a difference, even if its texts are not valid
// UTF-8. Draws of zero are left out. Invariants: TASKENC-1.
func TestMessage(t *testing.T) {
	t.Parallel()
	amount := func(text string) money.Amount {
		a, err := money.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	quantity := func(text string) money.SignedQuantity {
		q, err := money.ParseSignedQuantity(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	origin, err := period.ParseCycle("2026-09")
	if err != nil {
		t.Fatal(err)
	}
	want := RerateDifference{
		Place: Place{Origin: origin, Customer: 7, SKU: 3, Region: "east\xff", Resource: "\xfe\x00r", Fee: true,
			Charge: "flat\xfd", Part: 1_790_000_000_000_001},
		Sum: Sum{Used: quantity("-1.5").Total(), Free: quantity("2").Total(), Official: amount("3.00000001"),
			Discount: amount("-4"), Truncated: amount("0.00000005"), Payment: amount("-6"),
			Draws: map[string]money.SignedQuantity{"gift": quantity("-0.5"), "a:b": quantity("1"), "zero": {}}},
		Part: period.Span{From: 1_790_000_000_000_001, To: 1_790_000_000_000_002},
		Why:  []string{ReasonPackage, ReasonPrice},
	}
	got, err := lake.TaskRoundTrip("difference", &want)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(want.Draws, func(_ string, q money.SignedQuantity) bool { return q.IsZero() })
	if !reflect.DeepEqual(&want, got) {
		t.Errorf("a message makes %+v of %+v", got, want)
	}
}
