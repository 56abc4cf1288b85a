package benefits

import "github.com/tollbook/tollbook/pipeline/serve/operation"

// Operations lists the operations about coupons and stored value.
func Operations() []operation.Operation {
	return []operation.Operation{quotaCoupons(), issuedCouponQuotas(), couponQuotasRecords(), issuedPartnerCoupons(),
		partnerCouponsRecord(), subCustomerCoupons(), customerCouponChanges(), storedValueCards()}
}
