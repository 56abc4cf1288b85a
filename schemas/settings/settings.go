package settings

import (
	"fmt"
	"slices"
	"time"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// File is the name of the settings file in a workspace.
const File = "tollbook.yaml"

// Settings holds the checked contents of a workspace's tollbook.yaml.
type Settings struct {
	Zone       *period.Zone // the contract zone
	Currency   Currency
	Vendor     Vendor
	Rounding   Rounding
	Payments   Payments
	Tax        Tax
	Usage      Usage
	Inbox      Inbox
	Books      Place // where the books are
	Refund     Refund
	Close      Close
	Unattended Unattended
	Lake       Lake
	Engine     Engine
	Gates      Gates
	Costs      Costs
	ClickHouse ClickHouse
	Iceberg    Iceberg
	API        API
	Console    bool // serve also serves the console
	OIDC       OIDC
	Schedule   Schedule
	Retention  Retention

	IncentivePayout  bool // paid incentives and funds are credited to the rebate of the partner's account
	StatementDueDays int  // days from the close time to the due date of a statement
	Receivables      Receivables
	Withdrawal       Withdrawal
	Invoice          Invoice
	TestCoupons      TestCoupons

	Hash [32]byte // SHA-256 of the file that Load read
	// Terms is the hash of that file's keys, except those that only say where files are or who does the tasks of a run.
	Terms [32]byte
}

// Currency is the one currency of the workspace.
type Currency struct {
	Code   string // CNY
	Digits int    // decimals of amounts paid, 0 to 8
}

// Vendor is the cloud itself.
type Vendor struct{ ID, Name string }

// Grain says what is rounded to the currency's digits: each line or the cycle's total (§4.2).
type Grain uint8

// The grains. The zero value is no grain, since there is no default.
const (
	Line Grain = iota + 1
	PerCycle
)

var grainWords = []string{"line", "cycle"}

// String is the grain's word in the settings.
func (g Grain) String() string {
	if g < Line || g > PerCycle {
		return fmt.Sprintf("Grain(%d)", uint8(g))
	}
	return grainWords[g-1]
}

// Rounding says how money is rounded to the currency's digits (§4.2).
type Rounding struct {
	Grain Grain
	Mode  money.Mode
}

// Payments says how lines are paid (§6.3).
type Payments uint8

// The ways of payment.
const (
	AssumeCash Payments = iota
	Ledger
)

var paymentsWords = []string{"assume_cash", "ledger"}

// String is the word in the settings.
func (p Payments) String() string {
	if int(p) >= len(paymentsWords) {
		return fmt.Sprintf("Payments(%d)", uint8(p))
	}
	return paymentsWords[p]
}

// Usage limits the time of feed records (§3.20).
type Usage struct {
	MaxAgeMonths    int   // usage and bandwidth of older cycles are rejected
	FutureTolerance int64 // how many microseconds a time can be after the run's as-of
}

// Inbox says where feed files arrive, and which ones a run leaves to the next one.
type Inbox struct {
	Place
	Settle time.Duration // minimum time between a file's last change and the start of the run; 0 = none
}

// Refund says how unsubscribed orders are refunded (§4.9).
type Refund struct {
	UnconditionalHours int
	FeeRate            money.Rate
}

// Close is when the schedule closes a cycle: a day and time of the next month in the contract zone.
type Close struct {
	Day  int       // 1 to 28
	Time TimeOfDay // 00:00 to 24:00
}

// Unattended says despite which open items the schedule closes a cycle. The zero value allows none.
type Unattended struct {
	OpenRejects  bool // open rejects or disputed incentives
	MissingFeeds bool // missing feed records or cost deliveries, or feed files that were not ingested
}

// TimeOfDay is minutes since midnight, 0 to 1440.
type TimeOfDay int

// String is the time as hh:mm.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// CloseTime is the instant at which the schedule closes the cycle (§2.1). The time for confirming an incentive also
// starts at it (§6.5).
func (s *Settings) CloseTime(c period.Cycle) period.Instant {
	day := c.Add(1).First() + period.Day(s.Close.Day-1)
	return s.Zone.At(day, int64(s.Close.Time)*period.Minute)
}

// SecretFiles returns the files that the settings name: keys of callers, passwords, tokens and certificates. They are
// relative to the workspace, or absolute.
func (s *Settings) SecretFiles() []string {
	files := []string{s.API.Keys, s.API.TLSCert, s.API.TLSKey, s.ClickHouse.PasswordFile, s.ClickHouse.CAFile,
		s.ClickHouse.CertFile, s.ClickHouse.KeyFile, s.Iceberg.TokenFile, s.Iceberg.SecretFile, s.OIDC.SecretFile}
	return slices.DeleteFunc(files, func(path string) bool { return path == "" })
}

// Lake says where the lake is and how many buckets it has.
type Lake struct {
	Path     string // relative to the workspace, or absolute, or s3://bucket/prefix
	Buckets  int    // 1 to 1024
	Endpoint string // of the object store, with http:// or https://; "" = Amazon S3
	Region   string // of the bucket; "" = us-east-1
	// how long the reservation of an unresponsive run on another machine is respected; 0 = not at all
	Lease time.Duration
}

// API configures the query API.
type API struct {
	Listen          string // host:port
	Keys            string // file of keys, relative to the workspace, or absolute
	TLSCert, TLSKey string // both or neither
	RateLimit       int    // requests per second for each caller and operation; 0 = unlimited
	FailureLimit    int    // unauthenticated requests per second for each remote address; 0 = unlimited
	Language        string // of error texts if a request has no X-Language: en_US or zh_CN
	CacheBytes      int    // size of the cache of lake data between requests
	MaxBody         int    // bytes of a request's body
	MaxURL          int    // bytes of a request's path and query

	ReadTimeout, WriteTimeout, IdleTimeout, StopTimeout time.Duration // each above 0
}

// Schedule says when jobs start: cron expressions of five fields in the contract zone; an empty one means never.
type Schedule struct {
	Nightly, Monthly string // never empty
	Publish          string
	Retention        string        // of prune
	StopTimeout      time.Duration // how long a run can continue after the schedule is stopped
	Listen           string        // host:port of metrics and health; "" = none
}
