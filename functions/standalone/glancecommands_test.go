//go:build clients

package main

import (
	"regexp"
	"testing"
)

// glanceCommand is the glance command. $FIRST is an image with data, $SECOND one
// without at first, $FIFTH one whose upload failed.
var glanceCommand = command{
	name: "glance", list: "glance help", names: regexp.MustCompile(`(?m)^    ([a-z][a-z-]+)(?: |$)`), help: "glance help",
	steps: []step{
		says("gander", `glance image-create --id $FIRST --name first --disk-format qcow2 --container-format bare --visibility private --min-disk 1 --min-ram 64 --protected False --hidden False`+
			` --tags one two --architecture x86_64 --os-distro debian --os-version 13 --instance-uuid $THIRD --kernel-id $FOURTH --ramdisk-id $FOURTH --property hw_disk_bus=virtio`+
			` --file disk.qcow2 --progress --store $STORE`, "$FIRST", "active", "virtio", "x86_64"),
		says("gander", `glance image-create --id $SECOND --name second --owner $DEMO <&-`, "queued"),
		refuses("gander", `glance image-create --name no --owner $OTHER <&-`, "403"),
		says("gander", `glance image-show --max-column-width 80 --human-readable $FIRST`, "first", "one", "two", "MB"),

		says("gander", `glance image-update --name renamed --visibility shared --min-disk 2 --min-ram 128 --protected True --hidden True --architecture arm64 --os-distro ubuntu --os-version 26.04`+
			` --instance-uuid $SECOND --kernel-id $SECOND --ramdisk-id $SECOND --property a=b --remove-property hw_disk_bus $FIRST`, "renamed", "arm64", "ubuntu", "26.04", "shared"),
		gives("gander", `glance image-show $FIRST | grep -c -e hw_disk_bus || true`, "0"),
		says("gander", `glance image-list --hidden True --property-filter a=b`, "$FIRST"),
		refuses("gander", `glance image-delete $FIRST`, "You are not permitted to delete"),
		says("gander", `glance image-update --protected False --hidden False $FIRST`, "$FIRST"),
		says("gander", `glance image-update --disk-format vmdk --container-format ovf $SECOND`, "vmdk", "ovf"),
		refuses("gander", `glance image-update --disk-format raw $FIRST`, "403"),
		refuses("gander-reader", `glance image-update --name no $FIRST`, "403"),
		refuses("gander-other", `glance image-update --name no $FIRST`, "404"),
		says("gander-admin", `glance image-update --owner $OTHER $SECOND`, "$OTHER"),
		says("gander-admin", `glance image-update --owner $DEMO $SECOND`, "$DEMO"),

		says("gander", `glance image-tag-update $FIRST "two words"`, "two words"),
		gives("gander", `glance image-tag-delete $FIRST one`, ""),
		refuses("gander", `glance image-tag-delete $FIRST one`, "404"),

		gives("gander", `glance image-upload --file disk.qcow2 --size $(stat -c %s disk.qcow2) --store $STORE $SECOND`, ""),
		gives("gander-admin", `glance image-upload --progress --file disk.qcow2 $FIFTH`, ""),
		gives("gander", `glance image-download --file saved --prefer $STORE --allow-md5-fallback $FIRST && cmp saved disk.qcow2`, ""),
		gives("gander", `glance image-download --progress --file again $SECOND && cmp again disk.qcow2`, ""),
		gives("gander", `glance image-deactivate $FIRST`, ""),
		refuses("gander", `glance image-download --file no $FIRST`, "403"),
		gives("gander-admin", `glance image-download --file saved $FIRST && md5sum <saved | cut -c1-32 >sum && openstack image show -f value -c checksum $FIRST | cmp - sum`, ""),
		gives("gander", `glance image-reactivate $FIRST`, ""),
		refuses("gander-reader", `glance image-deactivate $FIRST`, "403"),

		gives("gander", `glance image-list --limit 1 --page-size 1 --visibility shared --tag "two words" --owner $DEMO`+
			` --checksum $(md5sum <disk.qcow2 | cut -c1-32) --hash $(sha512sum <disk.qcow2 | cut -c1-128) --sort-key name --sort-key created_at --sort-dir asc --include-stores | grep -o -e $FIRST -e "| $STORE "`,
			"$FIRST\n| $STORE"),
		gives("gander", `glance image-list --sort name:desc,created_at | grep -o -e renamed -e second`, "second\nrenamed"),

		says("gander", `glance member-create $FIRST $OTHER`, "$OTHER", "pending"),
		says("gander", `glance member-list --image-id $FIRST`, "$OTHER", "pending"),
		says("gander", `glance member-get $FIRST $OTHER`, "$OTHER", "pending"),
		refuses("gander", `glance member-update $FIRST $OTHER accepted`, "403"),
		says("gander-other", `glance image-list --member-status pending`, "$FIRST"),
		says("gander-other", `glance member-update $FIRST $OTHER accepted && glance image-list`, "accepted", "$FIRST"),
		says("gander-other", `glance member-update $FIRST $OTHER rejected`, "rejected"),
		refuses("gander-other", `glance image-list | grep $FIRST`, ""),
		refuses("gander-other", `glance member-delete $FIRST $OTHER`, "403"),
		gives("gander", `glance member-delete $FIRST $OTHER`, ""),
		refuses("gander-other", `glance image-show $FIRST`, "404"),

		says("gander", `glance image-tasks $FIFTH`, "failure"),
		says("gander-admin", `glance task-show $TASK`, "failure", "$FIFTH"),
		refuses("gander", `glance task-show $TASK`, "403"),
		says("gander", `glance stores-info`, "$STORE"),
		says("gander-admin", `glance stores-info --detail`, "$STORE"),
		says("gander", `glance import-info`, "import-methods"),
		says("gander", `glance explain image`, "os_hash_algo"),
		says("gander", `glance bash-completion`, "image-create"),
		says("gander", `glance help image-update`, "--remove-property"),
		gives("gander", `glance image-delete $FIRST $SECOND $FIFTH`, ""),
	},
	others: map[string]string{
		"add-location":            "locations",
		"cache-":                  "the cache of a node, which there is none of",
		"image-create-via-import": "import",
		"image-import":            "import",
		"image-stage":             "import",
		"location-":               "locations",
		"md-":                     "metadata definitions",
		"stores-delete":           "takes data out of one of several stores",
		"task-create":             "tasks are made by what they are for",
		"task-list":               "all tasks of the service, which nothing serves so far",
		"usage":                   "quotas of projects",
	},
	options: map[string]string{"image-create --size": "the command itself refuses it"},
}

// TestGlanceImageCommands uses every subcommand of the image family, and every
// option of it.
func TestGlanceImageCommands(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	at := s.terminal("gander")
	at.env = append(at.env, s.openrc("gander")...)
	glanceCommand.checkWhole(t, at)
	glanceCommand.play(t, s, s.variables(), s.openrc)
}
