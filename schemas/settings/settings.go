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

// Settings is a workspace's tollbook.yaml, checked.
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
	Console    bool // serve has the console too
	OIDC       OIDC
	Schedule   Schedule
	Retention  Retention

	IncentivePayout  bool // incentives and funds that were paid go to the rebate of the partner's account
	StatementDueDays int  // days after the close time until which a statement is to be paid
	Receivables      Receivables
	Withdrawal       Withdrawal
	Invoice          Invoice
	TestCoupons      TestCoupons

	Hash [32]byte // SHA-256 of the file that Load read
	// Terms is the hash of the keys of that file, except those that say where files are or who does the tasks of a run.
	Terms [32]byte
}

// Currency is the one currency of the workspace.
type Currency struct {
	Code   string // CNY
	Digits int    // 0 to 8 decimals of what is paid
}

// Vendor is the cloud itself.
type Vendor struct{ ID, Name string }

// Grain says what is cut to the currency's digits: each line or the cycle's total (§4.2).
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

// Rounding is how money is cut to the currency's digits (§4.2).
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

// Usage bounds the time of feed records (§3.20).
type Usage struct {
	MaxAgeMonths    int   // usage and bandwidth of a cycle further back are too old
	FutureTolerance int64 // microseconds that a time may be past the run's as-of
}

// Inbox says where feed files arrive, and which ones a run leaves for the next one.
type Inbox struct {
	Place
	Settle time.Duration // what changed less than this before the run began; 0 = none
}

// Refund is how unsubscribes are paid back (§4.9).
type Refund struct {
	UnconditionalHours int
	FeeRate            money.Rate
}

// Close is when the schedule closes a cycle: a day of the next month, contract zone.
type Close struct {
	Day  int       // 1 to 28
	Time TimeOfDay // 00:00 to 24:00
}

// Unattended is what the schedule may close a cycle with, where nobody is asked. The zero value allows nothing.
type Unattended struct {
	OpenRejects  bool // rejects are open, or incentives disputed
	MissingFeeds bool // records of feeds or deliveries of cost files are missing, or feed files were not ingested
}

// TimeOfDay is minutes since midnight, 0 to 1440.
type TimeOfDay int

// String is the time as hh:mm.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// CloseTime is the instant at which the schedule closes the cycle (§2.1), from which the time for confirming an
// incentive counts too (§6.5).
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

// Lake is where and in how many buckets the lake is.
type Lake struct {
	Path     string // relative to the workspace, or absolute, or s3://bucket/prefix
	Buckets  int    // 1 to 1024
	Endpoint string // of the object store, with http:// or https://; "" = Amazon S3
	Region   string // of the bucket; "" = us-east-1
	// how long a run on another machine that does not answer holds an object store; 0 = not at all
	Lease time.Duration
}

// API is how the query API is served.
type API struct {
	Listen          string // host:port
	Keys            string // file of keys, relative to the workspace, or absolute
	TLSCert, TLSKey string // both or neither
	RateLimit       int    // requests a second of each caller and operation; 0 = any number
	FailureLimit    int    // requests a second of a remote address that are nobody's; 0 = any number
	Language        string // of error texts without X-Language: en_US or zh_CN
	CacheBytes      int    // of what is kept of the lake between requests
	MaxBody         int    // bytes of a request's body
	MaxURL          int    // bytes of a request's path and query

	ReadTimeout, WriteTimeout, IdleTimeout, StopTimeout time.Duration // each above 0
}

// Schedule says when runs start: cron expressions of five fields, contract zone; the empty one is never.
type Schedule struct {
	Nightly, Monthly string // never empty
	Publish          string
	Retention        string        // of prune
	StopTimeout      time.Duration // how long a run may continue once the schedule was stopped
	Listen           string        // host:port of metrics and health; "" = none
}
