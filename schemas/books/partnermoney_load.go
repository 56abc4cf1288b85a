package books

var (
	fundKindWords   = []string{"headcount", "marketing"}
	shareWords      = []string{"whole", "by_days"}
	fundPeriodWords = []string{"quarter", "year"}
)

func fundsFormat() Format {
	return Format{
		File:    "funds.yaml",
		Key:     "id",
		Meaning: "headcount and marketing funds: a list of these keys (§9.4, §9.5)",
		Columns: []Column{
			id("id", "the programme"),
			word(
				"kind",
				fundKindWords,
				"",
				"headcount: paid per certified expert and month; marketing: reimburses activities",
			),
			validFrom(false),
			validTo(),
			{Name: "partners", Type: "list", Default: "*", Meaning: "partner ids, or * = all"},
			{Name: "requires", Type: "list", Meaning: "qualifications that a partner must have"},
			{
				Name:    "pay_requires",
				Type:    "list",
				Meaning: "headcount: qualifications that a partner must have to request payment",
			},
			{
				Name:    "levels",
				Type:    "list",
				Meaning: "headcount: {level, amount}: what an expert of a level is worth a month",
			},
			{
				Name:    "min_days",
				Type:    "whole number",
				Meaning: "headcount: days an expert must be there; absent = all days of the month",
			},
			word("share", shareWords, "whole", "headcount: the amount of a level, or its share by days in force"),
			{Name: "max_heads", Type: "whole number", Meaning: "headcount: most experts that count; absent = no limit"},
			{Name: "cap", Type: "amount", Meaning: "headcount: most that a month's list is worth; absent = no cap"},
			number(
				"confirm_within_working_days",
				"whole number",
				"14",
				"headcount: working days after which a list is void",
			),
			word("period", fundPeriodWords, "quarter", "marketing: what a quota is for"),
			{
				Name:    "quota",
				Type:    "mapping",
				Meaning: "marketing: {of_performance: rate, max}; absent = rows of fund_quotas.csv",
			},
			{
				Name:    "activities",
				Type:    "list",
				Meaning: "marketing: {type, share}: the share of an activity's cost that is reimbursed",
			},
			{Name: "claim_within_days", Type: "whole number",
				Meaning: "marketing: days after the activity in which its cost is claimed; absent = no limit"},
		},
	}
}

func fundQuotasFormat() Format {
	return Format{
		File:    "fund_quotas.csv",
		Key:     "programme_id, partner_id, period",
		Meaning: "quotas of marketing funds (§9.5)",
		Columns: []Column{
			id("programme_id", "a marketing fund of funds.yaml"),
			id("partner_id", "the partner"),
			{
				Name:     "period",
				Type:     "text",
				Required: true,
				Meaning:  "2026-Q3, or 2026 where the fund's period is a year",
			},
			number("amount", "amount", "", "the quota"),
		},
	}
}

func expertsFormat() Format {
	return Format{
		File:    "experts.csv",
		Key:     "expert_id, programme_id",
		Meaning: "certified experts of headcount funds (§9.4)",
		Columns: []Column{
			id("expert_id", "the expert"),
			id("partner_id", "whose expert it is"),
			id("programme_id", "a headcount fund of funds.yaml"),
			id("level", "one of the fund's levels"),
			code("project_id", "the project the expert works on"),
			validFrom(false), validTo(),
		},
	}
}

func qualificationsFormat() Format {
	return Format{File: "qualifications.csv", Key: "partner_id, programme_id, qualification",
		Meaning: "what partners are qualified for (§9.4)", Columns: []Column{
			id("partner_id", "the partner"),
			id("programme_id", "a fund of funds.yaml"),
			id("qualification", "a name that the fund requires"),
			validFrom(false), validTo(),
		}}
}

func partiesFormat() Format {
	return Format{
		File:    "parties.csv",
		Key:     "party_id",
		Meaning: "names and bank details on invoices, and what decides about tax (§9.7, §10.6)",
		Columns: []Column{
			id("party_id", "the vendor, a partner or a customer"),
			text("legal_name", "its legal name"),
			text("address", "its address"),
			code("tax_id", "its tax number"),
			code("country", "its country, which rows of taxes.csv name"),
			text("email", "where invoices are sent"),
			text("bank", "its bank details"),
			word("tax_exempt", yesNo, "NO", "YES: it pays no tax (§10.6)"),
			text("exempt_reason", "why it is exempt, as its bills say"),
			text("purchase_order", "the number of its purchase order, as documents to it show it"),
		},
	}
}
