package bss_test

import "testing"

// TestCatalogue checks the list of what the books sell: four services with five kinds of resources, each code once and
// in order. Invariants: CATALOGUE-1, CATALOGUE-2, FORM-1.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const types, kinds, usages = "/v2/products/service-types", "/v2/products/resource-types", "/v2/products/usage-types"
	h.says("ann", types+"?limit=2", "", `{"total_count":4,"service_types":[
		{"service_type_name":"Bandwidth","service_type_code":"bw"},{"service_type_name":"Mailing","service_type_code":"ml"}]}`)
	h.same("past the end", h.few("hub", types+"?offset=4", "", "service_types", "service_type_code"), "")
	h.same("part of a name", h.few("hub", types+"?service_type_name=or", "", "service_types", "service_type_code"),
		"st\nsu")
	h.same("kinds", h.few("", kinds, "", "resource_types", "resource_type_code", "service_type_code"),
		"bw.line bw\nml.out ml\nst.cold st\nst.gb st\nsu.care su")
	h.says("ann", "/v2/products/service-resources?service_type_code=st&offset=1", "", `{"total_count":2,"infos":[
		{"basic_info":{"resource_type_code":"st.gb","product_owner_service":"st","name":"Store"}}]}`)
	h.fails("ann", "/v2/products/service-resources", "", 400, "CBC.0100")
	h.says("ann", usages+"?resource_type_code=st.gb", "", `{"total_count":1,"usage_types":[{"code":"stored",
		"resource_type_code":"st.gb","service_type_code":"st","resource_type_name":"Store","service_type_name":"Stores"}]}`)
	h.same("usage types", h.few("ann", usages, "", "usage_types", "code", "resource_type_code"),
		"peak bw.line\nsent ml.out\nstored st.cold\nstored st.gb\nterm su.care")
	h.says("ann", "/v2/bases/measurements", "", `{"measure_units":[
		{"measure_id":1,"measure_name":"CNY","abbreviation":"Y","measure_type":1},
		{"measure_id":14,"measure_name":"piece","abbreviation":"piece","measure_type":12},
		{"measure_id":15,"measure_name":"Mbps","abbreviation":"Mbps","measure_type":16},
		{"measure_id":17,"measure_name":"GB","abbreviation":"G","measure_type":7}]}`)
	h.says("ann", "/v2/bases/conversions?measure_type=7", "", `{"conversions":[]}`)
	h.fails("ann", "/v2/bases/conversions?measure_type=x", "", 400, "CBC.0100")
}

// TestResourceSpecs checks that care, which has prices per month and per year, is sold by period and not on demand.
// Invariant: CATALOGUE-2.
func TestResourceSpecs(t *testing.T) {
	t.Parallel()
	h := houseWith(
		t, map[string]string{"books/prices.csv": `sku,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price,price_list
gb,east,,2026-01-01,,1,,2,
mail,*,,2026-01-01,,1,,1,
gb,west,,2026-01-01,,1,,5,special
cold,*,,2026-01-01,2026-10-01,1,,1,
line,*,,2026-01-01,,1,,1,
care,*,month,2026-01-01,,1,,30,
care,*,year,2026-01-01,,1,,300,
`})
	const path = "/v2/products/resource-specs-query"
	ask := func(service, kind, region, mode, more string) string {
		return `{"cloud_service_type":"` + service + `","resource_type":"` + kind + `","region_code":"` + region +
			`","charge_mode":"` + mode + `"` + more + `}`
	}
	h.says("ann", path, ask("su", "su.care", "west", "1", ""), `{"page_info":{},"cloud_service_basics":[
		{"cloud_service_type":"su","cloud_service_type_name":"Support","resource_type":"su.care",
		"resource_type_name":"Care","resource_spec":"care","resource_spec_name":"Care","charge_mode":"1","region_code":"west"}]}`)
	for body, want := range map[string]string{
		ask("su", "su.care", "west", "3", ""):                                                "",
		ask("st", "st.gb", "east", "3", ""):                                                  "gb",
		ask("st", "st.gb", "west", "3", ""):                                                  "",
		ask("st", "st.cold", "east", "3", ""):                                                "",
		ask("st", "st.gb", "east", "1", ""):                                                  "",
		ask("ml", "ml.out", "any", "3", ""):                                                  "mail",
		ask("su", "ml.out", "any", "3", ""):                                                  "",
		ask("ml", "ml.out", "x", "3", `,"marker":"1"`):                                       "",
		ask("ml", "ml.out", "x", "3", `,"filters":[{"key":"RESOURCE_SPEC","value":"mail"}]`): "mail",
		ask("ml", "ml.out", "x", "3", `,"filters":[{"key":"RESOURCE_SPEC","value":"gb"}]`):   "",
	} {
		h.same(body, h.few("ann", path, body, "cloud_service_basics", "resource_spec"), want)
	}
	h.fails("ann", path, ask("ml", "ml.out", "x", "2", ""), 400, "CBC.0100")
	h.fails("ann", path, ask("ml", "ml.out", "x", "3", `,"marker":"01"`), 400, "CBC.0100")
	h.fails("ann", path, ask("ml", "ml.out", "x", "3", `,"filters":[{"key":"SIZE","value":"1"}]`), 400, "CBC.0100")
}
