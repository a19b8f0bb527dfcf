package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// services are what one start built, for whichever door it opens.
type services struct {
	api     *httpapi.Services
	runner  *due.Runner // nil without a table
	feed    table.Feed
	log     *slog.Logger
	closers []func() error
}

// An order is what a start asks build for.
type order struct {
	needs    httpapi.Needs
	endpoint string             // public
	stall    time.Duration      // how long a client may leave a body untouched
	issuer   identity.Validator // nil: tokens are checked by a public key
}

// build makes the clients that the needs name, and nothing else.
func build(v setting.Values, o order, log *slog.Logger) (_ *services, err error) {
	s := &services{log: log, api: &httpapi.Services{
		Log: log, PublicEndpoint: o.endpoint, StallTimeout: o.stall,
		Stores: []image.Store{storeInfo(v)},
	}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	mix, err := openLocal(v, o.needs)
	s.closers = mix.closers
	if err != nil {
		return nil, err
	}
	if o.needs&httpapi.Tokens != 0 {
		if err := s.identify(v, o.issuer); err != nil {
			return nil, err
		}
	}
	if mix.table != nil {
		s.keepImages(v, mix)
	}
	return s, nil
}

// A mix is one set of adapters. Which one is a matter of this file alone: what
// follows knows the ports.
type mix struct {
	table   table.Table
	feed    table.Feed
	store   image.Store
	closers []func() error
}

const tableNeeds = httpapi.ReadTable | httpapi.WriteTable

const bytesNeeds = httpapi.ReadBytes | httpapi.WriteBytes | httpapi.DeleteBytes

// openLocal opens the local mix: one table file, and a folder of image data.
// Whoever has the table open has the folder for itself.
func openLocal(v setting.Values, needs httpapi.Needs) (m mix, err error) {
	if needs&(tableNeeds|bytesNeeds) == 0 {
		return m, nil
	}
	if err := os.MkdirAll(v.Data, 0o700); err != nil {
		return m, fmt.Errorf("GANDER_DATA: %w", err)
	}
	t, err := bolt.Open(filepath.Join(v.Data, "table.db"))
	if err != nil {
		return m, err
	}
	m.table, m.feed, m.store = t, t, storeInfo(v)
	m.closers = append(m.closers, t.Close)
	if needs&bytesNeeds == 0 {
		return m, nil
	}
	blobs, err := file.Open(imageFolder(v))
	if err != nil {
		return m, err
	}
	m.store.Blobs = blobs
	m.closers = append(m.closers, blobs.Close)
	return m, discardLeftovers(blobs)
}

// discardLeftovers removes what writers of an earlier process began. No writer
// lives: this process alone has the folder.
func discardLeftovers(blobs blob.Store) error {
	ctx := context.Background()
	var names []string
	err := blobs.Walk(ctx, "", func(o blob.Object) error {
		if o.Unfinished {
			names = append(names, o.Name)
		}
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, blobs.Discard(ctx, name))
	}
	if err != nil {
		return fmt.Errorf("clearing what was left of uploads: %w", err)
	}
	return nil
}

func imageFolder(v setting.Values) string { return filepath.Join(v.Data, "images") }

// storeInfo is what callers may know of the one store.
func storeInfo(v setting.Values) image.Store {
	return image.Store{
		ID: "local", Description: "Files on the machine that serves the API", Type: "file",
		Properties: map[string]any{"data_dir": imageFolder(v)},
	}
}

// keepImages puts the domain above the table.
func (s *services) keepImages(v setting.Values, m mix) {
	images := &image.Service{
		Table:  m.table,
		Stores: []image.Store{m.store},
		Limits: image.Limits{
			SizeCap: v.ImageSizeCap, Properties: v.PropertyQuota, Tags: v.TagQuota, Members: v.MemberQuota, Locations: v.LocationQuota,
		},
		Retention: v.Retention,
		Lease:     v.Lease,
		Log:       s.log,
		Now:       time.Now,
		NewID:     uuid.NewString,
		Pause:     time.Sleep,
	}
	s.api.Images, s.feed = images, m.feed
	s.api.Healthy = func(ctx context.Context) error {
		_, err := m.table.Get(ctx, table.Key{Partition: "deployment", Sort: "deployment"})
		return err
	}
	s.runner = &due.Runner{Table: m.table, Handlers: images.Handlers(), Now: time.Now, Log: s.log}
}

// identify lets the process find out who is asking, and decide what they may.
// Whoever issues the tokens itself hands over its own validator.
func (s *services) identify(v setting.Values, issuer identity.Validator) error {
	validator := issuer
	if validator == nil {
		var err error
		if validator, err = verifier(v); err != nil {
			return err
		}
	}
	s.api.Identity = identity.New(validator, identity.Options{ServiceRoles: v.ServiceTokenRoles})
	decider, err := policy.New(nil)
	if err != nil {
		return err
	}
	s.api.Policy = decider
	return nil
}

// close closes what was opened, the last first.
func (s *services) close() error {
	var failures []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		failures = append(failures, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(failures...)
}
