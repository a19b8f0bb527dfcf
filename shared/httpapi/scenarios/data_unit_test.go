//go:build !cloud

package scenarios

import "testing"

// An image that is deleted while its data comes: the delete is answered at once,
// the upload learns that it was for nothing, and who restores the image gets it
// without any data.
func TestDeletedWhileDataComes(t *testing.T) {
	for at := 3; at <= 4; at++ { // before the commit's read, and before its write
		w := newInside(t)
		id := w.made(bootable)
		w.services.Images.Table = &met{Table: w.table, at: at, happens: func() { w.call("DELETE /v2/images/" + id).want(204) }}
		w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(410).says("was deleted")
		w.services.Images.Table = w.table
		w.refused("GET /v2/images/" + id + "/file").want(404)
		w.call(w.restore(id), as("admin")).want(200).says(`"status":"queued"`).says(`"size":null`)
		w.call("PUT /v2/images/"+id+"/file", octets("other")).want(204)
		w.call("GET /v2/images/" + id + "/file").want(200).is("other")
		w.audit()
	}
}
