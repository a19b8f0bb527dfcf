package scenarios

// What stands on the wire, in words of the contract and not of the code: a slip
// there is found here.
const (
	octetStream = "application/octet-stream"
	patchV20    = "application/openstack-images-v2.0-json-patch"
	patchV21    = "application/openstack-images-v2.1-json-patch"
	timeFormat  = "2006-01-02T15:04:05Z"
	attributeV1 = "x-image-meta-"
	leftOutV1   = "X-Gander-Headers-Left-Out"
	maxJSON     = 1 << 20 // bytes
)
