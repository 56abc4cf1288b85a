package operation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Language is the language of names and error texts.
type Language uint8

// The languages.
const (
	English Language = iota // en_US
	Chinese                 // zh_CN
)

// ParseLanguage parses a language of X-Language or the setting api.language; case does not matter.
func ParseLanguage(text string) (Language, bool) {
	switch {
	case strings.EqualFold(text, "zh_CN"):
		return Chinese, true
	case strings.EqualFold(text, "en_US"):
		return English, true
	}
	return English, false
}

// Text is a text in both languages.
type Text struct{ Zh, En string }

// In is the text in a language.
func (t Text) In(l Language) string {
	if l == Chinese {
		return t.Zh
	}
	return t.En
}

// Textf formats both texts; they must have the same verbs in the same order.
func Textf(zh, en string, args ...any) Text {
	return Text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// Code is an error code of the API and its HTTP status.
type Code struct {
	ID     string
	Status int
}

// The codes (§8).
func badParameter() Code { return Code{"CBC.0100", http.StatusBadRequest} }

// Error is an error in the form that a caller receives.
type Error struct {
	Code Code
	Text Text
}

// Error is the English text.
func (e *Error) Error() string { return e.Code.ID + ": " + e.Text.En }

// ErrorBody is the JSON form of an error.
type ErrorBody struct {
	Code string `json:"error_code"`
	Text string `json:"error_msg"`
}

// Body returns the error in a language.
func (e *Error) Body(l Language) ErrorBody { return ErrorBody{e.Code.ID, e.Text.In(l)} }

// NotHTTP is the error for an invalid request: CBC.0100, or CBC.0 with the status if that is not 400.
func NotHTTP(status int, why string) *Error {
	code := badParameter()
	if status != http.StatusBadRequest {
		code = Code{fmt.Sprintf("CBC.0%d", status), status}
	}
	return &Error{code, Textf("请求不是有效的HTTP请求：%s", "the request is not valid HTTP: %s", why)}
}

// BadParameter is CBC.0100: a parameter is malformed, out of its range or missing.
func BadParameter(name string, why Text) *Error {
	return &Error{badParameter(), Text{"参数" + name + "错误：" + why.Zh, "parameter " + name + ": " + why.En}}
}

// BadRequest is CBC.0100 for the complete request.
func BadRequest(why Text) *Error { return &Error{badParameter(), why} }

// MayNot is CBC.0150: the caller has no right to the requested data.
func MayNot(what Text) *Error { return &Error{Code{"CBC.0150", http.StatusForbidden}, what} }

// notForRole is CBC.0151: the operation is not for callers of this role.
func notForRole() *Error {
	return &Error{Code{"CBC.0151", http.StatusForbidden}, Text{"没有权限调用该接口", "this operation is not for the caller"}}
}

// otherManager is CBC.0151: a key that is limited to an account manager requested another one.
func otherManager() *Error {
	return &Error{Code{"CBC.0151", http.StatusForbidden},
		Text{"没有该客户经理的权限", "the key is bound to another account_manager_id"}}
}

// NotSigned is CBC.0154: signature or token is missing or wrong.
func NotSigned(why Text) *Error { return &Error{Code{"CBC.0154", http.StatusUnauthorized}, why} }

// TooMany is CBC.0250: the caller sends too many requests.
func TooMany() *Error {
	return &Error{Code{"CBC.0250", http.StatusTooManyRequests},
		Text{"请求过于频繁，请稍后再试", "too many requests: try again later"}}
}

// Internal is CBC.0999. id is the id of the request, under which the log has details.
func Internal(id string) *Error {
	return &Error{Code{"CBC.0999", http.StatusInternalServerError},
		Textf("系统内部错误，请求标识：%s", "internal error, request id %s", id)}
}

// NotItsCustomer is CBC.99000035, both for a customer of another partner and for one that does not exist.
func NotItsCustomer() *Error {
	return &Error{Code{"CBC.99000035", http.StatusBadRequest}, Text{"该客户不是当前伙伴的客户", "not a customer of this partner"}}
}

// notItsReseller is CBC.99000037, both for a reseller of another partner and for one that does not exist.
func notItsReseller() *Error {
	return &Error{Code{"CBC.99000037", http.StatusForbidden}, Text{"没有该云经销商的权限", "no right to this indirect partner"}}
}

// NotFound is CBC.0404.
func NotFound(what Text) *Error { return &Error{Code{"CBC.0404", http.StatusNotFound}, what} }

// NoPath is CBC.0404 for a path without an operation.
func NoPath() *Error { return NotFound(Text{"接口不存在", "there is no such operation"}) }

// WrongVerb is CBC.0405.
func WrongVerb(allowed string) *Error {
	return &Error{Code{"CBC.0405", http.StatusMethodNotAllowed}, Textf("请求方法不支持，仅支持%s", "the operation is called by %s",
		allowed)}
}

// TooLarge is CBC.0413: the body is too long.
func TooLarge(most int) *Error {
	return &Error{Code{"CBC.0413", http.StatusRequestEntityTooLarge},
		Textf("请求体超过%d字节", "the body is longer than %d bytes", most)}
}

// NoRange is CBC.0416: the requested part of a file begins after its end.
func NoRange() *Error {
	return &Error{Code{"CBC.0416", http.StatusRequestedRangeNotSatisfiable},
		Text{"请求的范围超出文件长度", "Range: the file ends before the requested range"}}
}

// NotTheSame is CBC.0412: If-Match or If-Unmodified-Since requires another version of a file than the current one.
func NotTheSame() *Error {
	return &Error{Code{"CBC.0412", http.StatusPreconditionFailed},
		Text{"文件已更新，不满足请求的条件", "If-Match or If-Unmodified-Since: the file is a different version"}}
}

// URLTooLong is CBC.0414.
func URLTooLong(most int) *Error {
	return &Error{Code{"CBC.0414", http.StatusRequestURITooLong}, Textf("请求地址超过%d字节", "the URL is longer than %d bytes",
		most)}
}

// NotReady is CBC.0503: the server cannot answer yet, or no longer.
func NotReady(why Text) *Error {
	return &Error{Code{"CBC.0503", http.StatusServiceUnavailable}, why}
}

// MaxTurns is how many states are tried for a result. If runs delete the files of all of them meanwhile, the error is
// Overtaken.
const MaxTurns = 10

// Overtaken is CBC.0503: runs committed faster than the result was read.
func Overtaken() *Error {
	return NotReady(Text{"数据在读取期间多次更新，请稍后重试", "the data changed several times while it was being read: try again"})
}

// Known returns an internal error as one that a caller may see (OP-4); nil = the caller only learns that it happened.
func Known(err error) *Error {
	none, archived, moved := new(rows.NoCycleError), new(rows.ArchivedError), new(lake.MovedError)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return TooLong()
	case errors.As(err, &moved):
		return Overtaken()
	case errors.As(err, &none):
		return NotFound(Textf("没有账期%s的数据", "there is no data of cycle %s", none.Cycle))
	case errors.As(err, &archived):
		return NotFound(Textf("账期%s已归档", "cycle %s is archived", archived.Cycle))
	case problem.ClassOf(err) == problem.NotFound:
		return NotFound(Text{"没有找到所请求的内容", "the requested item does not exist"})
	}
	return nil
}

// TooLong is CBC.0504: the result was not ready in time.
func TooLong() *Error {
	return &Error{Code{"CBC.0504", http.StatusGatewayTimeout},
		Text{"处理超时，请缩小查询范围", "the answer took too long: request less"}}
}
