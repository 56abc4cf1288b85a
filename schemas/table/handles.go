// Code generated from the definitions by go test -run TestHandles -update; DO NOT EDIT.

package table

// Record is a row of usage and of late.
type Record struct{}

func (Record) of(table string) bool { return table == "usage" || table == "late" }

// Columns of usage and of late.
const (
	RecordCustomerID   WordColumn[Record]     = 0
	RecordRecordID     TextColumn[Record]     = 1
	RecordResourceID   TextColumn[Record]     = 2
	RecordSKU          WordColumn[Record]     = 3
	RecordRegionCode   WordColumn[Record]     = 4
	RecordUsageStart   TimeColumn[Record]     = 5
	RecordUsageEnd     TimeColumn[Record]     = 6
	RecordQuantity     QuantityColumn[Record] = 7
	RecordResourceName TextColumn[Record]     = 8
	RecordResourceTag  TextColumn[Record]     = 9
	RecordReplaces     TextColumn[Record]     = 10
	RecordStatus       SmallColumn[Record]    = 11
	RecordDraws        TextColumn[Record]     = 12
	RecordOriginCycle  WordColumn[Record]     = 13
	RecordAsOf         TimeColumn[Record]     = 14
)

// Sample is a row of bandwidth and of late_samples.
type Sample struct{}

func (Sample) of(table string) bool { return table == "bandwidth" || table == "late_samples" }

// Columns of bandwidth and of late_samples.
const (
	SampleCustomerID WordColumn[Sample]     = 0
	SampleResourceID WordColumn[Sample]     = 1
	SampleSlot       TimeColumn[Sample]     = 2
	SampleSampleTime TimeColumn[Sample]     = 3
	SampleInBps      QuantityColumn[Sample] = 4
	SampleOutBps     QuantityColumn[Sample] = 5
	SampleAsOf       TimeColumn[Sample]     = 6
)

// Position is a row of positions and of late_positions.
type Position struct{}

func (Position) of(table string) bool { return table == "positions" || table == "late_positions" }

// Columns of positions and of late_positions.
const (
	PositionCustomerID  WordColumn[Position]      = 0
	PositionKind        SmallColumn[Position]     = 1
	PositionKey         WordColumn[Position]      = 2
	PositionScope       WordColumn[Position]      = 3
	PositionResource    TextColumn[Position]      = 4
	PositionRegion      WordColumn[Position]      = 5
	PositionName        TextColumn[Position]      = 6
	PositionTag         TextColumn[Position]      = 7
	PositionFirst       WholeColumn[Position]     = 8
	PositionCount       QuantityColumn[Position]  = 9
	PositionUsage       QuantityColumn[Position]  = 10
	PositionFree        QuantityColumn[Position]  = 11
	PositionDraws       TextColumn[Position]      = 12
	PositionAt          MaybeTimeColumn[Position] = 13
	PositionOriginCycle WordColumn[Position]      = 14
)

// Line is a row of lines.
type Line struct{}

func (Line) of(table string) bool { return table == "lines" }

// Columns of lines.
const (
	LineCycle                     WordColumn[Line]      = 0
	LineCustomerID                WordColumn[Line]      = 1
	LinePartnerID                 WordColumn[Line]      = 2
	LineAssociationType           WordColumn[Line]      = 3
	LineServiceTypeCode           WordColumn[Line]      = 4
	LineResourceTypeCode          WordColumn[Line]      = 5
	LineRegionCode                WordColumn[Line]      = 6
	LineChargingMode              SmallColumn[Line]     = 7
	LineBillDetailType            SmallColumn[Line]     = 8
	LineTradeID                   WordColumn[Line]      = 9
	LineTradeTime                 TimeColumn[Line]      = 10
	LineConsumeTime               TimeColumn[Line]      = 11
	LineID                        TextColumn[Line]      = 12
	LineTier                      SmallColumn[Line]     = 13
	LineKind                      WordColumn[Line]      = 14
	LineResourceID                TextColumn[Line]      = 15
	LineResourceName              TextColumn[Line]      = 16
	LineResourceTag               TextColumn[Line]      = 17
	LineSKU                       WordColumn[Line]      = 18
	LineUsageType                 WordColumn[Line]      = 19
	LineMeasure                   WordColumn[Line]      = 20
	LineUsageAmount               QuantityColumn[Line]  = 21
	LineFreeResourceUsage         QuantityColumn[Line]  = 22
	LineQuantity                  QuantityColumn[Line]  = 23
	LineUnitPrice                 QuantityColumn[Line]  = 24
	LineOfficialAmount            AmountColumn[Line]    = 25
	LineOfficialDiscountAmount    AmountColumn[Line]    = 26
	LineDiscountID                WordColumn[Line]      = 27
	LineTruncatedAmount           AmountColumn[Line]    = 28
	LinePaymentAmount             AmountColumn[Line]    = 29
	LineCashAmount                AmountColumn[Line]    = 30
	LineCreditAmount              AmountColumn[Line]    = 31
	LineCouponAmount              AmountColumn[Line]    = 32
	LineStoredValueCardAmount     AmountColumn[Line]    = 33
	LineFlexipurchaseCouponAmount AmountColumn[Line]    = 34
	LineDebtAmount                AmountColumn[Line]    = 35
	LineOriginCycle               WordColumn[Line]      = 36
	LinePriceValidFrom            MaybeTimeColumn[Line] = 37
	LinePriceList                 WordColumn[Line]      = 38
	LinePriceRegion               WordColumn[Line]      = 39
	LinePackageDraws              TextColumn[Line]      = 40
	LineUsageStart                TimeColumn[Line]      = 41
	LineUsageEnd                  MaybeTimeColumn[Line] = 42
	LineDay                       WordColumn[Line]      = 43
	LineCountedCouponAmount       AmountColumn[Line]    = 44
	LineOwnTime                   MaybeTimeColumn[Line] = 45
	LineInstant                   MaybeTimeColumn[Line] = 46
)

// Sum is a row of sums.
type Sum struct{}

func (Sum) of(table string) bool { return table == "sums" }

// Columns of sums.
const (
	SumCustomerID                WordColumn[Sum]   = 0
	SumLineCount                 WholeColumn[Sum]  = 1
	SumOfficialAmount            AmountColumn[Sum] = 2
	SumOfficialDiscountAmount    AmountColumn[Sum] = 3
	SumTruncatedAmount           AmountColumn[Sum] = 4
	SumPaymentAmount             AmountColumn[Sum] = 5
	SumCashAmount                AmountColumn[Sum] = 6
	SumCreditAmount              AmountColumn[Sum] = 7
	SumCouponAmount              AmountColumn[Sum] = 8
	SumStoredValueCardAmount     AmountColumn[Sum] = 9
	SumFlexipurchaseCouponAmount AmountColumn[Sum] = 10
	SumDebtAmount                AmountColumn[Sum] = 11
)

// Identity is a row of ident.
type Identity struct{}

func (Identity) of(table string) bool { return table == "ident" }

// Columns of ident.
const (
	IdentityHash WholeColumn[Identity] = 0
)

// Reject is a row of rejects and of ended_rejects.
type Reject struct{}

func (Reject) of(table string) bool { return table == "rejects" || table == "ended_rejects" }

// Columns of rejects and of ended_rejects.
const (
	RejectFeed          WordColumn[Reject]      = 0
	RejectFile          WordColumn[Reject]      = 1
	RejectRow           WholeColumn[Reject]     = 2
	RejectColumn        WordColumn[Reject]      = 3
	RejectReason        WordColumn[Reject]      = 4
	RejectValue         TextColumn[Reject]      = 5
	RejectID            TextColumn[Reject]      = 6
	RejectRaw           TextColumn[Reject]      = 7
	RejectFileHash      WordColumn[Reject]      = 8
	RejectHeader        WordColumn[Reject]      = 9
	RejectCorrectedFile WordColumn[Reject]      = 10
	RejectCorrectedRow  WholeColumn[Reject]     = 11
	RejectCorrectedAt   MaybeTimeColumn[Reject] = 12
	RejectDismissedBy   WordColumn[Reject]      = 13
	RejectDismissedWhy  TextColumn[Reject]      = 14
	RejectDismissedAt   MaybeTimeColumn[Reject] = 15
)

// Statement is a row of statements.
type Statement struct{}

func (Statement) of(table string) bool { return table == "statements" }

// Columns of statements.
const (
	StatementCycle                     WordColumn[Statement]   = 0
	StatementCustomerID                WordColumn[Statement]   = 1
	StatementLineCount                 WholeColumn[Statement]  = 2
	StatementOfficialAmount            AmountColumn[Statement] = 3
	StatementOfficialDiscountAmount    AmountColumn[Statement] = 4
	StatementTruncatedAmount           AmountColumn[Statement] = 5
	StatementPaymentAmount             AmountColumn[Statement] = 6
	StatementRoundingAmount            AmountColumn[Statement] = 7
	StatementDueAmount                 AmountColumn[Statement] = 8
	StatementCashAmount                AmountColumn[Statement] = 9
	StatementCreditAmount              AmountColumn[Statement] = 10
	StatementCouponAmount              AmountColumn[Statement] = 11
	StatementStoredValueCardAmount     AmountColumn[Statement] = 12
	StatementFlexipurchaseCouponAmount AmountColumn[Statement] = 13
	StatementDebtAmount                AmountColumn[Statement] = 14
	StatementTaxAmount                 AmountColumn[Statement] = 15
)

// Total is a row of totals.
type Total struct{}

func (Total) of(table string) bool { return table == "totals" }

// Columns of totals.
const (
	TotalName  WordColumn[Total] = 0
	TotalValue TextColumn[Total] = 1
)

// Order is a row of orders.
type Order struct{}

func (Order) of(table string) bool { return table == "orders" }

// Columns of orders.
const (
	OrderCustomerID     WordColumn[Order]      = 0
	OrderOrderID        TextColumn[Order]      = 1
	OrderOrderLine      WholeColumn[Order]     = 2
	OrderOrderType      WordColumn[Order]      = 3
	OrderSKU            WordColumn[Order]      = 4
	OrderRegionCode     WordColumn[Order]      = 5
	OrderResourceID     TextColumn[Order]      = 6
	OrderQuantity       QuantityColumn[Order]  = 7
	OrderPeriodType     WordColumn[Order]      = 8
	OrderPeriodNum      WholeColumn[Order]     = 9
	OrderPayTime        TimeColumn[Order]      = 10
	OrderEffectiveTime  TimeColumn[Order]      = 11
	OrderExpireTime     MaybeTimeColumn[Order] = 12
	OrderBaseOrderID    TextColumn[Order]      = 13
	OrderBaseOrderLine  WholeColumn[Order]     = 14
	OrderPayer          WordColumn[Order]      = 15
	OrderDiscountID     WordColumn[Order]      = 16
	OrderCouponIDs      TextColumn[Order]      = 17
	OrderOfficialAmount AmountColumn[Order]    = 18
	OrderHasOfficial    SmallColumn[Order]     = 19
	OrderAsOf           TimeColumn[Order]      = 20
)

// OrderStep is a row of order_status.
type OrderStep struct{}

func (OrderStep) of(table string) bool { return table == "order_status" }

// Columns of order_status.
const (
	OrderStepCustomerID     WordColumn[OrderStep]      = 0
	OrderStepOrderID        TextColumn[OrderStep]      = 1
	OrderStepOrderLine      WholeColumn[OrderStep]     = 2
	OrderStepStatus         WordColumn[OrderStep]      = 3
	OrderStepTime           TimeColumn[OrderStep]      = 4
	OrderStepOrderType      WordColumn[OrderStep]      = 5
	OrderStepSKU            WordColumn[OrderStep]      = 6
	OrderStepRegionCode     WordColumn[OrderStep]      = 7
	OrderStepResourceID     TextColumn[OrderStep]      = 8
	OrderStepQuantity       QuantityColumn[OrderStep]  = 9
	OrderStepPeriodType     WordColumn[OrderStep]      = 10
	OrderStepPeriodNum      WholeColumn[OrderStep]     = 11
	OrderStepEffectiveTime  TimeColumn[OrderStep]      = 12
	OrderStepExpireTime     MaybeTimeColumn[OrderStep] = 13
	OrderStepBaseOrderID    TextColumn[OrderStep]      = 14
	OrderStepBaseOrderLine  WholeColumn[OrderStep]     = 15
	OrderStepPayer          WordColumn[OrderStep]      = 16
	OrderStepDiscountID     WordColumn[OrderStep]      = 17
	OrderStepCouponIDs      TextColumn[OrderStep]      = 18
	OrderStepOfficialAmount AmountColumn[OrderStep]    = 19
	OrderStepHasOfficial    SmallColumn[OrderStep]     = 20
	OrderStepAsOf           TimeColumn[OrderStep]      = 21
	OrderStepPaid           SmallColumn[OrderStep]     = 22
	OrderStepRefused        SmallColumn[OrderStep]     = 23
	OrderStepMet            WordColumn[OrderStep]      = 24
	OrderStepFile           WordColumn[OrderStep]      = 25
	OrderStepFileHash       WordColumn[OrderStep]      = 26
	OrderStepRow            WholeColumn[OrderStep]     = 27
	OrderStepHeader         WordColumn[OrderStep]      = 28
	OrderStepRaw            TextColumn[OrderStep]      = 29
)

// Adjustment is a row of adjustments.
type Adjustment struct{}

func (Adjustment) of(table string) bool { return table == "adjustments" }

// Columns of adjustments.
const (
	AdjustmentCustomerID     WordColumn[Adjustment]   = 0
	AdjustmentAdjustmentID   TextColumn[Adjustment]   = 1
	AdjustmentSKU            WordColumn[Adjustment]   = 2
	AdjustmentTime           TimeColumn[Adjustment]   = 3
	AdjustmentAmount         AmountColumn[Adjustment] = 4
	AdjustmentBillDetailType SmallColumn[Adjustment]  = 5
	AdjustmentNote           TextColumn[Adjustment]   = 6
	AdjustmentAsOf           TimeColumn[Adjustment]   = 7
)

// Rerating is a row of reratings.
type Rerating struct{}

func (Rerating) of(table string) bool { return table == "reratings" }

// Columns of reratings.
const (
	ReratingCustomerID             WordColumn[Rerating]      = 0
	ReratingOriginCycle            WordColumn[Rerating]      = 1
	ReratingSKU                    WordColumn[Rerating]      = 2
	ReratingRegionCode             WordColumn[Rerating]      = 3
	ReratingResourceID             TextColumn[Rerating]      = 4
	ReratingPartnerID              WordColumn[Rerating]      = 5
	ReratingAssociationType        WordColumn[Rerating]      = 6
	ReratingUsageAmount            QuantityColumn[Rerating]  = 7
	ReratingFreeResourceUsage      QuantityColumn[Rerating]  = 8
	ReratingOfficialAmount         AmountColumn[Rerating]    = 9
	ReratingOfficialDiscountAmount AmountColumn[Rerating]    = 10
	ReratingTruncatedAmount        AmountColumn[Rerating]    = 11
	ReratingPaymentAmount          AmountColumn[Rerating]    = 12
	ReratingPackageDraws           TextColumn[Rerating]      = 13
	ReratingAsOf                   TimeColumn[Rerating]      = 14
	ReratingOwnTime                MaybeTimeColumn[Rerating] = 15
	ReratingUsageEnd               MaybeTimeColumn[Rerating] = 16
	ReratingInAdvance              SmallColumn[Rerating]     = 17
)

// Redraw is a row of redraws.
type Redraw struct{}

func (Redraw) of(table string) bool { return table == "redraws" }

// Columns of redraws.
const (
	RedrawCustomerID  WordColumn[Redraw] = 0
	RedrawOriginCycle WordColumn[Redraw] = 1
	RedrawRecordID    TextColumn[Redraw] = 2
	RedrawDraws       TextColumn[Redraw] = 3
)

// Shift is a row of shifts.
type Shift struct{}

func (Shift) of(table string) bool { return table == "shifts" }

// Columns of shifts.
const (
	ShiftCustomerID  WordColumn[Shift]      = 0
	ShiftOriginCycle WordColumn[Shift]      = 1
	ShiftKind        SmallColumn[Shift]     = 2
	ShiftKey         WordColumn[Shift]      = 3
	ShiftScope       WordColumn[Shift]      = 4
	ShiftAt          MaybeTimeColumn[Shift] = 5
	ShiftShift       QuantityColumn[Shift]  = 6
)

// ClosedBook is a row of closed_books.
type ClosedBook struct{}

func (ClosedBook) of(table string) bool { return table == "closed_books" }

// Columns of closed_books.
const (
	ClosedBookOriginCycle WordColumn[ClosedBook]      = 0
	ClosedBookCustomerID  WordColumn[ClosedBook]      = 1
	ClosedBookID          WordColumn[ClosedBook]      = 2
	ClosedBookValidFrom   MaybeTimeColumn[ClosedBook] = 3
	ClosedBookSays        WordColumn[ClosedBook]      = 4
	ClosedBookDrew        SmallColumn[ClosedBook]     = 5
)

// AccountEvent is a row of account_events.
type AccountEvent struct{}

func (AccountEvent) of(table string) bool { return table == "account_events" }

// Columns of account_events.
const (
	AccountEventCustomerID  WordColumn[AccountEvent]   = 0
	AccountEventEventID     TextColumn[AccountEvent]   = 1
	AccountEventTime        TimeColumn[AccountEvent]   = 2
	AccountEventInstant     TimeColumn[AccountEvent]   = 3
	AccountEventType        WordColumn[AccountEvent]   = 4
	AccountEventBalanceType WordColumn[AccountEvent]   = 5
	AccountEventAmount      AmountColumn[AccountEvent] = 6
	AccountEventAsOf        TimeColumn[AccountEvent]   = 7
	AccountEventRefused     SmallColumn[AccountEvent]  = 8
	AccountEventFile        WordColumn[AccountEvent]   = 9
	AccountEventFileHash    WordColumn[AccountEvent]   = 10
	AccountEventRow         WholeColumn[AccountEvent]  = 11
	AccountEventHeader      WordColumn[AccountEvent]   = 12
	AccountEventRaw         TextColumn[AccountEvent]   = 13
)

// AccountEntry is a row of account_entries.
type AccountEntry struct{}

func (AccountEntry) of(table string) bool { return table == "account_entries" }

// Columns of account_entries.
const (
	AccountEntryCustomerID   WordColumn[AccountEntry]   = 0
	AccountEntryTime         TimeColumn[AccountEntry]   = 1
	AccountEntryID           TextColumn[AccountEntry]   = 2
	AccountEntryType         WordColumn[AccountEntry]   = 3
	AccountEntryBalanceType  WordColumn[AccountEntry]   = 4
	AccountEntryAmount       AmountColumn[AccountEntry] = 5
	AccountEntryBalanceAfter AmountColumn[AccountEntry] = 6
	AccountEntryMonthEnd     SmallColumn[AccountEntry]  = 7
)

// Balance is a row of balances.
type Balance struct{}

func (Balance) of(table string) bool { return table == "balances" }

// Columns of balances.
const (
	BalanceCustomerID WordColumn[Balance]      = 0
	BalanceBalance    WordColumn[Balance]      = 1
	BalanceCouponID   WordColumn[Balance]      = 2
	BalanceValidFrom  MaybeTimeColumn[Balance] = 3
	BalanceAmount     AmountColumn[Balance]    = 4
	BalanceCurrency   WordColumn[Balance]      = 5
)

// Transfer is a row of transfers.
type Transfer struct{}

func (Transfer) of(table string) bool { return table == "transfers" }

// Columns of transfers.
const (
	TransferTransferID    TextColumn[Transfer]   = 0
	TransferOwnCycle      WordColumn[Transfer]   = 1
	TransferFromPartnerID WordColumn[Transfer]   = 2
	TransferToPartnerID   WordColumn[Transfer]   = 3
	TransferCustomerID    WordColumn[Transfer]   = 4
	TransferAmount        AmountColumn[Transfer] = 5
	TransferAsOf          TimeColumn[Transfer]   = 6
)

// IncentiveEvent is a row of incentive_events.
type IncentiveEvent struct{}

func (IncentiveEvent) of(table string) bool { return table == "incentive_events" }

// Columns of incentive_events.
const (
	IncentiveEventEventID     TextColumn[IncentiveEvent]  = 0
	IncentiveEventPartnerID   WordColumn[IncentiveEvent]  = 1
	IncentiveEventProgrammeID WordColumn[IncentiveEvent]  = 2
	IncentiveEventPeriod      WordColumn[IncentiveEvent]  = 3
	IncentiveEventEvent       WordColumn[IncentiveEvent]  = 4
	IncentiveEventTime        TimeColumn[IncentiveEvent]  = 5
	IncentiveEventAsOf        TimeColumn[IncentiveEvent]  = 6
	IncentiveEventRefused     SmallColumn[IncentiveEvent] = 7
	IncentiveEventMet         WordColumn[IncentiveEvent]  = 8
	IncentiveEventFile        WordColumn[IncentiveEvent]  = 9
	IncentiveEventFileHash    WordColumn[IncentiveEvent]  = 10
	IncentiveEventRow         WholeColumn[IncentiveEvent] = 11
	IncentiveEventHeader      WordColumn[IncentiveEvent]  = 12
	IncentiveEventRaw         TextColumn[IncentiveEvent]  = 13
)

// Incentive is a row of incentives.
type Incentive struct{}

func (Incentive) of(table string) bool { return table == "incentives" }

// Columns of incentives.
const (
	IncentivePartnerID         WordColumn[Incentive]   = 0
	IncentiveProgrammeID       WordColumn[Incentive]   = 1
	IncentivePeriod            WordColumn[Incentive]   = 2
	IncentivePerformanceAmount AmountColumn[Incentive] = 3
	IncentiveTransferredAmount AmountColumn[Incentive] = 4
	IncentiveCarriedIn         AmountColumn[Incentive] = 5
	IncentiveTierAmount        AmountColumn[Incentive] = 6
	IncentiveBonusAmount       AmountColumn[Incentive] = 7
	IncentiveIncentiveAmount   AmountColumn[Incentive] = 8
	IncentiveCarriedOut        AmountColumn[Incentive] = 9
	IncentiveState             WordColumn[Incentive]   = 10
)

// Performance is a row of performances.
type Performance struct{}

func (Performance) of(table string) bool { return table == "performances" }

// Columns of performances.
const (
	PerformanceDay         WordColumn[Performance]   = 0
	PerformanceLinesHash   WordColumn[Performance]   = 1
	PerformanceProgrammeID WordColumn[Performance]   = 2
	PerformancePartnerID   WordColumn[Performance]   = 3
	PerformanceOwnAmount   AmountColumn[Performance] = 4
	PerformanceNewAmount   AmountColumn[Performance] = 5
)

// PartnerStatement is a row of partner_statements.
type PartnerStatement struct{}

func (PartnerStatement) of(table string) bool { return table == "partner_statements" }

// Columns of partner_statements.
const (
	PartnerStatementCycle                  WordColumn[PartnerStatement]   = 0
	PartnerStatementPartnerID              WordColumn[PartnerStatement]   = 1
	PartnerStatementSellerID               WordColumn[PartnerStatement]   = 2
	PartnerStatementResellerID             WordColumn[PartnerStatement]   = 3
	PartnerStatementCustomerID             WordColumn[PartnerStatement]   = 4
	PartnerStatementAssociationType        WordColumn[PartnerStatement]   = 5
	PartnerStatementServiceTypeCode        WordColumn[PartnerStatement]   = 6
	PartnerStatementChargingMode           SmallColumn[PartnerStatement]  = 7
	PartnerStatementSign                   WordColumn[PartnerStatement]   = 8
	PartnerStatementLineCount              WholeColumn[PartnerStatement]  = 9
	PartnerStatementOfficialAmount         AmountColumn[PartnerStatement] = 10
	PartnerStatementOfficialDiscountAmount AmountColumn[PartnerStatement] = 11
	PartnerStatementTruncatedAmount        AmountColumn[PartnerStatement] = 12
	PartnerStatementPaymentAmount          AmountColumn[PartnerStatement] = 13
	PartnerStatementPerformanceAmount      AmountColumn[PartnerStatement] = 14
	PartnerStatementOwedAmount             AmountColumn[PartnerStatement] = 15
	PartnerStatementRevenueAmount          AmountColumn[PartnerStatement] = 16
	PartnerStatementCostAmount             AmountColumn[PartnerStatement] = 17
	PartnerStatementMarginAmount           AmountColumn[PartnerStatement] = 18
	PartnerStatementCurrency               WordColumn[PartnerStatement]   = 19
	PartnerStatementFxRate                 WordColumn[PartnerStatement]   = 20
	PartnerStatementFxDate                 WordColumn[PartnerStatement]   = 21
)

// ExchangeRate is a row of exchange_rates.
type ExchangeRate struct{}

func (ExchangeRate) of(table string) bool { return table == "exchange_rates" }

// Columns of exchange_rates.
const (
	ExchangeRateFrom WordColumn[ExchangeRate]     = 0
	ExchangeRateTo   WordColumn[ExchangeRate]     = 1
	ExchangeRateDate WordColumn[ExchangeRate]     = 2
	ExchangeRateRate QuantityColumn[ExchangeRate] = 3
)

// Tax is a row of taxes.
type Tax struct{}

func (Tax) of(table string) bool { return table == "taxes" }

// Columns of taxes.
const (
	TaxCycle         WordColumn[Tax]     = 0
	TaxSellerID      WordColumn[Tax]     = 1
	TaxBuyerID       WordColumn[Tax]     = 2
	TaxTaxID         WordColumn[Tax]     = 3
	TaxRate          QuantityColumn[Tax] = 4
	TaxTaxableAmount AmountColumn[Tax]   = 5
	TaxTaxAmount     AmountColumn[Tax]   = 6
	TaxPrices        WordColumn[Tax]     = 7
	TaxRounding      WordColumn[Tax]     = 8
	TaxDigits        SmallColumn[Tax]    = 9
)

// TaxSum is a row of tax_sums.
type TaxSum struct{}

func (TaxSum) of(table string) bool { return table == "tax_sums" }

// Columns of tax_sums.
const (
	TaxSumCustomerID      WordColumn[TaxSum]      = 0
	TaxSumServiceTypeCode WordColumn[TaxSum]      = 1
	TaxSumOwnFrom         MaybeTimeColumn[TaxSum] = 2
	TaxSumOwnTo           MaybeTimeColumn[TaxSum] = 3
	TaxSumTaxID           WordColumn[TaxSum]      = 4
	TaxSumRate            QuantityColumn[TaxSum]  = 5
	TaxSumRates           QuantityColumn[TaxSum]  = 6
	TaxSumTaxableAmount   AmountColumn[TaxSum]    = 7
	TaxSumRoundedAmount   AmountColumn[TaxSum]    = 8
)

// CostDelivery is a row of cost_deliveries.
type CostDelivery struct{}

func (CostDelivery) of(table string) bool { return table == "cost_deliveries" }

// Columns of cost_deliveries.
const (
	CostDeliverySource          WordColumn[CostDelivery]  = 0
	CostDeliveryPeriod          WordColumn[CostDelivery]  = 1
	CostDeliveryDelivery        TextColumn[CostDelivery]  = 2
	CostDeliveryState           WordColumn[CostDelivery]  = 3
	CostDeliveryHash            TextColumn[CostDelivery]  = 4
	CostDeliveryFixed           SmallColumn[CostDelivery] = 5
	CostDeliveryRows            WholeColumn[CostDelivery] = 6
	CostDeliveryRejected        WholeColumn[CostDelivery] = 7
	CostDeliveryAcceptedRejects SmallColumn[CostDelivery] = 8
	CostDeliveryCurrency        WordColumn[CostDelivery]  = 9
	CostDeliveryCostList        CostColumn[CostDelivery]  = 10
	CostDeliveryCostContracted  CostColumn[CostDelivery]  = 11
	CostDeliveryCostEffective   CostColumn[CostDelivery]  = 12
	CostDeliveryCostBilled      CostColumn[CostDelivery]  = 13
	CostDeliveryTolerated       TextColumn[CostDelivery]  = 14
	CostDeliveryFault           TextColumn[CostDelivery]  = 15
	CostDeliveryMade            TextColumn[CostDelivery]  = 16
	CostDeliveryReading         TextColumn[CostDelivery]  = 17
)

// CostRate is a row of cost_rates.
type CostRate struct{}

func (CostRate) of(table string) bool { return table == "cost_rates" }

// Columns of cost_rates.
const (
	CostRateSource WordColumn[CostRate]     = 0
	CostRatePeriod WordColumn[CostRate]     = 1
	CostRateTo     WordColumn[CostRate]     = 2
	CostRateRate   QuantityColumn[CostRate] = 3
)

// CostReject is a row of cost_rejects.
type CostReject struct{}

func (CostReject) of(table string) bool { return table == "cost_rejects" }

// Columns of cost_rejects.
const (
	CostRejectSource   WordColumn[CostReject]  = 0
	CostRejectPeriod   WordColumn[CostReject]  = 1
	CostRejectDelivery TextColumn[CostReject]  = 2
	CostRejectFile     WordColumn[CostReject]  = 3
	CostRejectRow      WholeColumn[CostReject] = 4
	CostRejectColumn   WordColumn[CostReject]  = 5
	CostRejectReason   WordColumn[CostReject]  = 6
	CostRejectValue    TextColumn[CostReject]  = 7
	CostRejectRaw      TextColumn[CostReject]  = 8
	CostRejectRows     WholeColumn[CostReject] = 9
)

// CostGroup is a row of cost_groups.
type CostGroup struct{}

func (CostGroup) of(table string) bool { return table == "cost_groups" }

// Columns of cost_groups.
const (
	CostGroupCustomerID       WordColumn[CostGroup]     = 0
	CostGroupID               TextColumn[CostGroup]     = 1
	CostGroupOriginCycle      WordColumn[CostGroup]     = 2
	CostGroupSource           WordColumn[CostGroup]     = 3
	CostGroupDelivery         TextColumn[CostGroup]     = 4
	CostGroupRule             SmallColumn[CostGroup]    = 5
	CostGroupSKU              WordColumn[CostGroup]     = 6
	CostGroupQuantityColumn   WordColumn[CostGroup]     = 7
	CostGroupAccount          TextColumn[CostGroup]     = 8
	CostGroupServiceName      WordColumn[CostGroup]     = 9
	CostGroupRegionID         WordColumn[CostGroup]     = 10
	CostGroupResourceID       TextColumn[CostGroup]     = 11
	CostGroupChargeCategory   WordColumn[CostGroup]     = 12
	CostGroupChargeClass      WordColumn[CostGroup]     = 13
	CostGroupCommitmentStatus WordColumn[CostGroup]     = 14
	CostGroupRows             WholeColumn[CostGroup]    = 15
	CostGroupCostList         CostColumn[CostGroup]     = 16
	CostGroupCostContracted   CostColumn[CostGroup]     = 17
	CostGroupCostEffective    CostColumn[CostGroup]     = 18
	CostGroupCostBilled       CostColumn[CostGroup]     = 19
	CostGroupPricingQuantity  CostColumn[CostGroup]     = 20
	CostGroupConsumedQuantity CostColumn[CostGroup]     = 21
	CostGroupFxRate           QuantityColumn[CostGroup] = 22
	CostGroupMinMargin        TextColumn[CostGroup]     = 23
	CostGroupPaymentAmount    AmountColumn[CostGroup]   = 24
	CostGroupLowMargin        SmallColumn[CostGroup]    = 25
	CostGroupUsageStart       TimeColumn[CostGroup]     = 26
	CostGroupUsageEnd         TimeColumn[CostGroup]     = 27
	CostGroupCame             TextColumn[CostGroup]     = 28
	CostGroupPricingUnits     SmallColumn[CostGroup]    = 29
	CostGroupConsumedUnits    SmallColumn[CostGroup]    = 30
)

// CostPosting is a row of cost_postings.
type CostPosting struct{}

func (CostPosting) of(table string) bool { return table == "cost_postings" }

// Columns of cost_postings.
const (
	CostPostingCustomerID             WordColumn[CostPosting]     = 0
	CostPostingOriginCycle            WordColumn[CostPosting]     = 1
	CostPostingID                     TextColumn[CostPosting]     = 2
	CostPostingTier                   SmallColumn[CostPosting]    = 3
	CostPostingSKU                    WordColumn[CostPosting]     = 4
	CostPostingRegionCode             WordColumn[CostPosting]     = 5
	CostPostingResourceID             TextColumn[CostPosting]     = 6
	CostPostingUsageStart             TimeColumn[CostPosting]     = 7
	CostPostingUsageEnd               TimeColumn[CostPosting]     = 8
	CostPostingOwnTime                TimeColumn[CostPosting]     = 9
	CostPostingUnitPrice              QuantityColumn[CostPosting] = 10
	CostPostingUsageAmount            QuantityColumn[CostPosting] = 11
	CostPostingQuantity               QuantityColumn[CostPosting] = 12
	CostPostingOfficialAmount         AmountColumn[CostPosting]   = 13
	CostPostingOfficialDiscountAmount AmountColumn[CostPosting]   = 14
	CostPostingTruncatedAmount        AmountColumn[CostPosting]   = 15
	CostPostingPaymentAmount          AmountColumn[CostPosting]   = 16
	CostPostingDiscountID             WordColumn[CostPosting]     = 17
	CostPostingPartnerID              WordColumn[CostPosting]     = 18
	CostPostingAssociationType        WordColumn[CostPosting]     = 19
	CostPostingDelivery               TextColumn[CostPosting]     = 20
	CostPostingAsOf                   TimeColumn[CostPosting]     = 21
	CostPostingKind                   WordColumn[CostPosting]     = 22
	CostPostingFreeResourceUsage      QuantityColumn[CostPosting] = 23
)

// Margin is a row of margins.
type Margin struct{}

func (Margin) of(table string) bool { return table == "margins" }

// Columns of margins.
const (
	MarginCycle            WordColumn[Margin]   = 0
	MarginOriginCycle      WordColumn[Margin]   = 1
	MarginSource           WordColumn[Margin]   = 2
	MarginCustomerID       WordColumn[Margin]   = 3
	MarginServiceName      WordColumn[Margin]   = 4
	MarginAccount          WordColumn[Margin]   = 5
	MarginDay              WordColumn[Margin]   = 6
	MarginCommitmentStatus WordColumn[Margin]   = 7
	MarginReason           WordColumn[Margin]   = 8
	MarginCurrency         WordColumn[Margin]   = 9
	MarginCostList         CostColumn[Margin]   = 10
	MarginCostContracted   CostColumn[Margin]   = 11
	MarginCostEffective    CostColumn[Margin]   = 12
	MarginCostBilled       CostColumn[Margin]   = 13
	MarginPaymentCurrency  WordColumn[Margin]   = 14
	MarginPaymentAmount    AmountColumn[Margin] = 15
	MarginMarginAmount     AmountColumn[Margin] = 16
)

// PartnerEvent is a row of partner_events.
type PartnerEvent struct{}

func (PartnerEvent) of(table string) bool { return table == "partner_events" }

// Columns of partner_events.
const (
	PartnerEventFeed         WordColumn[PartnerEvent]   = 0
	PartnerEventEventID      TextColumn[PartnerEvent]   = 1
	PartnerEventPartnerID    WordColumn[PartnerEvent]   = 2
	PartnerEventType         WordColumn[PartnerEvent]   = 3
	PartnerEventTime         TimeColumn[PartnerEvent]   = 4
	PartnerEventAmount       AmountColumn[PartnerEvent] = 5
	PartnerEventHeads        WholeColumn[PartnerEvent]  = 6
	PartnerEventSubjectID    TextColumn[PartnerEvent]   = 7
	PartnerEventOtherID      WordColumn[PartnerEvent]   = 8
	PartnerEventScope        WordColumn[PartnerEvent]   = 9
	PartnerEventPeriod       WordColumn[PartnerEvent]   = 10
	PartnerEventDetail       TextColumn[PartnerEvent]   = 11
	PartnerEventNote         TextColumn[PartnerEvent]   = 12
	PartnerEventAsOf         TimeColumn[PartnerEvent]   = 13
	PartnerEventInstant      TimeColumn[PartnerEvent]   = 14
	PartnerEventReason       WordColumn[PartnerEvent]   = 15
	PartnerEventRejectColumn WordColumn[PartnerEvent]   = 16
	PartnerEventRejectValue  TextColumn[PartnerEvent]   = 17
	PartnerEventFile         WordColumn[PartnerEvent]   = 18
	PartnerEventFileHash     WordColumn[PartnerEvent]   = 19
	PartnerEventRow          WholeColumn[PartnerEvent]  = 20
	PartnerEventHeader       WordColumn[PartnerEvent]   = 21
	PartnerEventRaw          TextColumn[PartnerEvent]   = 22
	PartnerEventCurrency     WordColumn[PartnerEvent]   = 23
)

// PartnerFact is a row of partner_facts.
type PartnerFact struct{}

func (PartnerFact) of(table string) bool { return table == "partner_facts" }

// Columns of partner_facts.
const (
	PartnerFactCycle     WordColumn[PartnerFact]      = 0
	PartnerFactKind      WordColumn[PartnerFact]      = 1
	PartnerFactID        TextColumn[PartnerFact]      = 2
	PartnerFactPartnerID WordColumn[PartnerFact]      = 3
	PartnerFactOtherID   WordColumn[PartnerFact]      = 4
	PartnerFactTime      MaybeTimeColumn[PartnerFact] = 5
	PartnerFactInstant   MaybeTimeColumn[PartnerFact] = 6
	PartnerFactPlace     WholeColumn[PartnerFact]     = 7
	PartnerFactAmount    AmountColumn[PartnerFact]    = 8
)

// PartnerAccount is a row of partner_accounts.
type PartnerAccount struct{}

func (PartnerAccount) of(table string) bool { return table == "partner_accounts" }

// Columns of partner_accounts.
const (
	PartnerAccountPartnerID      WordColumn[PartnerAccount]   = 0
	PartnerAccountTime           TimeColumn[PartnerAccount]   = 1
	PartnerAccountEntryID        TextColumn[PartnerAccount]   = 2
	PartnerAccountType           WordColumn[PartnerAccount]   = 3
	PartnerAccountCounterpartyID WordColumn[PartnerAccount]   = 4
	PartnerAccountBalanceType    WordColumn[PartnerAccount]   = 5
	PartnerAccountAmount         AmountColumn[PartnerAccount] = 6
	PartnerAccountBalanceAfter   AmountColumn[PartnerAccount] = 7
)

// Fund is a row of funds.
type Fund struct{}

func (Fund) of(table string) bool { return table == "funds" }

// Columns of funds.
const (
	FundPartnerID      WordColumn[Fund]      = 0
	FundProgrammeID    WordColumn[Fund]      = 1
	FundPeriod         WordColumn[Fund]      = 2
	FundClaimID        TextColumn[Fund]      = 3
	FundHeads          WholeColumn[Fund]     = 4
	FundQuotaAmount    AmountColumn[Fund]    = 5
	FundListedAmount   AmountColumn[Fund]    = 6
	FundReservedAmount AmountColumn[Fund]    = 7
	FundClaimedAmount  AmountColumn[Fund]    = 8
	FundApprovedAmount AmountColumn[Fund]    = 9
	FundPaidAmount     AmountColumn[Fund]    = 10
	FundState          WordColumn[Fund]      = 11
	FundUntil          MaybeTimeColumn[Fund] = 12
)

// Withdrawal is a row of withdrawals.
type Withdrawal struct{}

func (Withdrawal) of(table string) bool { return table == "withdrawals" }

// Columns of withdrawals.
const (
	WithdrawalWithdrawalID TextColumn[Withdrawal]      = 0
	WithdrawalPart         WholeColumn[Withdrawal]     = 1
	WithdrawalPartnerID    WordColumn[Withdrawal]      = 2
	WithdrawalSource       WordColumn[Withdrawal]      = 3
	WithdrawalRoute        WordColumn[Withdrawal]      = 4
	WithdrawalRechargeID   TextColumn[Withdrawal]      = 5
	WithdrawalChannel      WordColumn[Withdrawal]      = 6
	WithdrawalAmount       AmountColumn[Withdrawal]    = 7
	WithdrawalState        WordColumn[Withdrawal]      = 8
	WithdrawalRequested    TimeColumn[Withdrawal]      = 9
	WithdrawalDecided      MaybeTimeColumn[Withdrawal] = 10
)

// Receivable is a row of receivables.
type Receivable struct{}

func (Receivable) of(table string) bool { return table == "receivables" }

// Columns of receivables.
const (
	ReceivableCycle           WordColumn[Receivable]   = 0
	ReceivablePartnerID       WordColumn[Receivable]   = 1
	ReceivableAmount          AmountColumn[Receivable] = 2
	ReceivableCollectedAmount AmountColumn[Receivable] = 3
	ReceivablePaidAmount      AmountColumn[Receivable] = 4
	ReceivableUnpaidAmount    AmountColumn[Receivable] = 5
	ReceivableDueDate         WordColumn[Receivable]   = 6
	ReceivableAgeDays         WholeColumn[Receivable]  = 7
	ReceivableBucket          WordColumn[Receivable]   = 8
)

// Invoice is a row of invoices.
type Invoice struct{}

func (Invoice) of(table string) bool { return table == "invoices" }

// Columns of invoices.
const (
	InvoiceCycle             WordColumn[Invoice]   = 0
	InvoiceIssuerID          WordColumn[Invoice]   = 1
	InvoiceRecipientID       WordColumn[Invoice]   = 2
	InvoiceInvoiceableAmount AmountColumn[Invoice] = 3
	InvoiceIssuedAmount      AmountColumn[Invoice] = 4
	InvoiceReturnedAmount    AmountColumn[Invoice] = 5
	InvoiceCreditedAmount    AmountColumn[Invoice] = 6
	InvoiceLeftAmount        AmountColumn[Invoice] = 7
	InvoiceState             WordColumn[Invoice]   = 8
)

// InvoiceRecord is a row of invoice_records.
type InvoiceRecord struct{}

func (InvoiceRecord) of(table string) bool { return table == "invoice_records" }

// Columns of invoice_records.
const (
	InvoiceRecordEventID     TextColumn[InvoiceRecord]   = 0
	InvoiceRecordInvoiceID   TextColumn[InvoiceRecord]   = 1
	InvoiceRecordNumber      TextColumn[InvoiceRecord]   = 2
	InvoiceRecordIssuerID    WordColumn[InvoiceRecord]   = 3
	InvoiceRecordRecipientID WordColumn[InvoiceRecord]   = 4
	InvoiceRecordCycle       WordColumn[InvoiceRecord]   = 5
	InvoiceRecordTime        TimeColumn[InvoiceRecord]   = 6
	InvoiceRecordEvent       WordColumn[InvoiceRecord]   = 7
	InvoiceRecordAmount      AmountColumn[InvoiceRecord] = 8
	InvoiceRecordContent     TextColumn[InvoiceRecord]   = 9
	InvoiceRecordInstant     TimeColumn[InvoiceRecord]   = 10
)

// Coupon is a row of coupons.
type Coupon struct{}

func (Coupon) of(table string) bool { return table == "coupons" }

// Columns of coupons.
const (
	CouponCouponID   TextColumn[Coupon]      = 0
	CouponSource     WordColumn[Coupon]      = 1
	CouponPartnerID  WordColumn[Coupon]      = 2
	CouponCustomerID WordColumn[Coupon]      = 3
	CouponKind       WordColumn[Coupon]      = 4
	CouponAmount     AmountColumn[Coupon]    = 5
	CouponUsed       AmountColumn[Coupon]    = 6
	CouponTakenBack  AmountColumn[Coupon]    = 7
	CouponExpired    AmountColumn[Coupon]    = 8
	CouponLeft       AmountColumn[Coupon]    = 9
	CouponValidFrom  MaybeTimeColumn[Coupon] = 10
	CouponValidTo    MaybeTimeColumn[Coupon] = 11
	CouponState      WordColumn[Coupon]      = 12
)

// CouponEntry is a row of coupon_entries.
type CouponEntry struct{}

func (CouponEntry) of(table string) bool { return table == "coupon_entries" }

// Columns of coupon_entries.
const (
	CouponEntryCustomerID WordColumn[CouponEntry]   = 0
	CouponEntryCouponID   TextColumn[CouponEntry]   = 1
	CouponEntryTime       TimeColumn[CouponEntry]   = 2
	CouponEntryType       WordColumn[CouponEntry]   = 3
	CouponEntryID         TextColumn[CouponEntry]   = 4
	CouponEntryAmount     AmountColumn[CouponEntry] = 5
	CouponEntryLeftAfter  AmountColumn[CouponEntry] = 6
)

// CouponRecord is a row of coupon_records.
type CouponRecord struct{}

func (CouponRecord) of(table string) bool { return table == "coupon_records" }

// Columns of coupon_records.
const (
	CouponRecordCouponID   TextColumn[CouponRecord]   = 0
	CouponRecordTime       TimeColumn[CouponRecord]   = 1
	CouponRecordType       WordColumn[CouponRecord]   = 2
	CouponRecordID         TextColumn[CouponRecord]   = 3
	CouponRecordCustomerID WordColumn[CouponRecord]   = 4
	CouponRecordAmount     AmountColumn[CouponRecord] = 5
	CouponRecordLeftAfter  AmountColumn[CouponRecord] = 6
)

// IssuedCoupon is a row of issued_coupons.
type IssuedCoupon struct{}

func (IssuedCoupon) of(table string) bool { return table == "issued_coupons" }

// Columns of issued_coupons.
const (
	IssuedCouponCouponID       TextColumn[IssuedCoupon]      = 0
	IssuedCouponEventID        TextColumn[IssuedCoupon]      = 1
	IssuedCouponSource         WordColumn[IssuedCoupon]      = 2
	IssuedCouponSourceID       WordColumn[IssuedCoupon]      = 3
	IssuedCouponPartnerID      WordColumn[IssuedCoupon]      = 4
	IssuedCouponCustomerID     WordColumn[IssuedCoupon]      = 5
	IssuedCouponTerms          WordColumn[IssuedCoupon]      = 6
	IssuedCouponAmount         AmountColumn[IssuedCoupon]    = 7
	IssuedCouponMinConsumption AmountColumn[IssuedCoupon]    = 8
	IssuedCouponValidFrom      TimeColumn[IssuedCoupon]      = 9
	IssuedCouponValidTo        MaybeTimeColumn[IssuedCoupon] = 10
	IssuedCouponInstant        TimeColumn[IssuedCoupon]      = 11
)

// Run is a row of runs.
type Run struct{}

func (Run) of(table string) bool { return table == "runs" }

// Columns of runs.
const (
	RunNumber        WholeColumn[Run] = 0
	RunHash          TextColumn[Run]  = 1
	RunParent        TextColumn[Run]  = 2
	RunAsOf          TimeColumn[Run]  = 3
	RunCommand       WordColumn[Run]  = 4
	RunClosedThrough WordColumn[Run]  = 5
	RunBuckets       SmallColumn[Run] = 6
)
