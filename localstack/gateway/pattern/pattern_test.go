package pattern_test

import (
	"encoding/json"
	"testing"

	"github.com/gander-images/gander/localstack/gateway/pattern"
)

func TestMatches(t *testing.T) {
	const due = `{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"due#"}]}}}}`
	for _, test := range []struct {
		pattern, event string
		want           bool
	}{
		{due, `{"eventName":"INSERT","dynamodb":{"Keys":{"pk":{"S":"due#purge#0"},"sk":{"S":"x"}}}}`, true},
		{due, `{"eventName":"REMOVE","dynamodb":{"Keys":{"pk":{"S":"due#purge#0"}}}}`, false},
		{due, `{"eventName":"MODIFY","dynamodb":{"Keys":{"pk":{"S":"image#1"}}}}`, false},
		{due, `{"eventName":"MODIFY"}`, false},
		{`{}`, `{"a":1}`, true},
		{`{"a":[1]}`, `{"a":1}`, true},
		{`{"a":[1]}`, `{"a":"1"}`, false},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[null]}`, `{}`, false},
		{`{"a":["x"]}`, `{"a":["y","x"]}`, true},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x","b":"z"}`, false},
		{`{"a":[{"suffix":"#1"}]}`, `{"a":"b#1"}`, true},
		{`{"a":[{"suffix":"#1"}]}`, `{"a":1}`, false},
		{`{"a":[{"equals-ignore-case":"Xy"}]}`, `{"a":"xY"}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":0}`, true},
		{`{"a":[{"exists":true}]}`, `{}`, false},
		{`{"a":[{"exists":false}]}`, `{}`, true},
		{`{"a":{"b":[{"exists":false}]}}`, `{"a":{"b":1}}`, false},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"z"}`, true},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"y"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{}`, false},
		{`{"a":[{"anything-but":{"prefix":"due#"}}]}`, `{"a":"due#1"}`, false},
		{`{"a":[{"anything-but":{"prefix":"due#"}}]}`, `{"a":"image#1"}`, true},
	} {
		p, err := pattern.Compile(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		var event any
		if err := json.Unmarshal([]byte(test.event), &event); err != nil {
			t.Fatal(err)
		}
		if got := p.Match(event); got != test.want {
			t.Errorf("%s of %s: %v", test.pattern, test.event, got)
		}
	}
}

func TestUnknownPatterns(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `{"a":1}`, `{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":[{"prefix":1}]}`, `{"a":[{"exists":1}]}`, `{"a":[{}]}`,
		`{"$or":[{"a":[1]}]}`, `{"a":{"b":[{"numeric":[">",1]}]}}`, `{"a":[{"anything-but":{"cidr":"x"}}]}`,
	} {
		if _, err := pattern.Compile(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
