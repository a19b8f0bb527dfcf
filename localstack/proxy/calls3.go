package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// readS3 tells which of S3's operations a request is, path style, and what IAM
// looks at.
//
// Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API
// operations".
func readS3(r *http.Request) Call {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	c := Call{Service: S3, Items: []string{bucket + "/" + key}}
	var action string
	if key == "" {
		c.Operation, action = bucketOperation(r.Method, query)
	} else {
		c.Operation, action = objectOperation(r, query)
	}
	resource := "arn:aws:s3:::" + bucket
	switch {
	case bucket == "":
		resource = "*"
	case key != "":
		resource += "/" + key
	}
	c.Uses = append(c.Uses, Use{Action: action, Resource: resource})
	if source, ok := copySource(r); ok {
		c.Uses = append(c.Uses, source)
		c.Items = append(c.Items, strings.TrimPrefix(source.Resource, "arn:aws:s3:::"))
	}
	return c
}

// bucketOperation is what a request without a key asks for.
func bucketOperation(method string, q url.Values) (operation, action string) {
	switch {
	case method == http.MethodHead:
		return "HeadBucket", "s3:ListBucket"
	case method == http.MethodGet && q.Has("uploads"):
		return "ListMultipartUploads", "s3:ListBucketMultipartUploads"
	case method == http.MethodGet && q.Has("versions"):
		return "ListObjectVersions", "s3:ListBucketVersions"
	case method == http.MethodGet && q.Get("list-type") == "2":
		return "ListObjectsV2", "s3:ListBucket"
	case method == http.MethodGet && q.Has("versioning"):
		return "GetBucketVersioning", "s3:GetBucketVersioning"
	case method == http.MethodGet && q.Has("location"):
		return "GetBucketLocation", "s3:GetBucketLocation"
	case method == http.MethodGet:
		return "ListObjects", "s3:ListBucket"
	case method == http.MethodPost && q.Has("delete"):
		return "DeleteObjects", "s3:DeleteObject"
	case method == http.MethodPut && len(q) == 0:
		return "CreateBucket", "s3:CreateBucket"
	}
	return unknownOperation(method, q)
}

// objectOperation is what a request with a key asks for.
func objectOperation(r *http.Request, q url.Values) (operation, action string) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return readOperation(r.Method, q)
	case http.MethodPut:
		return putOperation(r, q)
	case http.MethodPost:
		switch {
		case q.Has("uploads"):
			return "CreateMultipartUpload", "s3:PutObject"
		case q.Has("uploadId"):
			return "CompleteMultipartUpload", "s3:PutObject"
		}
	case http.MethodDelete:
		switch {
		case q.Has("uploadId"):
			return "AbortMultipartUpload", "s3:AbortMultipartUpload"
		case q.Has("versionId"):
			return "DeleteObject", "s3:DeleteObjectVersion"
		case !q.Has("tagging"):
			return "DeleteObject", "s3:DeleteObject"
		}
	}
	return unknownOperation(r.Method, q)
}

func readOperation(method string, q url.Values) (operation, action string) {
	operation = "GetObject"
	switch {
	case q.Has("uploadId"):
		return "ListParts", "s3:ListMultipartUploadParts"
	case q.Has("attributes"):
		operation = "GetObjectAttributes"
	case q.Has("tagging"), q.Has("acl"), q.Has("retention"):
		return unknownOperation(method, q)
	case method == http.MethodHead:
		operation = "HeadObject"
	}
	if q.Has("versionId") {
		return operation, "s3:GetObjectVersion"
	}
	return operation, "s3:GetObject"
}

func putOperation(r *http.Request, q url.Values) (operation, action string) {
	copied := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case q.Has("partNumber") && copied:
		return "UploadPartCopy", "s3:PutObject"
	case q.Has("partNumber"):
		return "UploadPart", "s3:PutObject"
	case q.Has("tagging"), q.Has("acl"), q.Has("retention"):
		return unknownOperation(r.Method, q)
	case copied:
		return "CopyObject", "s3:PutObject"
	}
	return "PutObject", "s3:PutObject"
}

// unknownOperation names what is not known in a way that no permission covers
// and a record shows.
func unknownOperation(method string, q url.Values) (operation, action string) {
	operation = "Unknown " + method
	for name := range q {
		operation += " " + name
	}
	return operation, "s3:" + operation
}

// copySource is the reading half of a copy.
func copySource(r *http.Request) (Use, bool) {
	from := r.Header.Get("X-Amz-Copy-Source")
	if from == "" {
		return Use{}, false
	}
	from, query, _ := strings.Cut(from, "?")
	name, err := url.PathUnescape(strings.TrimPrefix(from, "/"))
	if err != nil {
		name = from
	}
	action := "s3:GetObject"
	if strings.HasPrefix(query, "versionId=") {
		action = "s3:GetObjectVersion"
	}
	return Use{Action: action, Resource: "arn:aws:s3:::" + name}, true
}
