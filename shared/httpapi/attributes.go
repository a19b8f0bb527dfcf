package httpapi

import (
	"github.com/gander-images/gander/shared/image"
)

// A kind is a set of JSON types.
type kind uint

const (
	isNull kind = 1 << iota
	isText
	isInteger
	isBoolean
	isArray
	isObject
)

// A right says what a caller may do with an attribute of a new image.
type right int

const (
	writable right = iota
	readOnly       // 403, once the whole body has the right form
	computed       // 403 before anything else is looked at
	reserved       // as readOnly, with another sentence
)

// An attribute is all that the service knows of one key of an image: what a
// value looks like, who sets it, and how the schema describes it.
type attribute struct {
	kinds   kind
	about   string
	min     int // characters
	max     int // characters; 0: any
	enum    []string
	uuid    bool // has the form of an image id
	items   *attribute
	create  right
	locked  bool // the schema calls it readOnly
	base    bool
	details map[string]*property // of each item that is an object

	// Of an object: its members that have a form, those that it needs, and
	// whether it may have no others.
	parts    map[string]*attribute
	required []string
	closed   bool
}

// location is one element of locations.
var location = &attribute{
	kinds: isObject, details: locationProperties, required: []string{"url", "metadata"},
	parts: map[string]*attribute{
		"url":      {kinds: isText, max: 255},
		"metadata": {kinds: isObject},
		"validation_data": {
			kinds: isObject, required: []string{"os_hash_algo", "os_hash_value"}, closed: true,
			parts: map[string]*attribute{
				"checksum":      {kinds: isText, min: image.MaxChecksumLen, max: image.MaxChecksumLen},
				"os_hash_algo":  {kinds: isText, max: image.MaxHashAlgoLen},
				"os_hash_value": {kinds: isText, max: image.MaxHashValueLen},
			},
		},
	},
}

// attributes are the keys that have a meaning, base ones and those of the site's
// schema file. Every other key of an image is a custom property: text.
//
// Source: glance/api/v2/images.py, get_base_properties and RequestDeserializer;
// etc/schema-image.json.
var attributes = map[string]*attribute{
	"id":               {base: true, kinds: isText, uuid: true, about: "The image's identifier"},
	"name":             {base: true, kinds: isNull | isText, max: image.MaxNameLen, about: "A name for people to read"},
	"status":           {base: true, kinds: isText, enum: statuses, locked: true, create: readOnly, about: "Where the image stands in its life"},
	"visibility":       {base: true, kinds: isText, enum: visibilities, about: "Who can see the image"},
	"protected":        {base: true, kinds: isBoolean, about: "Whether the image refuses to be deleted"},
	"os_hidden":        {base: true, kinds: isBoolean, about: "Whether ordinary lists leave the image out"},
	"owner":            {base: true, kinds: isNull | isText, max: image.MaxNameLen, about: "The project that the image belongs to"},
	"container_format": {base: true, kinds: isNull | isText, enum: image.ContainerFormats, about: "What the disk is wrapped in"},
	"disk_format":      {base: true, kinds: isNull | isText, enum: image.DiskFormats, about: "How the disk is written"},
	"min_ram":          {base: true, kinds: isInteger, about: "Memory, in MB, that the image needs to boot"},
	"min_disk":         {base: true, kinds: isInteger, about: "Disk, in GB, that the image needs to boot"},
	"size":             {base: true, kinds: isNull | isInteger, locked: true, create: readOnly, about: "Length of the data, in bytes"},
	"virtual_size":     {base: true, kinds: isNull | isInteger, locked: true, create: readOnly, about: "Size of the disk that the data describes, in bytes"},
	"checksum":         {base: true, kinds: isNull | isText, max: image.MaxChecksumLen, locked: true, create: readOnly, about: "MD5 of the data"},
	"os_hash_algo":     {base: true, kinds: isNull | isText, max: image.MaxHashAlgoLen, locked: true, create: readOnly, about: "Algorithm of os_hash_value"},
	"os_hash_value":    {base: true, kinds: isNull | isText, max: image.MaxHashValueLen, locked: true, create: readOnly, about: "Hash of the data, in hexadecimal, by os_hash_algo"},
	"tags":             {base: true, kinds: isArray, items: &attribute{kinds: isText, max: image.MaxNameLen}, about: "Words that go with the image"},
	"created_at":       {base: true, kinds: isText, locked: true, create: readOnly, about: "When the image was made"},
	"updated_at":       {base: true, kinds: isText, locked: true, create: readOnly, about: "When the image last changed"},
	"self":             {base: true, kinds: isText, locked: true, create: computed, about: "Path of the image"},
	"file":             {base: true, kinds: isText, locked: true, create: computed, about: "Path of the image's data"},
	"schema":           {base: true, kinds: isText, locked: true, create: computed, about: "Path of this schema"},
	"direct_url":       {base: true, kinds: isText, locked: true, create: computed, about: "Where the store keeps the data"},
	"stores":           {base: true, kinds: isText, locked: true, create: computed, about: "Stores that hold the data, separated by commas"},
	"locations":        {base: true, kinds: isArray, items: location, create: reserved, about: "Where the data can be found"},

	"kernel_id":                {kinds: isNull | isText, uuid: true, about: "Image of the kernel to boot an AMI with"},
	"ramdisk_id":               {kinds: isNull | isText, uuid: true, about: "Image of the ramdisk to boot an AMI with"},
	"instance_uuid":            {kinds: isText, about: "Server that this image is a snapshot of"},
	"architecture":             {kinds: isText, about: "Architecture of the processor that the image is made for"},
	"os_distro":                {kinds: isText, about: "Distribution of the operating system"},
	"os_version":               {kinds: isText, about: "Version of the operating system, as its distributor writes it"},
	"description":              {kinds: isText, about: "A description for people to read"},
	"cinder_encryption_key_id": {kinds: isText, about: "Key that the disk is encrypted with"},
	"cinder_encryption_key_deletion_policy": {
		kinds: isText, enum: []string{"on_image_deletion", "do_not_delete"}, about: "What becomes of that key when the image is deleted",
	},
}

var (
	statuses = []string{
		"queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated",
	}
	visibilities = []string{"community", "public", "private", "shared"}
)

// reservedNames are no attributes at all, and may not become properties.
var reservedNames = []string{"location", "deleted", "deleted_at"}
