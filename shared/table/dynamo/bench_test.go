package dynamo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/table"
)

// canned is DynamoDB with one answer, in process, so that what is measured is
// the adapter and the SDK.
type canned struct{ body []byte }

func (c canned) Do(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		ContentLength: int64(len(c.body)), Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
	}, nil
}

func openCanned(b *testing.B, o any) *Table {
	b.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		b.Fatal(err)
	}
	cfg := (&fake{Server: newFake(b).Server}).config()
	cfg.HTTPClient, cfg.BaseEndpoint = canned{body}, aws.String("http://127.0.0.1")
	b.ReportAllocs()
	return Open(cfg, "tab")
}

const benchBody = 1500 // bytes of a usual image record

// benchItems are records of images, in the form that they are sent in.
func benchItems(n int) []object {
	items := make([]object, n)
	for i := range items {
		items[i] = stored(object{"sk": object{"S": fmt.Sprintf("%08d", i)}, "d": object{"B": make([]byte, benchBody)}, "c_members": object{"N": "3"}})
	}
	return items
}

func BenchmarkTransact(b *testing.B) {
	for _, n := range []int{1, 7, 100} {
		b.Run(fmt.Sprintf("%d writes", n), func(b *testing.B) {
			t := openCanned(b, object{"ConsumedCapacity": []object{{"TableName": "tab", "CapacityUnits": 4, "WriteCapacityUnits": 4}}})
			writes := make([]table.Write, n)
			for i := range writes {
				writes[i] = table.Write{
					Kind: table.Put, Key: table.Key{Partition: "p", Sort: fmt.Sprint(i)}, Schema: 1, Body: make([]byte, benchBody), If: table.IfRevision(3),
				}
			}
			for b.Loop() {
				if outcome, err := t.Transact(b.Context(), writes...); err != nil || !outcome.OK() {
					b.Fatal(outcome, err)
				}
			}
		})
	}
}

// BenchmarkCounters has the writes with the longest expressions in common use.
func BenchmarkCounters(b *testing.B) {
	t := openCanned(b, object{})
	write := table.Write{
		Kind: table.Add, Key: testKey, Counters: map[string]int64{"bytes": 1 << 30, "images": 1},
		If: table.IfWithin("bytes", 0, 1<<40).Within("images", 0, 1000),
	}
	for b.Loop() {
		if _, err := t.Transact(b.Context(), write); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	for _, n := range []int{1, 25, 500} {
		b.Run(fmt.Sprintf("%d items", n), func(b *testing.B) {
			t := openCanned(b, object{"Items": benchItems(n), "Count": n, "ScannedCount": n})
			for b.Loop() {
				if page, err := t.Query(b.Context(), table.Query{Partition: "p", Limit: n}); err != nil || len(page.Items) != n {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{1, 25} {
		b.Run(fmt.Sprintf("%d items", n), func(b *testing.B) {
			items := benchItems(n)
			t := openCanned(b, object{"Item": items[0], "Responses": object{"tab": items}})
			keys := make([]table.Key, n)
			for i := range keys {
				keys[i] = table.Key{Partition: "p", Sort: fmt.Sprintf("%08d", i)}
			}
			for b.Loop() {
				if found, err := t.Get(b.Context(), keys...); err != nil || found[0] == nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExpress is the adapter's own part of a write.
func BenchmarkExpress(b *testing.B) {
	b.ReportAllocs()
	writes := map[string]table.Write{
		"record": {Kind: table.Put, Key: testKey, Schema: 1, Body: make([]byte, benchBody), If: table.IfRevision(3)},
		"counters": {
			Kind: table.Add, Key: testKey, Counters: map[string]int64{"bytes": 1 << 30, "images": 1},
			If: table.IfWithin("bytes", 0, 1<<40).Within("images", 0, 1000),
		},
	}
	for name, w := range writes {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				express(&w)
			}
		})
	}
}
