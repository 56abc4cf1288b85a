package bss

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// benefitOperations lists the operations about coupons and stored value.
func benefitOperations() []operation.Operation {
	return []operation.Operation{quotaCoupons(), issuedCouponQuotas(), couponQuotasRecords(), issuedPartnerCoupons(),
		partnerCouponsRecord(), subCustomerCoupons(), customerCouponChanges(), storedValueCards()}
}
