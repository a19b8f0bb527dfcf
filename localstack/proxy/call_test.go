package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	tableOf  = "arn:aws:dynamodb:eu-central-1:000000000000:table/images"
	streamOf = "arn:aws:dynamodb:eu-central-1:000000000000:table/images/stream/2026-07-01T09:00:00.000"
	objectOf = "arn:aws:s3:::bucket/images/1/a b"
)

func keys(partition, sort string) map[string]ddb.AttributeValue {
	return map[string]ddb.AttributeValue{"pk": text(partition), "sk": text(sort)}
}

// TestCallsAreRead holds what the SDK's requests are taken for: the operation, the
// items, and what IAM would look at.
func TestCallsAreRead(t *testing.T) {
	table, bucket, key, id := aws.String("images"), aws.String("bucket"), aws.String("images/1/a b"), aws.String("upload 1")
	for _, c := range []struct {
		operation string
		ask       func(*testing.T, clients) error
		items     string // joined by commas
		uses      string // "action resource", joined by commas
	}{
		{"GetItem", get, "image#1/image", "dynamodb:GetItem " + tableOf},
		{"Query", func(t *testing.T, c clients) error {
			_, err := c.dynamo.Query(t.Context(), &dynamodb.QueryInput{
				TableName: table, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: map[string]ddb.AttributeValue{":p": text("list#all")},
			})
			return err
		}, "list#all/", "dynamodb:Query " + tableOf},
		{"BatchGetItem", func(t *testing.T, c clients) error {
			_, err := c.dynamo.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]ddb.KeysAndAttributes{
				"images": {Keys: []map[string]ddb.AttributeValue{keys("a", "1"), keys("b", "2")}},
			}})
			return err
		}, "a/1,b/2", "dynamodb:BatchGetItem " + tableOf},
		{"TransactGetItems", func(t *testing.T, c clients) error {
			_, err := c.dynamo.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []ddb.TransactGetItem{
				{Get: &ddb.Get{TableName: table, Key: keys("a", "1")}}, {Get: &ddb.Get{TableName: table, Key: keys("b", "2")}},
			}})
			return err
		}, "a/1,b/2", "dynamodb:GetItem " + tableOf},
		{"TransactWriteItems", func(t *testing.T, c clients) error {
			_, err := c.dynamo.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{
				{Update: &ddb.Update{TableName: table, Key: keys("a", "1"), UpdateExpression: aws.String("SET x = y")}},
				{Delete: &ddb.Delete{TableName: table, Key: keys("b", "2")}},
				{ConditionCheck: &ddb.ConditionCheck{TableName: table, Key: keys("c", "3"), ConditionExpression: aws.String("x")}},
				{Put: &ddb.Put{TableName: table, Item: keys("d", "4")}},
				{Update: &ddb.Update{TableName: table, Key: keys("e", "5"), UpdateExpression: aws.String("SET x = y")}},
			}})
			return err
		}, "a/1,b/2,c/3,d/4,e/5", "dynamodb:UpdateItem " + tableOf + ",dynamodb:DeleteItem " + tableOf + ",dynamodb:ConditionCheckItem " + tableOf + ",dynamodb:PutItem " + tableOf},
		{"DescribeTable", func(t *testing.T, c clients) error {
			_, err := c.dynamo.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(tableOf)})
			return err
		}, "", "dynamodb:DescribeTable " + tableOf},
		{"ListStreams", func(t *testing.T, c clients) error {
			_, err := c.streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: table})
			return err
		}, "", "dynamodb:ListStreams *"},
		{"DescribeStream", func(t *testing.T, c clients) error {
			_, err := c.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(streamOf)})
			return err
		}, streamOf, "dynamodb:DescribeStream " + streamOf},
		{"GetShardIterator", func(t *testing.T, c clients) error {
			_, err := c.streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
				StreamArn: aws.String(streamOf), ShardId: aws.String("shardId-00000000000000000001"), ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
			})
			return err
		}, streamOf, "dynamodb:GetShardIterator " + streamOf},
		{"GetRecords", func(t *testing.T, c clients) error {
			_, err := c.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String(streamOf + "|0|7|its|own")})
			return err
		}, streamOf, "dynamodb:GetRecords " + streamOf},

		{"HeadObject", func(t *testing.T, c clients) error {
			_, err := c.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
			return err
		}, "bucket/images/1/a b", "s3:GetObject " + objectOf},
		{"HeadObject", func(t *testing.T, c clients) error {
			_, err := c.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key, VersionId: id})
			return err
		}, "bucket/images/1/a b", "s3:GetObjectVersion " + objectOf},
		{"GetObject", func(t *testing.T, c clients) error {
			_, err := c.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
			return err
		}, "bucket/images/1/a b", "s3:GetObject " + objectOf},
		{"GetObject", func(t *testing.T, c clients) error {
			_, err := c.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: id, Range: aws.String("bytes=1-2")})
			return err
		}, "bucket/images/1/a b", "s3:GetObjectVersion " + objectOf},
		{"PutObject", func(t *testing.T, c clients) error {
			_, err := c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x")})
			return err
		}, "bucket/images/1/a b", "s3:PutObject " + objectOf},
		{"CreateMultipartUpload", func(t *testing.T, c clients) error {
			_, err := c.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
			return err
		}, "bucket/images/1/a b", "s3:PutObject " + objectOf},
		{"UploadPart", func(t *testing.T, c clients) error {
			_, err := c.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: id, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
			return err
		}, "bucket/images/1/a b", "s3:PutObject " + objectOf},
		{"UploadPartCopy", func(t *testing.T, c clients) error {
			_, err := c.s3.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{
				Bucket: bucket, Key: key, UploadId: id, PartNumber: aws.Int32(1), CopySource: aws.String("bucket/images/2/from?versionId=v1"),
			})
			return err
		}, "bucket/images/1/a b,bucket/images/2/from", "s3:PutObject " + objectOf + ",s3:GetObjectVersion arn:aws:s3:::bucket/images/2/from"},
		{"CompleteMultipartUpload", func(t *testing.T, c clients) error {
			_, err := c.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id, MultipartUpload: &s3types.CompletedMultipartUpload{}})
			return err
		}, "bucket/images/1/a b", "s3:PutObject " + objectOf},
		{"AbortMultipartUpload", func(t *testing.T, c clients) error {
			_, err := c.s3.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id})
			return err
		}, "bucket/images/1/a b", "s3:AbortMultipartUpload " + objectOf},
		{"ListParts", func(t *testing.T, c clients) error {
			_, err := c.s3.ListParts(t.Context(), &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: id})
			return err
		}, "bucket/images/1/a b", "s3:ListMultipartUploadParts " + objectOf},
		{"ListMultipartUploads", func(t *testing.T, c clients) error {
			_, err := c.s3.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: bucket, Prefix: key})
			return err
		}, "bucket/", "s3:ListBucketMultipartUploads arn:aws:s3:::bucket"},
		{"ListObjectsV2", func(t *testing.T, c clients) error {
			_, err := c.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: key})
			return err
		}, "bucket/", "s3:ListBucket arn:aws:s3:::bucket"},
		{"ListObjectVersions", func(t *testing.T, c clients) error {
			_, err := c.s3.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: key})
			return err
		}, "bucket/", "s3:ListBucketVersions arn:aws:s3:::bucket"},
		{"HeadBucket", func(t *testing.T, c clients) error {
			_, err := c.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
			return err
		}, "bucket/", "s3:ListBucket arn:aws:s3:::bucket"},
		{"DeleteObject", func(t *testing.T, c clients) error {
			_, err := c.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})
			return err
		}, "bucket/images/1/a b", "s3:DeleteObject " + objectOf},
		{"DeleteObject", func(t *testing.T, c clients) error {
			_, err := c.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key, VersionId: id})
			return err
		}, "bucket/images/1/a b", "s3:DeleteObjectVersion " + objectOf},
		{"CopyObject", func(t *testing.T, c clients) error {
			_, err := c.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String("bucket/images/2/fr%C3%B6m")})
			return err
		}, "bucket/images/1/a b,bucket/images/2/fröm", "s3:PutObject " + objectOf + ",s3:GetObject arn:aws:s3:::bucket/images/2/fröm"},
		{"Unknown PUT acl", func(t *testing.T, c clients) error {
			_, err := c.s3.PutObjectAcl(t.Context(), &s3.PutObjectAclInput{Bucket: bucket, Key: key, ACL: s3types.ObjectCannedACLPrivate})
			return err
		}, "bucket/images/1/a b", "s3:Unknown PUT acl " + objectOf},
	} {
		t.Run(c.operation, func(t *testing.T) {
			w := newWorld(t)
			w.engine.answer = func(rw http.ResponseWriter, r *http.Request) {
				if serviceOf(r) == S3 {
					_, _ = rw.Write([]byte("<Result/>"))
				} else {
					_, _ = rw.Write([]byte("{}"))
				}
			}
			rules := map[string]*Injection{c.operation: w.proxy.Inject(Rule{Match: Match{Function: "image-show", Operation: c.operation}, Skip: 1})}
			for item := range strings.SplitSeq(c.items, ",") {
				rules[item] = w.proxy.Inject(Rule{Match: Match{Item: item, Partition: item}, Skip: 1})
			}
			if err := c.ask(t, w.clients(nil)); err != nil {
				t.Fatal(err)
			}
			for of, rule := range rules {
				if rule.Seen() != 1 {
					t.Errorf("a rule on %q does not pick it", of)
				}
			}
			var want []Use
			for use := range strings.SplitSeq(c.uses, ",") {
				last := strings.LastIndex(use, " *")
				if at := strings.Index(use, " arn:"); at > 0 {
					last = at
				}
				want = append(want, Use{"image-show", use[:last], use[last+1:]})
			}
			got := w.proxy.Uses()
			if len(got) != len(want) || slices.ContainsFunc(want, func(u Use) bool { return !slices.Contains(got, u) }) {
				t.Errorf("recorded %v, not %v", got, want)
			}
		})
	}
}

// TestPermissionsAreEnforced holds that a function does what it may, and that the
// rest is answered as AWS does, recorded apart, and never reaches the engine.
func TestPermissionsAreEnforced(t *testing.T) {
	w := newWorld(t)
	allow := func(p ...Permission) {
		w.proxy.Add(Function{Name: "image-show", Credentials: w.key, Permissions: append([]Permission{}, p...)})
	}
	c := w.clients(nil)
	allow()
	wantCode(t, "GetItem", get(t, c), "AccessDeniedException")
	wantCode(t, "PutObject", put(t, c, strings.NewReader("x")), "AccessDenied")
	allow(Permission{"dynamodb:GetItem", tableOf}, Permission{"s3:PutObject", "arn:aws:s3:::other/*"})
	if err := get(t, c); err != nil {
		t.Error(err)
	}
	wantCode(t, "PutObject elsewhere", put(t, c, strings.NewReader("x")), "AccessDenied")
	allow(Permission{"s3:Put*", "arn:aws:s3:::bucket/images/*"})
	if err := put(t, c, strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	if seen := w.engine.operations(); !slices.Equal(seen, []string{"GetItem", "PutObject"}) {
		t.Errorf("the engine saw %v", seen)
	}
	if denied, uses := w.proxy.Denied(), w.proxy.Uses(); len(denied) != 2 || len(uses) != 2 {
		t.Errorf("denied %v, used %v", denied, uses)
	}
}

// TestAbsenceIsForListers holds that only who may list a bucket learns that an
// object is not there.
func TestAbsenceIsForListers(t *testing.T) {
	w := newWorld(t)
	w.engine.answer = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotFound) }
	read := Permission{"s3:GetObject*", "arn:aws:s3:::bucket/*"}
	status := func(permissions ...Permission) int {
		w.proxy.Add(Function{Name: "image-show", Credentials: w.key, Permissions: append(permissions, read)})
		answer, err := w.presigned(nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	if got := status(); got != http.StatusForbidden {
		t.Errorf("without the right to list: %d", got)
	}
	list := Permission{"s3:ListBucket", "arn:aws:s3:::bucket"}
	if got := status(list); got != http.StatusNotFound {
		t.Errorf("with it: %d", got)
	}
	if !slices.Contains(w.proxy.Uses(), Use{"image-show", list.Action, list.Resource}) {
		t.Errorf("the use of it is not recorded: %v", w.proxy.Uses())
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "a", true},
		{"a*c", "abbc", true},
		{"a*c", "abb", false},
		{"*", "", true},
		{"*b*d", "abcd", true},
		{"arn:aws:s3:::b/images/*", "arn:aws:s3:::b/other", false},
	} {
		if got := matches(c.pattern, c.text); got != c.want {
			t.Errorf("%q of %q: %t", c.pattern, c.text, got)
		}
	}
}
