package boot

import (
	"log/slog"

	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table/dynamo"
	"github.com/gander-images/gander/shared/vault/secretsmanager"
)

// openCloud makes the clients of the cloud mix that the needs name. It calls
// nobody: a start costs no round trip, and what is missing shows in answers.
func openCloud(v setting.Values, o order, log *slog.Logger) mix {
	m := mix{store: cloudStoreInfo()}
	if o.needs&tableNeeds != 0 {
		m.table = dynamo.Open(o.account, v.Table, dynamo.WithLog(log))
	}
	if o.needs&bytesNeeds != 0 {
		m.store.Blobs = s3.Open(o.account, v.Bucket)
	}
	if o.needs&secretNeeds != 0 {
		m.vault = secretsmanager.Open(o.account, v.Deployment)
	}
	return m
}

// cloudStore is the id of the store that is a bucket; records name it.
const cloudStore = "s3"

// cloudStoreInfo has the properties that Glance shows of such a store, and none
// that tells whose bucket it is: image data is larger than one part from 16 MiB
// on, and parts go up one after the other.
//
// Source: glance/api/v2/discovery.py, _get_s3_properties.
func cloudStoreInfo() image.Store {
	return image.Store{
		ID: cloudStore, Description: "Objects in a bucket", Type: "s3",
		Properties: map[string]any{
			"s3_store_large_object_size": 16, "s3_store_large_object_chunk_size": 16, "s3_store_thread_pools": 1,
		},
	}
}
