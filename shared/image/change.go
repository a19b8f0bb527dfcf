package image

import (
	"slices"

	"github.com/gander-images/gander/shared/problem"
)

// A Change is one step of an update: what is done to one attribute or property.
type Change struct {
	Op    Op
	Name  string // as callers see it; "name", "os_hidden", a custom property's key
	Value Value  // unless it is removed
}

// An Op is what a Change does.
type Op int

// The operations. Media type v2.0 adds what is absent; in v2.1 adding sets, too.
const (
	Add       Op = iota // sets, whether or not it is there
	AddAbsent           // sets what is not there
	Replace             // sets what is there
	Remove
)

// A Value is what something is set to; the attribute says which field counts. A
// custom property is a text.
type Value struct {
	Text   *string // name, visibility, owner, formats, properties; nil: null
	Flag   bool    // protected, os_hidden
	Number int64   // min_ram, min_disk
	Texts  []string
}

// fixed are the attributes that no update sets, nor any property of their name.
//
// Source: glance/api/v2/images.py, RequestDeserializer; locations are refused as
// by a Glance that does not show them.
var fixed = map[string]bool{
	"id": true, "status": true, "size": true, "virtual_size": true, "checksum": true,
	"os_hash_algo": true, "os_hash_value": true, "created_at": true, "updated_at": true,
	"self": true, "file": true, "schema": true, "direct_url": true, "stores": true, "locations": true,
	"location": true, "deleted": true, "deleted_at": true,
}

// setters are how an update sets the attributes that callers have a say in.
// Every other name is a custom property.
//
// Source: glance/domain/__init__.py, Image.
var setters map[string]func(*patch, Value) error

func init() { // after the methods, which lead back here
	setters = map[string]func(*patch, Value) error{
		"name":             (*patch).setName,
		"visibility":       (*patch).setVisibility,
		"owner":            (*patch).setOwner,
		"protected":        func(p *patch, v Value) error { p.next.Protected = v.Flag; return nil },
		"os_hidden":        func(p *patch, v Value) error { p.next.Hidden = v.Flag; return nil },
		"min_ram":          func(p *patch, v Value) error { return setMinimum(&p.next.MinRAM, "min_ram", v) },
		"min_disk":         func(p *patch, v Value) error { return setMinimum(&p.next.MinDisk, "min_disk", v) },
		"tags":             (*patch).setTags,
		"container_format": (*patch).setContainerFormat,
		"disk_format":      (*patch).setDiskFormat,
	}
}

func (p *patch) setName(v Value) error {
	p.next.Name = v.Text
	return fits("name", deref(v.Text))
}

func (p *patch) setVisibility(v Value) error {
	text := deref(v.Text)
	p.next.Visibility = Visibility(text)
	return oneOf("visibility", &text, []string{string(Public), string(Private), string(Shared), string(Community)})
}

// setOwner takes an empty owner for none, as Glance's database does.
//
// Source: glance/db/sqlalchemy/api.py, _image_update.
func (p *patch) setOwner(v Value) error {
	p.next.Owner = v.Text
	if deref(v.Text) == "" {
		p.next.Owner = nil
	}
	return fits("owner", deref(v.Text))
}

func setMinimum(to *int64, name string, v Value) error {
	*to = v.Number
	return checkMinimum(name, v.Number)
}

func (p *patch) setTags(v Value) error {
	if err := p.service.checkTags(v.Texts); err != nil {
		return err
	}
	p.next.Tags = tagSet(v.Texts)
	return nil
}

func (p *patch) setContainerFormat(v Value) error {
	if err := p.mayFormat("container_format"); err != nil {
		return err
	}
	p.next.ContainerFormat = v.Text
	return oneOf("container_format", v.Text, ContainerFormats)
}

func (p *patch) setDiskFormat(v Value) error {
	if err := p.mayFormat("disk_format"); err != nil {
		return err
	}
	p.next.DiskFormat = v.Text
	return oneOf("disk_format", v.Text, DiskFormats)
}

// mayFormat refuses to say anew what data is that is there, or on its way.
func (p *patch) mayFormat(name string) error {
	if slices.Contains([]Status{Queued, Importing}, p.next.Status) {
		return nil
	}
	return problem.New(problem.Forbidden, "Attribute '%s' can only be set while the image is queued or importing; it is %s.", name, p.next.Status)
}
