package pay_test

import (
	"strings"
	"testing"
)

// TestCreditRunsOut checks that cash of 10 and a credit limit of 5 pay two lines of a day and part of the third. The
// rest is debt, which a recharge on the next day pays first.
func TestCreditRunsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	w.night(map[string]string{"2026-09": `
		event acme 2026-09-01 08:00 e1 recharge cash 10
		event acme 2026-09-01 09:00 e2 credit_limit credit 5
		usage acme 2026-09-02 10:00 r1 ecs 6
		usage acme 2026-09-02 11:00 r2 ecs 6
		usage acme 2026-09-02 12:00 r3 ecs 6
		usage beta 2026-09-02 12:00 r1 ecs 1.00000001
		event acme 2026-09-03 12:00 e3 recharge cash 10
		usage acme 2026-09-03 12:00 r4 ecs 4
		end acme 2026-09-01 00:00 m1 obs 4`})
	w.same("2026-09", "lines", `
		2026-09-02 acme r1 6: cash 6
		2026-09-02 acme r2 6: cash 4 credit 2
		2026-09-02 acme r3 6: credit 3 debt 3
		2026-09-02 beta r1 1.00000001: debt 1.00000001
		2026-09-03 acme r4 4: cash 4
		end acme m1 4: cash 3 debt 1`)
	w.same("2026-09", "account_entries", `
		2026-09-01 acme 2026-09-01 08:00 e1 recharge cash 10 -> 10
		2026-09-01 acme 2026-09-01 09:00 e2 credit_limit credit 5 -> 5
		2026-09-02 acme 2026-09-02 10:00 r1 consume cash -6 -> 4
		2026-09-02 acme 2026-09-02 11:00 r2 consume cash -4 -> 0
		2026-09-02 acme 2026-09-02 11:00 r2 consume credit -2 -> 3
		2026-09-02 acme 2026-09-02 12:00 r3 consume credit -3 -> 0
		2026-09-02 acme 2026-09-02 12:00 r3 consume debt 3 -> 3
		2026-09-02 beta 2026-09-02 12:00 r1 consume debt 1.00000001 -> 1.00000001
		2026-09-03 acme 2026-09-03 12:00 e3 recharge debt -3 -> 0
		2026-09-03 acme 2026-09-03 12:00 e3 recharge cash 7 -> 7
		2026-09-03 acme 2026-09-03 12:00 r4 consume cash -4 -> 3
		end acme 2026-09-30 23:59:59.999999 m1 consume cash -3 -> 0
		end acme 2026-09-30 23:59:59.999999 m1 consume debt 1 -> 1`)
	w.same("2026-09", "balances", `
		2026-09-01 acme cash 10
		2026-09-01 acme credit_limit 5
		2026-09-02 acme cash 0
		2026-09-02 acme credit_limit 5
		2026-09-02 acme credit_used 5
		2026-09-02 acme debt 3
		2026-09-02 beta debt 1.00000001
		2026-09-03 acme cash 3
		2026-09-03 acme credit_limit 5
		2026-09-03 acme credit_used 5
		2026-09-03 acme debt 0
		2026-09-03 beta debt 1.00000001
		end acme cash 0
		end acme credit_limit 5
		end acme credit_used 5
		end acme debt 1
		end beta debt 1.00000001`)
	w.same("2026-09", "sums", `
		2026-09-02 acme 3 18: cash 10 credit 5 debt 3
		2026-09-02 beta 1 1.00000001: debt 1.00000001
		2026-09-03 acme 1 4: cash 4
		end acme 1 4: cash 3 debt 1`)
}

// TestCouponsOfUsage checks that coupon k pays lines of at least 3 until it is exhausted, and that coupon plain pays
// lines without a discount.
func TestCouponsOfUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, `k,acme,cash_coupon,YES,5,3,*,*,YES,2026-09-02,2026-09-20
plain,acme,voucher,,10,0,*,*,NO,2026-09-01,2026-10-01
`)
	w.night(map[string]string{"2026-09": `
		usage acme 2026-09-01 10:00 r0 ecs 3
		usage acme 2026-09-02 10:00 r1 ecs 2
		usage acme 2026-09-02 11:00 r2 ecs 4 discount=d
		usage acme 2026-09-02 12:00 r3 ecs 4 discount=d
		usage acme 2026-09-03 10:00 r4 ecs 6
		usage beta 2026-09-03 10:00 r1 ecs 6
		event acme 2026-09-03 11:00 e1 recharge cash 100`})
	w.same("2026-09", "lines", `
		2026-09-01 acme r0 3: coupon 3
		2026-09-02 acme r1 2: coupon 2
		2026-09-02 acme r2 4: coupon 4
		2026-09-02 acme r3 4: coupon 1 cash 3
		2026-09-03 acme r4 6: coupon 5 cash 1
		2026-09-03 beta r1 6: cash 6`)
	w.same("2026-09", "balances", `
		2026-09-01 acme coupon plain 3
		2026-09-02 acme coupon k 5
		2026-09-02 acme coupon plain 5
		2026-09-03 acme coupon k 5
		2026-09-03 acme coupon plain 10`)
	w.same("2026-09", "account_entries", ``)
	w.same("2026-09", "sums", `
		2026-09-01 acme 1 3: coupon 3
		2026-09-02 acme 3 10: coupon 7 cash 3
		2026-09-03 acme 1 6: coupon 5 cash 1
		2026-09-03 beta 1 6: cash 6`)
}

// TestCouponEndsEarlier checks a coupon that paid lines of three days and whose validity is then shortened to the
// first. The lines are paid again without being rated again: what the coupon paid on the other days is now cash, also
// on acme's third day, on which no coupon is in force.
func TestCouponEndsEarlier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, "k,acme,cash_coupon,YES,10,0,*,*,YES,2026-09-01,2026-09-20\n")
	cycle := map[string]string{"2026-09": `
		usage acme 2026-09-01 10:00 r1 ecs 3
		usage acme 2026-09-02 10:00 r2 ecs 3
		usage acme 2026-09-03 10:00 r3 ecs 9
		usage beta 2026-09-03 10:00 r4 ecs 2`}
	w.night(cycle)
	w.same("2026-09", "lines", `
		2026-09-01 acme r1 3: coupon 3
		2026-09-02 acme r2 3: coupon 3
		2026-09-03 acme r3 9: coupon 4 cash 5
		2026-09-03 beta r4 2: cash 2`)
	w.setCoupons("k,acme,cash_coupon,YES,10,0,*,*,YES,2026-09-01,2026-09-02\n")
	w.again = true
	w.night(cycle)
	w.same("2026-09", "lines", `
		2026-09-01 acme r1 3: coupon 3
		2026-09-02 acme r2 3: cash 3
		2026-09-03 acme r3 9: cash 9
		2026-09-03 beta r4 2: cash 2`)
	w.same("2026-09", "sums", `
		2026-09-01 acme 1 3: coupon 3
		2026-09-02 acme 1 3: cash 3
		2026-09-03 acme 1 9: cash 9
		2026-09-03 beta 1 2: cash 2`)
	w.same("2026-09", "balances", `2026-09-01 acme coupon k 3`)
}

// TestOrders checks that an order draws first the coupons that it names and then balances, and that its refund returns
// the amount to the kinds of balance that paid it, but not to the coupon. o1 costs 100: 20 from the coupon, 30 stored
// value, 50 cash. Of these 80, with 10 of 20 days left, 40 are refunded: 15 and 25.
func TestOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "k,acme,cash_coupon,YES,20,0,*,*,YES,2026-09-01,2026-10-01\n"+
		"l,acme,voucher,,20,0,*,month,YES,2026-09-01,2026-10-01\n")
	w.night(map[string]string{"2026-09": `
		event acme 2026-09-01 08:00 e1 recharge cash 50
		event acme 2026-09-01 09:00 e2 allocate stored_value 30
		order acme 2026-09-02 00:00 o1/1 month 100 coupons=k until=2026-09-22
		unsubscribe acme 2026-09-12 00:00 u1/1 month -50 of=o1/1
		usage acme 2026-09-12 01:00 r1 ecs 60
		adjust acme 2026-09-13 00:00 a1 ecs -7
		late acme 2026-08-13 00:00 r9 ecs -3 at=2026-09-14_00:00
		order acme 2026-09-15 00:00 o2/1 month 9 coupons=l payer=p
		unsubscribe acme 2026-09-15 01:00 u2/1 month -9 of=o2/1
		order acme 2026-09-16 00:00 o3/1 month 20 coupons=l`})
	w.same("2026-09", "account_entries", `
		2026-09-01 acme 2026-09-01 08:00 e1 recharge cash 50 -> 50
		2026-09-01 acme 2026-09-01 09:00 e2 allocate stored_value 30 -> 30
		2026-09-02 acme 2026-09-02 00:00 o1/1 consume stored_value -30 -> 0
		2026-09-02 acme 2026-09-02 00:00 o1/1 consume cash -50 -> 0
		2026-09-12 acme 2026-09-12 00:00 u1/1 refund stored_value 15 -> 15
		2026-09-12 acme 2026-09-12 00:00 u1/1 refund cash 25 -> 25
		2026-09-12 acme 2026-09-12 01:00 r1 consume stored_value -15 -> 0
		2026-09-12 acme 2026-09-12 01:00 r1 consume cash -25 -> 0
		2026-09-12 acme 2026-09-12 01:00 r1 consume debt 20 -> 20
		2026-09-14 acme 2026-09-14 00:00 r9 refund cash 3 -> 3
		2026-09-16 acme 2026-09-16 00:00 o3/1 consume cash -3 -> 0
		2026-09-16 acme 2026-09-16 00:00 o3/1 consume debt 6 -> 26`)
	w.same("2026-09", "lines", `
		2026-09-12 acme r1 60: stored 15 cash 25 debt 20
		events acme o1/1 100: coupon 20 stored 30 cash 50
		events acme u1/1 -40: stored -15 cash -25
		events acme a1 -7: cash -7
		events acme o2/1 9: coupon 9
		events acme u2/1 0:
		events acme o3/1 20: coupon 11 cash 3 debt 6
		late acme r9 -3: cash -3`)
	w.same("2026-09", "sums", `
		2026-09-12 acme 1 60: stored 15 cash 25 debt 20
		events acme 6 82: coupon 40 stored 15 cash 21 debt 6
		late acme 1 -3: cash -3`)
}

// TestReclaimRefused checks that a reclaim of 9 is refused at a balance of 8. After a late recharge for the previous
// day the reclaim is accepted, and the withdrawal on the following day is refused instead.
func TestReclaimRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	first := `
		event acme 2026-09-01 08:00 e1 recharge cash 10
		usage acme 2026-09-02 10:00 r1 ecs 2
		event acme 2026-09-03 10:00 e2 reclaim cash 9
		event acme 2026-09-04 10:00 e3 withdraw cash 8
		usage acme 2026-09-05 10:00 r2 ecs 1`
	w.night(map[string]string{"2026-09": first})
	w.refused("2026-09", "e2")
	w.same("2026-09", "account_entries", `
		2026-09-01 acme 2026-09-01 08:00 e1 recharge cash 10 -> 10
		2026-09-02 acme 2026-09-02 10:00 r1 consume cash -2 -> 8
		2026-09-04 acme 2026-09-04 10:00 e3 withdraw cash -8 -> 0
		2026-09-05 acme 2026-09-05 10:00 r2 consume debt 1 -> 1`)
	w.night(map[string]string{"2026-09": first + `
		event acme 2026-09-02 20:00 e0 recharge cash 1.5`})
	w.refused("2026-09", "e3")
	w.same("2026-09", "account_entries", `
		2026-09-01 acme 2026-09-01 08:00 e1 recharge cash 10 -> 10
		2026-09-02 acme 2026-09-02 10:00 r1 consume cash -2 -> 8
		2026-09-02 acme 2026-09-02 20:00 e0 recharge cash 1.5 -> 9.5
		2026-09-03 acme 2026-09-03 10:00 e2 reclaim cash -9 -> 0.5
		2026-09-05 acme 2026-09-05 10:00 r2 consume cash -0.5 -> 0
		2026-09-05 acme 2026-09-05 10:00 r2 consume debt 0.5 -> 0.5`)
	w.same("2026-09", "balances", `
		2026-09-01 acme cash 10
		2026-09-02 acme cash 9.5
		2026-09-03 acme cash 0.5
		2026-09-05 acme cash 0
		2026-09-05 acme debt 0.5`)
	w.night(map[string]string{"2026-09": first + `
		event acme 2026-09-02 20:00 e0 recharge cash 1.5
		usage acme 2026-09-06 10:00 r3 ecs 1`})
	w.refused("2026-09", "e3")
	if w.result.Days != 1 {
		t.Errorf("one new day, and %d days were paid", w.result.Days)
	}
}

// TestNothingNew checks that unchanged days are not paid again, and that after a change paying stops at the first day
// whose balances are as before (CASH-3).
func TestNothingNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	text := `
		event acme 2026-09-01 08:00 e1 recharge cash 10
		event acme 2026-09-01 08:00 e2 recharge stored_value 5
		usage acme 2026-09-02 10:00 r1 ecs 3
		usage acme 2026-09-03 10:00 r2 ecs 6
		usage acme 2026-09-04 10:00 r3 ecs 1
		usage acme 2026-09-05 10:00 r4 ecs 1`
	w.night(map[string]string{"2026-09": text})
	before := w.files()
	if strays := w.strays(); len(strays) > 0 {
		t.Errorf("lines that were not paid yet left %v", strays)
	}
	w.night(map[string]string{"2026-09": text})
	if len(w.result.Cycles) > 0 || len(w.result.Refused) > 0 || w.result.Days > 0 || w.files() != before {
		t.Errorf("nothing new, and the result is %+v", w.result)
	}
	// Usage of the first day grows by 1 and usage of the second shrinks by 1: from the third day on nothing changes.
	w.night(map[string]string{"2026-09": strings.NewReplacer("r1 ecs 3", "r1 ecs 4", "r2 ecs 6",
		"r2 ecs 5").Replace(text)})
	if w.result.Days != 2 {
		t.Errorf("%d days were paid, want 2", w.result.Days)
	}
	w.night(map[string]string{"2026-09": text})
	if w.files() != before {
		t.Error("there and back again gives other files")
	}
}

// TestCycles checks that balances and coupons continue from the previous cycle, whether it is closed or open, and that
// a closed cycle does not change. Invariant: CASH-7.
func TestCycles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "k,acme,cash_coupon,YES,10,0,*,*,YES,2026-08-01,2026-11-01\n")
	august := `
		event acme 2026-08-01 08:00 e1 recharge cash 100
		order acme 2026-08-20 00:00 o1/1 month 40 coupons=k until=2026-12-28
		usage acme 2026-08-25 10:00 r1 ecs 5`
	september := `
		usage acme 2026-09-02 10:00 r2 ecs 6`
	october := `
		unsubscribe acme 2026-10-09 00:00 u1/1 month -1 of=o1/1
		usage acme 2026-10-20 10:00 r3 ecs 70`
	w.night(map[string]string{"2026-08": august})
	w.close("2026-08")
	closed := w.show("2026-08", "lines")
	w.night(map[string]string{"2026-09": september, "2026-10": october})
	w.same("2026-09", "lines", `2026-09-02 acme r2 6: cash 6`)
	// 30 were paid in cash; with 80 of 130 days left 18.461… are refunded. 100 − 30 − 5 − 6 + 18.46 = 77.46.
	w.same("2026-10", "account_entries", `
		2026-10-09 acme 2026-10-09 00:00 u1/1 refund cash 18.46 -> 77.46
		2026-10-20 acme 2026-10-20 10:00 r3 consume cash -70 -> 7.46`)
	w.night(map[string]string{"2026-09": september + `
		late acme 2026-08-02 10:00 r9 ecs 8 at=2026-09-30_12:00`, "2026-10": october})
	w.same("2026-09", "lines", `
		2026-09-02 acme r2 6: cash 6
		late acme r9 8: cash 8`)
	w.same("2026-10", "account_entries", `
		2026-10-09 acme 2026-10-09 00:00 u1/1 refund cash 18.46 -> 69.46
		2026-10-20 acme 2026-10-20 10:00 r3 consume cash -69.46 -> 0
		2026-10-20 acme 2026-10-20 10:00 r3 consume debt 0.54 -> 0.54`)
	if w.result.Days != 3 {
		t.Errorf("%d days were paid, want 3", w.result.Days)
	}
	if now := w.show("2026-08", "lines"); now != closed {
		t.Errorf("the closed cycle was\n%s\nand is\n%s", closed, now)
	}
}

// TestRefundOfEarlierOpenCycle checks an order of August, which is open as well. A coupon that is added to the books
// pays part of o1, so the refund in September is smaller.
func TestRefundOfEarlierOpenCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, "")
	cycles := map[string]string{
		"2026-08": `order acme 2026-08-20 00:00 o1/1 month 41 coupons=k until=2026-09-30`,
		"2026-09": `unsubscribe acme 2026-09-09 12:00 u1/1 month -20.5 of=o1/1`,
	}
	w.night(cycles)
	w.same("2026-09", "lines", `events acme u1/1 -20.5: cash -20.5`)
	before := w.files()
	w.setCoupons("k,acme,voucher,,21,0,*,*,YES,2026-08-01,2026-09-01\n")
	w.refold = true
	w.night(cycles)
	w.same("2026-08", "lines", `events acme o1/1 41: coupon 21 cash 20`)
	w.same("2026-09", "lines", `events acme u1/1 -10: cash -10`)
	w.same("2026-09", "balances", ``)
	w.setCoupons("")
	w.night(cycles)
	if w.files() != before {
		t.Errorf("without the coupon files are\n%s\nand were\n%s", w.files(), before)
	}
}

// TestResplit checks an order of August whose payment is split differently while August's closing balances are the
// same. The refund in September follows the new split.
func TestResplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	august := func(stored, cash string) string {
		return "event acme 2026-08-01 08:00 e1 recharge stored_value " + stored +
			"\nevent acme 2026-08-01 09:00 e2 recharge cash " + cash +
			"\norder acme 2026-08-20 00:00 o1/1 month 40 until=2026-08-30\n" +
			"event acme 2026-08-21 00:00 e3 recharge stored_value 1\nevent acme 2026-08-21 00:00 e4 recharge cash 1\n"
	}
	september := `unsubscribe acme 2026-08-25 00:00 u1/1 month -20 of=o1/1 at=2026-09-01_00:00`
	w.night(map[string]string{"2026-08": august("10", "30"), "2026-09": september})
	w.same("2026-09", "lines", `events acme u1/1 -20: stored -5 cash -15`)
	w.night(map[string]string{"2026-08": august("30", "10"), "2026-09": september})
	w.same("2026-09", "lines", `events acme u1/1 -20: stored -15 cash -5`)
}

// TestRefundBeforeItsBase checks a base order that was accepted after its cycle was closed and has its instant on the
// 10th. Its unsubscription of the 5th has the same instant (§6.3) and directly follows it (CASH-5), before the usage
// line of that instant with a later start.
func TestRefundBeforeItsBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	w.night(map[string]string{"2026-09": `
		event acme 2026-09-10 10:00 e1 recharge cash 40
		usage acme 2026-09-10 10:00 z9 ecs 1
		usage acme 2026-09-10 09:00 a1 ecs 1
		order acme 2026-08-20 00:00 o1/1 month 40 until=2026-09-09 at=2026-09-10_10:00
		unsubscribe acme 2026-09-05 00:00 u1/1 month -8 of=o1/1 at=2026-09-10_10:00`})
	w.same("2026-09", "account_entries", `
		2026-09-10 acme 2026-09-10 09:00 a1 consume debt 1 -> 1
		2026-09-10 acme 2026-09-10 10:00 e1 recharge debt -1 -> 0
		2026-09-10 acme 2026-09-10 10:00 e1 recharge cash 39 -> 39
		2026-09-10 acme 2026-09-10 10:00 o1/1 consume cash -39 -> 0
		2026-09-10 acme 2026-09-10 10:00 o1/1 consume debt 1 -> 1
		2026-09-10 acme 2026-09-10 10:00 u1/1 refund cash 7.8 -> 7.8
		2026-09-10 acme 2026-09-10 10:00 u1/1 refund debt -0.2 -> 0.8
		2026-09-10 acme 2026-09-10 10:00 z9 consume cash -1 -> 6.8`)
}

// TestSwitch checks that switching from the ledger to assume_cash and back restores the original files, and that in
// between the files have no trace of the ledger.
func TestSwitch(t *testing.T) {
	t.Parallel()
	text := map[string]string{"2026-09": `
		event acme 2026-09-01 08:00 e1 recharge stored_value 10
		event acme 2026-09-01 09:00 e2 withdraw cash 10
		rerate acme 2026-08-01 00:00 2026-08/ecs// ecs 4 at=2026-09-02_00:00
		usage acme 2026-09-02 10:00 r1 ecs 3`}
	w := newWorld(t, true, "")
	w.night(text)
	ledger := w.files()
	w.refused("2026-09", "e2")
	w.ledger, w.refold = false, true
	w.night(text)
	w.refused("2026-09")
	plain := newWorld(t, false, "")
	plain.night(text)
	if w.files() != plain.files() {
		t.Errorf("from ledger to cash:\n%s\nfrom the start:\n%s", w.files(), plain.files())
	}
	w.ledger = true
	w.night(text)
	if w.files() != ledger {
		t.Errorf("back to the ledger:\n%s\nat first:\n%s", w.files(), ledger)
	}
}

// TestOneInstant tests the order of CASH-5 for one instant: events by id, then lines in the order of §8, regardless of
// the file they are in, then month-end lines. Each draws from a balance of 10.
func TestOneInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, "")
	w.night(map[string]string{"2026-09": `
		event acme 2026-09-30 10:00 e2 withdraw cash 1
		event acme 2026-09-30 10:00 e1 recharge cash 10
		usage acme 2026-09-30 10:00 b ecs 1 tier=1
		late acme 2026-09-30 10:00 a ecs 1
		late acme 2026-09-30 10:00 b ecs 1.5 tier=1 origin=2026-07
		late acme 2026-09-30 10:00 b ecs 1.4 tier=1 resource=x kind=flat_fee
		late acme 2026-09-30 10:00 b ecs 1.3 tier=1 resource=x price=2
		late acme 2026-09-30 10:00 b ecs 1.2 tier=1 resource=x price=1
		rerate acme 2026-08-01 00:00 z ecs 1.1 at=2026-09-30_10:00
		adjust acme 2026-09-30 10:00 a ecs 100
		end acme 2026-09-01 00:00 a ecs 0.1`})
	var got []string
	for _, one := range strings.Split(w.show("2026-09", "account_entries"), "\n") {
		f := strings.Fields(one)
		got = append(got, f[4]+" "+f[7])
	}
	// b at tier 1: usage, flat_fee, then adjustments, among which late lines are ordered by resource and price.
	want := "e1 10,e2 -1,z -1.1,a -1,b -1,b -1.4,b -1.5,b -1.2,b -1.3,a -0.1"
	if strings.Join(got, ",") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ","), want)
	}
}
