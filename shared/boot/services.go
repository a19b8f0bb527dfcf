package boot

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// services are what one start built, for whichever door it opens.
type services struct {
	api     *httpapi.Services
	runner  *due.Runner     // nil without a table
	table   table.Table     // likewise
	letters *deadletter.Box // likewise
	front   *identity.Front // nil without a source of identity of its own
	account aws.Config
	log     *slog.Logger
	lives   []followed // policies
	closers []func() error
}

// An order is what a start asks build for.
type order struct {
	needs    httpapi.Needs
	account  aws.Config         // of the cloud mix
	endpoint string             // public
	stall    time.Duration      // how long a client may leave a body untouched
	lambda   bool               // answers go through a gateway
	issuer   identity.Validator // nil: tokens are checked by a public key
}

// build makes the clients that the needs name, and nothing else.
func build(v setting.Values, o order, log *slog.Logger) (_ *services, err error) {
	s := &services{account: o.account, log: log, api: &httpapi.Services{
		Log: log, Version: Version(), PublicEndpoint: o.endpoint, StallTimeout: o.stall,
		Redirect: v.Downloads == "redirect" || v.Downloads == "auto" && o.lambda,
		Stores:   []image.Store{storeInfo(v)},
		Protect:  v.Protection.Rules,
	}}
	for _, w := range v.Protection.Warnings {
		log.Warn("the property protections may not mean what they seem to", "file", w.File, "line", w.Line, "section", w.Section, "reason", w.Reason)
	}
	if v.Uploads > 0 {
		s.api.UploadPlaces = make(chan struct{}, v.Uploads)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	mix, err := open(v, o, log)
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
		s.measureKeys(o.lambda, v.Table)
	}
	return s, nil
}

// A mix is one set of adapters. Which one is a matter of open alone: what
// follows knows the ports.
type mix struct {
	table   table.Table
	store   image.Store
	vault   vault.Vault // nil without needs of secrets
	closers []func() error
}

const tableNeeds = httpapi.ReadTable | httpapi.WriteTable | httpapi.PutItems

const bytesNeeds = httpapi.ReadBytes | httpapi.WriteBytes | httpapi.DeleteBytes

const secretNeeds = httpapi.ReadSecrets | httpapi.WriteSecrets | httpapi.DescribeSecrets | httpapi.DeleteSecrets |
	httpapi.RestoreSecrets | httpapi.ListSecrets | httpapi.RaiseEpoch

func open(v setting.Values, o order, log *slog.Logger) (mix, error) {
	if v.Cloud() {
		return openCloud(v, o, log), nil
	}
	return openLocal(v, o.needs, log)
}

// storeInfo is what callers may know of the one store.
func storeInfo(v setting.Values) image.Store {
	if len(v.Stores) > 0 && v.Stores[0] == cloudStore {
		return cloudStoreInfo()
	}
	return localStoreInfo(v)
}

// keepImages puts the domain above the table.
func (s *services) keepImages(v setting.Values, m mix) {
	keys := &key.Service{
		Table: m.table, Vault: m.vault, Delay: v.KeyDelay, Window: v.KeyWindow, Log: s.log, Now: time.Now, NewID: uuid.NewString,
	}
	images := &image.Service{
		Table:  m.table,
		Keys:   keys,
		Stores: []image.Store{m.store},
		Limits: image.Limits{
			SizeCap: v.ImageSizeCap, Properties: v.PropertyQuota, Tags: v.TagQuota, Members: v.MemberQuota, Locations: v.LocationQuota,
		},
		Retention: v.Retention,
		Lease:     v.Lease,
		Log:       s.log,

		NotInherited: v.NotInherited,

		Now:   time.Now,
		NewID: uuid.NewString,
		Pause: time.Sleep,
	}
	s.api.Images, s.api.Keys, s.table = images, keys, m.table
	s.api.Healthy = func(ctx context.Context) error {
		_, err := m.table.Get(ctx, table.Key{Partition: "deployment", Sort: "deployment"})
		return err
	}
	handlers := images.Handlers()
	maps.Copy(handlers, keys.Handlers())
	s.runner = &due.Runner{Table: m.table, Handlers: handlers, Now: time.Now, Log: s.log}
	s.keepLetters()
	s.api.Lag = s.runner.Lag
}

// identify lets the process find out who is asking, and decide what they may.
// Whoever issues the tokens itself hands over its own validator.
func (s *services) identify(v setting.Values, issuer identity.Validator) error {
	if v.Identity == "authorizer" {
		s.api.Identity = identity.Handed{Now: time.Now}
		s.rule(s.api, v.Policy)
		return nil
	}
	validator := issuer
	if validator == nil {
		var err error
		if validator, err = validatorOf(v, s.log); err != nil {
			return err
		}
	}
	if v.Identity == "keystone" {
		s.api.IdentityEndpoint = v.Keystone.URL
	}
	s.front = identity.New(validator, identity.Options{ServiceRoles: v.ServiceTokenRoles})
	s.api.Identity = s.front
	if v.Policy.Enforcer != nil { // else nothing is decided here
		s.rule(s.api, v.Policy)
	}
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
