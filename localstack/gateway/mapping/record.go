package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/localstack/lambda"
)

// maxBatch is the most bytes of records that an event takes.
const maxBatch = lambda.MaxEvent - 64

// A record is one change in the form of an event.
type record struct {
	sequence string
	at       time.Time
	text     []byte // JSON
}

type attributes = map[string]any

// eventRecord is a record as a function gets it.
//
// Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB",
// example event.
type eventRecord struct {
	ID       string        `json:"eventID"`
	Name     string        `json:"eventName"`
	Version  string        `json:"eventVersion"`
	Source   string        `json:"eventSource"`
	Region   string        `json:"awsRegion"`
	Change   eventChange   `json:"dynamodb"`
	Identity *userIdentity `json:"userIdentity,omitempty"`
	Stream   string        `json:"eventSourceARN"`
}

type eventChange struct {
	Created  float64    `json:"ApproximateCreationDateTime"`
	Keys     attributes `json:"Keys,omitempty"`
	New      attributes `json:"NewImage,omitempty"`
	Old      attributes `json:"OldImage,omitempty"`
	Sequence string     `json:"SequenceNumber"`
	Size     int64      `json:"SizeBytes"`
	View     string     `json:"StreamViewType"`
}

type userIdentity struct {
	Type      string `json:"type"`
	Principal string `json:"principalId"`
}

func (m *Mapping) form(in *types.Record) (record, error) {
	d := in.Dynamodb
	if d == nil || d.SequenceNumber == nil {
		return record{}, fmt.Errorf("mapping: a record without a sequence number")
	}
	at := aws.ToTime(d.ApproximateCreationDateTime)
	e := eventRecord{
		ID: aws.ToString(in.EventID), Name: string(in.EventName), Version: aws.ToString(in.EventVersion),
		Source: aws.ToString(in.EventSource), Region: aws.ToString(in.AwsRegion), Stream: m.settings.Stream,
		Change: eventChange{
			Created: float64(at.Unix()), Sequence: *d.SequenceNumber, Size: aws.ToInt64(d.SizeBytes), View: string(d.StreamViewType),
			Keys: values(d.Keys), New: values(d.NewImage), Old: values(d.OldImage),
		},
	}
	if u := in.UserIdentity; u != nil {
		e.Identity = &userIdentity{aws.ToString(u.Type), aws.ToString(u.PrincipalId)}
	}
	text, err := json.Marshal(e)
	if err != nil {
		return record{}, fmt.Errorf("mapping: %w", err)
	}
	return record{sequence: *d.SequenceNumber, at: at, text: text}, nil
}

func values(in map[string]types.AttributeValue) attributes {
	if len(in) == 0 {
		return nil
	}
	out := make(attributes, len(in))
	for name, v := range in {
		out[name] = value(v)
	}
	return out
}

// value is an attribute in the service's JSON form.
func value(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return attributes{"S": v.Value}
	case *types.AttributeValueMemberN:
		return attributes{"N": v.Value}
	case *types.AttributeValueMemberB:
		return attributes{"B": v.Value} // bytes are base64 in JSON
	case *types.AttributeValueMemberBOOL:
		return attributes{"BOOL": v.Value}
	case *types.AttributeValueMemberNULL:
		return attributes{"NULL": v.Value}
	case *types.AttributeValueMemberSS:
		return attributes{"SS": v.Value}
	case *types.AttributeValueMemberNS:
		return attributes{"NS": v.Value}
	case *types.AttributeValueMemberBS:
		return attributes{"BS": v.Value}
	case *types.AttributeValueMemberM:
		return attributes{"M": values(v.Value)}
	case *types.AttributeValueMemberL:
		l := make([]any, len(v.Value))
		for i, each := range v.Value {
			l[i] = value(each)
		}
		return attributes{"L": l}
	}
	return nil
}

// wanted reports whether one of the filters lets the record through.
func (m *Mapping) wanted(r record) bool {
	if len(m.settings.Filters) == 0 {
		return true
	}
	var event any
	if err := json.Unmarshal(r.text, &event); err != nil {
		return true // it was just made of JSON
	}
	for _, f := range m.settings.Filters {
		if f.Match(event) {
			return true
		}
	}
	return false
}

// event is the event with the records.
func event(records []record) []byte {
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i, r := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.text)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
