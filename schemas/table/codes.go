package table

// Values of charging_mode (§5).
const (
	ChargingByPeriod = 1
	ChargingOnDemand = 3
)

// Values of bill_detail_type (§5).
const (
	DetailPurchase     = 1
	DetailRenewal      = 2
	DetailChange       = 3
	DetailUnsubscribe  = 4
	DetailUsage        = 5
	DetailAutoRenewal  = 8
	DetailCompensation = 9
	DetailAdjustment   = 16 // also of what is billed after its cycle was closed (§4.11)
)
