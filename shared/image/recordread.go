package image

import "github.com/gander-images/gander/shared/image/plainjson"

// A plainImage is an image with room for what its fields point to: one piece of
// memory in place of ten.
type plainImage struct {
	Image

	texts   [7]string
	numbers [2]int64
}

// readPlain reads a record's document that has the form in which encode writes
// it: fields in that order, and none that it does not have. For
// every other one it returns nil, and encoding/json has to say what it means.
// The image's texts are parts of body.
func readPlain(body []byte) *Image {
	r := plainjson.New(body)
	img := &plainImage{}
	r.Open('{')
	img.readWhat(&r)
	img.readData(&r)
	img.readRest(&r)
	r.Close('}')
	if !r.Done() {
		return nil
	}
	return &img.Image
}

func (img *plainImage) readWhat(r *plainjson.Reader) {
	if r.Field(`"id":`) {
		img.ID = r.Text()
	}
	if r.Field(`"status":`) {
		img.Status = Status(r.Text())
	}
	img.Name = plainText(r, `"name":`, &img.texts[0])
	if r.Field(`"visibility":`) {
		img.Visibility = Visibility(r.Text())
	}
	img.Protected = r.Field(`"protected":`) && r.True()
	img.Hidden = r.Field(`"hidden":`) && r.True()
	img.Owner = plainText(r, `"owner":`, &img.texts[1])
	img.ContainerFormat = plainText(r, `"container_format":`, &img.texts[2])
	img.DiskFormat = plainText(r, `"disk_format":`, &img.texts[3])
	if r.Field(`"min_ram":`) {
		img.MinRAM = r.Number()
	}
	if r.Field(`"min_disk":`) {
		img.MinDisk = r.Number()
	}
}

func (img *plainImage) readData(r *plainjson.Reader) {
	img.Size = plainNumber(r, `"size":`, &img.numbers[0])
	img.VirtualSize = plainNumber(r, `"virtual_size":`, &img.numbers[1])
	img.Checksum = plainText(r, `"checksum":`, &img.texts[4])
	img.HashAlgo = plainText(r, `"hash_algo":`, &img.texts[5])
	img.HashValue = plainText(r, `"hash_value":`, &img.texts[6])
	if r.Field(`"created_at":`) {
		img.CreatedAt = r.Time()
	}
	if r.Field(`"updated_at":`) {
		img.UpdatedAt = r.Time()
	}
	if r.Field(`"tags":`) {
		r.Open('[')
		for r.Next(']') {
			img.Tags = append(img.Tags, r.Text())
		}
		r.Close(']')
	}
	if r.Field(`"properties":`) {
		img.Properties = make(map[string]string)
		r.Open('{')
		for r.Next('}') {
			name := r.Name()
			img.Properties[name] = r.Text()
		}
		r.Close('}')
	}
}

func (img *plainImage) readRest(r *plainjson.Reader) {
	if r.Field(`"locations":`) {
		r.Open('[')
		for r.Next(']') {
			img.Locations = append(img.Locations, plainLocation(r))
		}
		r.Close(']')
	}
	if r.Field(`"creator_user_id":`) {
		img.CreatorUserID = r.Text()
	}
	if r.Field(`"writer":`) {
		img.Writer = plainWriter(r)
	}
	if r.Field(`"member_count":`) {
		img.MemberCount = int(r.Number())
	}
	if r.Field(`"upload":`) {
		img.Upload = r.Text()
	}
	if r.Field(`"deletion":`) {
		img.Deletion = plainDeletion(r)
	}
}

func plainText(r *plainjson.Reader, field string, into *string) *string {
	if !r.Field(field) {
		return nil
	}
	*into = r.Text()
	return into
}

func plainNumber(r *plainjson.Reader, field string, into *int64) *int64 {
	if !r.Field(field) {
		return nil
	}
	*into = r.Number()
	return into
}

func plainLocation(r *plainjson.Reader) (l Location) {
	r.Open('{')
	if r.Field(`"store":`) {
		l.Store = r.Text()
	}
	if r.Field(`"name":`) {
		l.Name = r.Text()
	}
	if r.Field(`"version":`) {
		l.Version = r.Text()
	}
	r.Close('}')
	return l
}

func plainWriter(r *plainjson.Reader) (w Writer) {
	r.Open('{')
	if r.Field(`"user":`) {
		w.User = r.Text()
	}
	if r.Field(`"project":`) {
		w.Project = r.Text()
	}
	if r.Field(`"request":`) {
		w.Request = r.Text()
	}
	if r.Field(`"change":`) {
		w.Change = r.Text()
	}
	r.Close('}')
	return w
}

func plainDeletion(r *plainjson.Reader) *Deletion {
	d := &Deletion{}
	r.Open('{')
	if r.Field(`"at":`) {
		d.At = r.Time()
	}
	if r.Field(`"purge_at":`) {
		d.PurgeAt = r.Time()
	}
	if r.Field(`"was":`) {
		d.Was = Status(r.Text())
	}
	r.Close('}')
	return d
}
