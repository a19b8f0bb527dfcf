package httpapi

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// ImageSnapshot makes the record of a snapshot, a backup or a shelved server.
var ImageSnapshot = Operation{
	Name: "image-snapshot", Methods: []string{"POST"}, Paths: []string{ownAPI + "/images/snapshot"},
	Rules: []policy.Rule{policy.SnapshotImage, policy.AddImage, policy.GetImage, policy.SecretDecrypt},
	Needs: Tokens | ReadTable | ReadItems | WriteTable | CheckItems | ReadSecrets | WriteSecrets, Body: JSONBody, Properties: true, Serve: imageSnapshot,
}

// imageSnapshot makes a queued image of what is told about a server, and of the
// image that the server came from.
func imageSnapshot(ctx context.Context, s *Services, r *Request) (*Response, error) {
	draft, source, err := readSnapshot(r.JSON)
	if err != nil {
		return nil, err
	}
	protection := s.protection(r.Caller)
	var made *image.Image
	err = s.again(ctx, func() error {
		draft := draft
		rights, err := s.authorizeSnapshot(ctx, r.Caller, &draft, source)
		if err != nil {
			return err
		}
		made, err = s.Images.Snapshot(ctx, rights, protection, r.Caller, draft)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := imageAnswer(http.StatusCreated, seenBy(made, r.Caller, protection))
	response.Header = http.Header{"Location": {s.PublicEndpoint + imagePath(made)}}
	return response, nil
}

// authorizeSnapshot asks whether the caller may make snapshots of the server, see the
// source, which it reads into the draft, and make images.
func (s *Services) authorizeSnapshot(
	ctx context.Context, c caller.Caller, d *image.SnapshotDraft, source string,
) (rights image.SnapshotRights, err error) {
	rights.Snapshot, err = s.Policy.Authorize(policy.SnapshotImage, c, snapshotTarget(c, *d))
	if err != nil {
		return rights, err
	}
	if source != "" {
		if d.Source, err = s.Images.Get(ctx, c, source); err != nil {
			return rights, err
		}
		if rights.Get, err = s.authorize(policy.GetImage, c, d.Source); err != nil {
			return rights, err
		}
	}
	rights.Add, err = s.Policy.Authorize(policy.AddImage, c, image.ProposedTarget(&c.ProjectID, d.Visibility(c)))
	rights.Decrypt = func(ctx context.Context, r *key.Record) (policy.Grant, error) { return s.authorizeClone(ctx, c, r) }
	return rights, err
}

// snapshotTarget is what snapshot_image may read: whose the server is, and whose the
// image would be.
func snapshotTarget(c caller.Caller, d image.SnapshotDraft) policy.Target {
	return policy.Attributes{
		"instance_project_id": d.Project, "instance_uuid": d.Instance, "image_type": string(d.Kind),
		"project_id": c.ProjectID, "owner": c.ProjectID, "visibility": string(d.Visibility(c)),
	}
}

// authorizeClone asks whether the caller may read a key that the source of a snapshot
// names. Who may not is not told whether there is such a key.
func (s *Services) authorizeClone(ctx context.Context, c caller.Caller, r *key.Record) (policy.Grant, error) {
	target, err := s.cloneTarget(ctx, c, r)
	if err != nil {
		return policy.Grant{}, err
	}
	grant, err := s.Policy.Authorize(policy.SecretDecrypt, c, target)
	if problem.Is(err, problem.Forbidden) {
		err = problem.Because(err, problem.Forbidden, "You are not permitted to read the encryption key of the source image.")
	}
	return grant, err
}

// cloneTarget is what secret:decrypt may read of a key that may not be known, or be
// another key manager's.
func (s *Services) cloneTarget(ctx context.Context, c caller.Caller, r *key.Record) (policy.Target, error) {
	if r == nil || r.Owner == "" {
		return policy.Attributes{"project_id": nil, "reader": false}, nil
	}
	metadata, err := s.Keys.Metadata(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if metadata == nil {
		metadata = &key.Metadata{}
	}
	reads, err := s.Images.ReadsKey(ctx, c.ProjectID, r)
	return key.SecretTarget(&key.Secret{Record: r, Metadata: metadata}, c, reads), err
}

// readSnapshot reads the body of image-snapshot, and which image is the source; empty:
// none. What the domain says of the values is left to it.
func readSnapshot(body []byte) (d image.SnapshotDraft, source string, err error) {
	var name, instance, project, from *string
	text := func(name string, to any) func(json.RawMessage) error {
		return func(v json.RawMessage) error { return readAs(v, name, "text", to) }
	}
	d.Kind = image.Plain
	err = readFields(body, "", map[string]func(json.RawMessage) error{
		"source_image_id": text("source_image_id", &from),
		"instance": func(v json.RawMessage) error {
			return readFields(v, "instance.", map[string]func(json.RawMessage) error{
				"id": text("instance.id", &instance), "project_id": text("instance.project_id", &project),
			})
		},
		"name": text("name", &name), "kind": text("kind", &d.Kind), "backup_type": text("backup_type", &d.BackupType),
		"properties": func(v json.RawMessage) (err error) {
			d.Properties, err = readProperties(v)
			return err
		},
	})
	if err != nil {
		return d, "", err
	}
	for _, needed := range []struct {
		called string
		value  *string
		to     *string
	}{{"name", name, &d.Name}, {"instance.id", instance, &d.Instance}, {"instance.project_id", project, &d.Project}} {
		if needed.value == nil {
			return d, "", problem.New(problem.Invalid, "'%s' is missing.", needed.called)
		}
		*needed.to = *needed.value
	}
	if from != nil {
		if source = *from; !image.IsID(source) {
			return d, "", problem.New(problem.Invalid, "'source_image_id' is not valid: it must be a UUID.")
		}
	}
	return d, source, d.Check()
}

// readProperties reads custom properties that stand apart from attributes. They have
// the form that they have to have on their own.
func readProperties(value json.RawMessage) (map[string]string, error) {
	var values map[string]any
	if err := readAs(value, "properties", "object", &values); err != nil {
		return nil, err
	}
	properties := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text, ok := values[name].(string)
		if !ok {
			return nil, problem.New(problem.Invalid, "The value of '%s' is not valid: text needed.", name)
		}
		for _, refuse := range []func(string, any) error{refuseComputed, refuseReserved, refuseAttribute, refuseForm} {
			if err := refuse(name, text); err != nil {
				return nil, err
			}
		}
		properties[name] = text
	}
	return properties, nil
}

func refuseAttribute(name string, _ any) error {
	if a := attributes[name]; a != nil && a.base {
		return problem.New(problem.Invalid, "'%s' is an attribute of images, and no property.", name)
	}
	return nil
}
