package workspace

import (
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Rules returns the settings that rating uses (§2.1, currency and rounding).
func Rules(s *settings.Settings) tariff.Rules {
	grain := tariff.PerLine
	if s.Rounding.Grain == settings.PerCycle {
		grain = tariff.PerCycle
	}
	return tariff.Rules{Grain: grain, Mode: s.Rounding.Mode, Digits: s.Currency.Digits}
}

// RefundRules returns the terms of refunds that rating uses (§2.1, refund).
func RefundRules(s *settings.Settings) ordering.RefundRules {
	return ordering.RefundRules{UnconditionalHours: s.Refund.UnconditionalHours, FeeRate: s.Refund.FeeRate,
		Digits: s.Currency.Digits}
}
