package serve

import (
	"errors"
	"net/http"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/serve/sign"
)

const tokenHeader = "X-Auth-Token"

// caller authenticates a request: by X-Auth-Token if it has one, else by its signature. If the signature is valid but
// was used before, it returns the caller together with the error.
func (s *Server) caller(r *http.Request, body []byte, now time.Time) (keys.Caller, error) {
	if tokens := r.Header.Values(tokenHeader); len(tokens) > 0 {
		if len(tokens) > 1 || len(r.Header.Values("Authorization")) > 0 {
			return keys.Caller{}, notSigned(sign.Malformed)
		}
		c, ok, err := s.keys.Token(tokens[0])
		if err == nil && !ok {
			err = operation.NotSigned(operation.Text{Zh: "令牌无效", En: "the token is not good"})
		}
		return c, err
	}
	sig, err := sign.Parse(r.Header)
	if err != nil {
		return keys.Caller{}, notSigned(err)
	}
	if err := sig.Fresh(now); err != nil {
		return keys.Caller{}, notSigned(err)
	}
	c, secret, known, err := s.keys.Secret(sig.Access)
	if err != nil {
		return keys.Caller{}, err
	}
	if err := sig.Verify(r, body, secret); err != nil || !known {
		if err == nil {
			err = sign.Mismatch
		}
		return keys.Caller{}, notSigned(err)
	}
	err = s.seen.Take(sig, connOf(r), now)
	s.remembered(s.seen.Err())
	if err != nil {
		if errors.Is(err, sign.Full) {
			return c, operation.TooMany()
		}
		return c, notSigned(err)
	}
	return c, nil
}

// remembered logs when signatures can no longer be stored in files, and when they can be again.
func (s *Server) remembered(err error) {
	if alone := err != nil; s.alone.Swap(alone) != alone {
		if alone {
			s.log.Error("used signatures are stored in memory only: a restart, or another server, accepts them "+
				"once more", "error", err.Error())
			return
		}
		s.log.Info("used signatures are written down again")
	}
}

// notSigned returns the error for a rejected signature.
func notSigned(why error) error {
	zh := map[error]string{
		sign.Missing:   "缺少签名或令牌",
		sign.Malformed: "Authorization格式错误",
		sign.NoDate:    "X-Sdk-Date缺失、未签名或格式错误",
		sign.TooFar:    "X-Sdk-Date与服务器时间相差超过15分钟",
		sign.NoHeader:  "缺少已签名的消息头",
		sign.BadQuery:  "查询参数格式错误",
		sign.Unsigned:  "X-Sdk-Content-Sha256与请求体不符",
		sign.Mismatch:  "签名校验失败",
		sign.Replayed:  "签名已被使用",
	}
	return operation.NotSigned(operation.Text{Zh: zh[why], En: why.Error()})
}
