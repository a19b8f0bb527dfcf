//go:build clients

package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// openstackCommand is the openstack command with the subcommands of its image
// client. $FIRST and $SECOND are images with data, $THIRD one without, $FOURTH
// the admin's public one. Who sends no data needs a terminal: the command takes
// whatever else it can read for data.
var openstackCommand = command{
	name: "openstack", list: "openstack command list --group openstack.image.v2 -f value -c Commands",
	names: regexp.MustCompile(`'([a-z ]+)'`), help: "openstack help",
	steps: []step{
		gives("gander", `openstack image create --id $FIRST --disk-format qcow2 --container-format bare --min-disk 1 --min-ram 64 --private --unprotected`+
			` --property hw_disk_bus=virtio --tag one --tag two --size $(stat -c %s disk.qcow2) --file disk.qcow2 -f value -c status first`, "active"),
		says("gander", `openstack image create --id $SECOND --disk-format qcow2 --community --protected --progress --file disk.qcow2 -f json second`, `"community"`, `"protected": true`),
		says("gander", `script -qec "openstack image create --id $THIRD --shared -f json third" /dev/null`, `"queued"`, `"shared"`),
		says("gander-admin", `script -qec "openstack image create --id $FOURTH --public --project other --project-domain Default -f json fourth" /dev/null`, `"public"`, `"$OTHER"`),
		refuses("gander", `openstack image create --public no`, "403"),

		gives("gander", `openstack image list --private --name first --status active --property hw_disk_bus=virtio --tag one --tag two --limit 1 --long -f value -c ID`, "$FIRST"),
		gives("gander", `openstack image list --sort name:desc,created_at:asc -f value -c Name`, "third\nsecond\nfourth\nfirst"),
		gives("gander", `openstack image list --limit 1 --marker $THIRD -f value -c Name && openstack image list --max-items 2 -f value -c Name`, "second\nfourth\nthird"),
		gives("gander", `openstack image list --public -f value -c ID`, "$FOURTH"),
		gives("gander", `openstack image list --community -f value -c ID`, "$SECOND"),
		gives("gander-other", `openstack image list --sort name:asc -f value -c Name`, "fourth"),
		gives("gander-other", `openstack image list --all --sort name:asc -f value -c Name`, "fourth\nsecond"),
		gives("gander-admin", `openstack image list --project other --project-domain Default -f value -c ID`, "$FOURTH"),

		says("gander", `openstack image show --human-readable -f json first`, `"$FIRST"`, `M"`),
		gives("gander", `openstack image save --chunk-size 4096 --store-preference $STORE --file saved $FIRST && cmp saved disk.qcow2`, ""),

		gives("gander", `openstack image set --name renamed --min-disk 2 --min-ram 128 --protected --property a=b --tag three --architecture x86_64 --instance-id $THIRD`+
			` --kernel-id $SECOND --ramdisk-id $SECOND --os-distro debian --os-version 13 --hidden $FIRST`, ""),
		says("gander", `openstack image show -f json $FIRST`, `"renamed"`, `"min_disk": 2`, `"min_ram": 128`, `"protected": true`, `"a": "b"`, `"three"`, `"two"`, `"x86_64"`,
			`"instance_id": "$THIRD"`, `"kernel_id": "$SECOND"`, `"ramdisk_id": "$SECOND"`, `"os_distro": "debian"`, `"os_version": "13"`, `"os_hidden": true`, `"virtio"`),
		gives("gander", `openstack image list --hidden --name renamed -f value -c ID`, "$FIRST"),
		refuses("gander", `openstack image delete $FIRST`, "403"),
		gives("gander", `openstack image set --unprotected --unhidden $FIRST`, ""),
		gives("gander", `openstack image set --container-format ovf --disk-format vmdk $THIRD`, ""),
		gives("gander", `openstack image show -f value -c disk_format -c container_format $THIRD`, "ovf\nvmdk"),
		refuses("gander", `openstack image set --disk-format raw $FIRST`, "403"),
		refuses("gander-reader", `openstack image set --name no $FIRST`, "403"),
		refuses("gander-other", `openstack image set --name no $FIRST`, "No Image found"),
		gives("gander", `openstack image set --deactivate $FIRST`, ""),
		refuses("gander", `openstack image save --file no $FIRST`, "Unable to download image"),
		gives("gander", `openstack image set --activate $FIRST`, ""),
		gives("gander", `openstack image save --file again $FIRST && cmp again disk.qcow2`, ""),
		gives("gander", `openstack image unset --tag one --property a --property hw_disk_bus --property kernel_id $FIRST`, ""),
		gives("gander", `openstack image show -f json $FIRST | grep -c -e '"one"' -e '"a"' -e virtio -e kernel_id || true`, "0"),
		refuses("gander", `openstack image unset --tag one $FIRST`, "Failed to unset 1 of 1 tags"),

		gives("gander", `openstack image set --private $SECOND && openstack image set --community $SECOND && openstack image show -f value -c visibility $SECOND`, "community"),
		gives("gander-admin", `openstack image set --public $SECOND`, ""),
		gives("gander", `openstack image list --public --sort name:asc -f value -c Name`, "fourth\nsecond"),
		gives("gander-admin", `openstack image set --project other --project-domain Default $THIRD && openstack image show -f value -c owner $THIRD`, "$OTHER"),

		gives("gander", `openstack image set --shared $FIRST`, ""),
		says("gander", `openstack image add project --project-domain Default -f json $FIRST $OTHER`, `"$FIRST"`, `"$OTHER"`, `"pending"`),
		says("gander", `openstack image member list --project-domain Default -f value renamed`, "$OTHER pending"),
		gives("gander", `openstack image member get --project-domain Default -f value -c status $FIRST $OTHER`, "pending"),
		gives("gander-other", `openstack image list --shared --member-status pending --name renamed -f value -c ID`, "$FIRST"),
		gives("gander-other", `openstack image set --accept $FIRST && openstack image list --name renamed -f value -c ID`, "$FIRST"),
		gives("gander-other", `openstack image save --file shared $FIRST && openstack image set --reject $FIRST && openstack image list --name renamed -f value`, ""),
		gives("gander-other", `openstack image set --pending $FIRST && openstack image member list -f value -c Status $FIRST`, "pending"),
		refuses("gander-other", `openstack image remove project $FIRST $OTHER`, "403"),
		gives("gander", `openstack image remove project --project-domain Default $FIRST $OTHER`, ""),
		refuses("gander-other", `openstack image show $FIRST`, "No Image found"),

		gives("gander-admin", `openstack image stores list --detail -f value -c ID`, "$STORE"),
		says("gander", `openstack image import info -f json`, `"import-methods"`),
		gives("gander-admin", `openstack image task show -f value -c status $TASK`, "failure"),
		gives("gander", `openstack image set --unprotected $SECOND && openstack image delete $FIRST second`, ""),
		gives("gander-admin", `openstack image delete $THIRD $FOURTH $FIFTH && openstack image list -f value`, ""),
	},
	others: map[string]string{
		"cached image ":   "the cache of a node, which there is none of",
		"image import":    "import",
		"image metadef ":  "metadata definitions",
		"image stage":     "import",
		"image task list": "all tasks of the service, which nothing serves so far",
	},
	options: map[string]string{
		"image create --volume":        "asks Cinder",
		"image create --force":         "goes with --volume",
		"image create --import":        "import",
		"image create --sign-key-path": "signatures, which are not verified so far",
		"image create --sign-cert-id":  "signatures",
		"image delete --store":         "takes data out of one of several stores",

		"--noindent": "how it prints", "--prefix": "how it prints", "--max-width": "how it prints", "--fit-width": "how it prints",
		"--print-empty": "how it prints", "--quote": "how it prints", "--sort-column": "how it prints",
		"--sort-ascending": "how it prints", "--sort-descending": "how it prints",
	},
}

// family are the images that the commands know by variables.
var family = map[string]string{
	"FIRST":  "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
	"SECOND": "22222222-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
	"THIRD":  "33333333-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
	"FOURTH": "44444444-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
	"FIFTH":  "55555555-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
}

// variables are the family, projects, the store, and the task that an upload to
// the fifth image leaves.
func (s *service) variables() map[string]string {
	s.t.Helper()
	v := map[string]string{"DEMO": projectOf(s.t, s.gophercloud("gander")), "OTHER": projectOf(s.t, s.gophercloud("gander-other"))}
	for name, id := range family {
		v[name] = id
	}
	u := s.as("gander")
	u.call("POST /v2/images", strings.NewReader(`{"id": "`+v["FIFTH"]+`", "name": "fifth", "disk_format": "raw", "container_format": "bare", "os_hidden": true, "visibility": "private"}`)).want(http.StatusCreated)
	u.call("PUT /v2/images/"+v["FIFTH"]+"/file", strings.NewReader("too few"), "X-Openstack-Image-Size: 100").want(http.StatusBadRequest)
	tasks := u.call("GET /v2/images/"+v["FIFTH"]+"/tasks", nil).want(http.StatusOK).image()["tasks"].([]any)
	stores := u.call("GET /v2/info/stores", nil).want(http.StatusOK).image()["stores"].([]any)
	if len(tasks) != 1 || len(stores) != 1 {
		s.t.Fatalf("tasks %v, stores %v", tasks, stores)
	}
	v["TASK"] = tasks[0].(map[string]any)["id"].(string)
	v["STORE"] = stores[0].(map[string]any)["id"].(string)
	return v
}

// TestOpenStackImageCommands uses every subcommand of the image family, and every
// option of it.
func TestOpenStackImageCommands(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	openstackCommand.checkWhole(t, s.terminal("gander"))
	openstackCommand.play(t, s, s.variables(), func(string) []string { return nil })
}
