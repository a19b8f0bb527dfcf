package scenarios

// behindGateway are the differences that the scenarios meet. docs/differences.md
// has a row for each, with the reason; the rows are held against each other.
var behindGateway = []difference{
	{
		row: "bodies beyond 4.5 MB", scenario: "TestLargeUploads", calls: []string{"* (5 MiB)", "* (11 MiB)"},
		status: 413, says: "4.5 MiB of image data", shapes: "rest",
	},
	{
		row: "bodies beyond 4.5 MB", scenario: "TestLongBodies", calls: []string{"POST /v2/images (10 MiB)"},
		says: "4.5 MiB of image data", shapes: "rest data",
	},
	{
		row: "bodies beyond 4.5 MB", scenario: "TestLargeUploads", calls: []string{"* (5 MiB)", "* (11 MiB)"},
		status: 413, says: "Request Entity Too Large", shapes: "http",
	},
	{
		row: "bodies beyond 4.5 MB", scenario: "TestLongBodies", calls: []string{"POST /v2/images (10 MiB)"},
		says: "Request Entity Too Large", shapes: "http alb albmulti",
	},
	{
		row: "bodies beyond 1 MB", scenario: "TestLargeUploads", calls: []string{"* (4 MiB)", "* (5 MiB)", "* (11 MiB)"},
		status: 413, says: "Request Entity Too Large", shapes: "alb albmulti",
	},
	{
		row: "bodies beyond 1 MB", scenario: "TestOrderOfChecks", calls: []string{"* (body expected/body size)"},
		status: 413, says: "Request Entity Too Large", shapes: "alb albmulti",
	},
	{
		row: "bodies beyond 1 MB", scenario: "TestOrderOfChecks", calls: []string{"* (body size)", "* (body size/body text)"},
		says: "Request Entity Too Large", shapes: "alb albmulti",
	},
	{
		row: "bodies in chunks", scenario: "TestUnexpectedBodies", calls: []string{"GET /v2/images/* (in chunks)"},
		status: 400, says: "A body is not expected with this request.",
	},
	{
		row: "bodies in chunks", scenario: "TestUnexpectedBodies", calls: []string{"POST /v2/images (no chunks)"},
		says: "Body expected in request.",
	},
	{
		row: "request line and headers beyond 10,240 bytes", scenario: "TestListRefused", calls: []string{"GET /v2/images?id=xxx*"},
		status: 431,
	},
	{
		row: "request line and headers beyond 10,240 bytes", scenario: "TestBadTokens", calls: []string{"* (64 KB)", "* (64 KB, of a service)"},
		status: 431,
	},
	{
		row: "methods that HTTP does not know", scenario: "TestRoutes", calls: []string{"FROB /v2/images/*"},
		status: 501, says: "501 Not Implemented", shapes: "rest data",
	},
	{
		row: "methods that HTTP does not know", scenario: "TestAuthentication", calls: []string{"FROB /v2/nope"},
		status: 501, says: "501 Not Implemented", shapes: "rest data",
	},
	{
		row: "methods that HTTP does not know", scenario: "TestRoutes", calls: []string{"FROB *", "TRACE *"},
		status: 404, says: "Not Found", shapes: "http alb albmulti",
	},
	{
		row: "methods that HTTP does not know", scenario: "TestAuthentication", calls: []string{"FROB /v2/nope"},
		status: 404, says: "Not Found", shapes: "http alb albmulti",
	},
	{
		row: "two slashes at the start of a path", scenario: "TestRoutes", calls: []string{"GET //v2/images/*"},
		status: 404, shapes: "http alb albmulti",
	},
	{
		row: "a slash at the end of a path below `/key-manager`", scenario: "TestKeyManagerSlashes",
		calls:  []string{"GET /key-manager/", "GET /key-manager/v1/", "GET /key-manager/v1/secrets/*/", "POST /key-manager/v1/secrets/", "POST /key-manager/v1/secrets/*/consumers/", "POST /key-manager/v1/orders/"},
		status: 308, shapes: "http alb albmulti",
	},
	{
		row: "paths that are not UTF-8", scenario: "TestRoutes", calls: []string{"GET /%ff"},
		status: 300, shapes: "http",
	},
	{
		row: "paths that are not UTF-8", scenario: "TestRoutes", calls: []string{"GET /v2/images/%ff", "GET /v2/nope/%ff", "GET /gander/v1/%ff"},
		status: 404, shapes: "http",
	},
	{
		row: "paths that are not UTF-8", scenario: "TestRoutes", calls: []string{"POST /v2/images/%ff"},
		status: 405, shapes: "http",
	},
	{
		row: "encoded letters and slashes in paths", scenario: "TestRoutes", calls: []string{"GET /v2/images%2F*", "GET /v2/%69mages/*"},
		status: 404, shapes: "rest data alb albmulti",
	},
	{
		row: "other names of the version", scenario: "TestRoutes", calls: []string{"GET /v2.0/images/*", "GET /v2.17/images/*", "GET /images/* (*v2.3)"},
		status: 308,
	},
	{
		row: "order of parameters in links", scenario: "TestListLinks", calls: []string{"GET /v2/images?tag=*"},
		sorted: true, shapes: "rest data albmulti",
	},
	{
		row: "repeated headers and parameters", scenario: "TestListLinks", calls: []string{"GET /v2/images?tag=*"},
		sorted: true, last: true, shapes: "alb",
	},
	{
		row: "repeated headers and parameters", scenario: "TestListSortRows", calls: []string{"GET /v2/images?sort_key=status&sort_key=*"},
		sorted: true, last: true, shapes: "alb",
	},
	{
		row: "repeated headers and parameters", scenario: "TestListRefusesBadValues",
		calls: []string{
			"GET /v2/images?sort_dir=asc&sort_dir=desc", "GET /v2/images?sort_key=name&sort_dir=asc&sort_dir=desc",
			"GET /v2/images?sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=desc",
		},
		status: 200, shapes: "alb",
	},
	{
		row: "repeated headers and parameters", scenario: "TestTwoTokens", calls: []string{"GET *"},
		status: 200, shapes: "alb",
	},
	{
		row: "answers beyond 6 MB", scenario: "TestListPagesEndBySize", calls: []string{"GET /v2/images?limit=1000"},
		status: 413, says: "larger than can be sent", shapes: "alb albmulti",
	},
	{
		row: "repeated headers and parameters", scenario: "TestRanges", calls: []string{"* (two ranges)"},
		status: 206, shapes: "alb",
	},
	{
		row: "queries that are not UTF-8", scenario: "TestListRefused", calls: []string{"GET /v2/images?name=%ff", "GET /v2/images?%ff=x"},
		status: 200, shapes: "rest data",
	},
	{
		row: "queries that are not UTF-8", scenario: "TestOrderOfChecks", calls: []string{"POST /v2/images (query)"},
		status: 201, shapes: "rest data",
	},
	{
		row: "queries that are not UTF-8", scenario: "TestOrderOfChecks", calls: []string{"POST /v2/images (query/serve)"},
		status: 403, says: "'self' is read-only", shapes: "rest data",
	},
	{
		row: "`WWW-Authenticate`, `Content-MD5`", scenario: "TestAuthentication",
		calls:  []string{"* (none)", "* (blanks)", "* (a bad one)", "GET /v2/nope", "GET /v2", "GET /v2/", "GET /v2/%ff", "GET /v2.5/images/x", "PATCH /v2/images", "GET /gander/v1", "GET /gander/v1/nope"},
		header: map[string]string{"Www-Authenticate": "", "X-Amzn-Remapped-Www-Authenticate": `Keystone uri="` + publicEndpoint + `"`}, shapes: "rest data",
		but: "authorizer", // then the gateway refuses by itself
	},
	{
		row: "a 401 below `/key-manager`", scenario: "TestKeyManagerErrors", calls: []string{"* (nobody)"},
		says: "This request needs a valid token.", shapes: "authorizer",
	},
	{
		row: "`WWW-Authenticate`, `Content-MD5`", scenario: "TestImageDataDownload", calls: []string{"* (empty)"},
		header: map[string]string{"Content-Md5": "", "X-Amzn-Remapped-Content-Md5": "d41d8cd98f00b204e9800998ecf8427e"}, shapes: "rest",
	},
	{
		row: "headers of downloads", scenario: "TestImageDataDownload", calls: []string{"* (whole)"},
		header: map[string]string{"Content-Md5": "", "Accept-Ranges": "bytes", "Etag": "*"},
		shapes: "rest http alb albmulti",
	},
	{
		row: "headers of downloads", scenario: "TestImageDataDownload", calls: []string{"* (a range)"},
		header: map[string]string{"Content-Md5": ""},
		shapes: "rest http alb albmulti",
	},
	{
		row: "headers of downloads", scenario: "TestImageV1Show", calls: []string{"* (given)"},
		header: map[string]string{"Content-Md5": "", "Etag": "*", "Location": "", "X-Image-Meta-Property-Os_distro": ""},
		shapes: "rest http alb albmulti",
	},
	{
		row: "`Content-Type` of a 204", scenario: "TestImageDataUpload", calls: []string{"PUT *"},
		header: map[string]string{"Content-Type": "text/html; charset=UTF-8"}, shapes: "rest",
	},
	{
		row: "`Content-Type` of a 204", scenario: "TestImageDelete", calls: []string{"* (the owner)"},
		header: map[string]string{"Content-Type": "text/html; charset=UTF-8"}, shapes: "rest data",
	},
	{
		row: "`Content-Length` of an answer to `HEAD`", scenario: "TestImageV1Show", calls: []string{"HEAD *"},
		header: map[string]string{"Content-Length": "0"}, shapes: "rest http alb albmulti",
	},
	{
		row: "`Content-Length` of an answer to `HEAD`", scenario: "TestHealthcheck", calls: []string{"HEAD /healthcheck"},
		header: map[string]string{"Content-Length": "0"},
	},
}
