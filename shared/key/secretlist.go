package key

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// A ListQuery asks for a page of a project's secrets, by the time of their making. An
// empty filter lets everything through.
type ListQuery struct {
	Limit, Offset int
	Name          string
	Algorithm     string
	BitLength     int
	Mode          string
	Type          string
	Newest        bool // first
}

func (q ListQuery) takes(m *Metadata) bool {
	matches := func(want, got string) bool { return want == "" || want == got }
	return matches(q.Name, m.Name) && matches(q.Algorithm, m.Algorithm) && matches(q.Mode, m.Mode) &&
		matches(q.Type, m.Kind()) && (q.BitLength == 0 || q.BitLength == m.BitLength)
}

// Kind is the type of the secret, opaque where none was said.
func (m *Metadata) Kind() string {
	if m.Type == "" {
		return "opaque"
	}
	return m.Type
}

// A ListPage is a page of secrets, and how many there are on all pages.
type ListPage struct {
	Secrets []*Secret
	Total   int
}

// pageKeys is how many places of a list are looked at together.
const pageKeys = 50

// List returns a page of the project's secrets. Those that have expired, or that show
// refuses, are left out and not counted. The whole list is read each time: its length
// is part of the answer. Memory is bounded by the page.
func (s *Service) List(
	ctx context.Context, g policy.Grant, project string, q ListQuery, show func(*Secret) (bool, error),
) (ListPage, error) {
	var page ListPage
	if err := g.Permits(policy.SecretGet); err != nil {
		return page, err
	}
	err := s.visitList(ctx, listPartition(project), q.Newest, func(ids []string) error {
		secrets, err := s.secrets(ctx, ids)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if secret.Record.Owner != project || s.Expired(secret) || !q.takes(secret.Metadata) {
				continue
			}
			if shown, err := show(secret); err != nil || !shown {
				if err != nil {
					return err
				}
				continue
			}
			if page.Total++; page.Total > q.Offset && len(page.Secrets) < q.Limit {
				page.Secrets = append(page.Secrets, secret)
			}
		}
		return nil
	})
	return page, err
}

// visitList calls visit with the ids that stand in a list, some at a time, in order.
func (s *Service) visitList(ctx context.Context, partition string, backward bool, visit func([]string) error) error {
	q := table.Query{Partition: partition, Backward: backward, Limit: pageKeys}
	for more := true; more; {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("reading a list of keys: %w", err)
		}
		ids := make([]string, len(page.Items))
		for i, item := range page.Items {
			if err := json.Unmarshal(item.Body, &ids[i]); err != nil {
				return fmt.Errorf("reading %q in a list of keys: %w", item.Sort, err)
			}
		}
		if err := visit(ids); err != nil {
			return err
		}
		more, q.After = page.More, page.Last
	}
	return nil
}

// secrets returns those of the secrets that can be seen, in the order of the ids.
func (s *Service) secrets(ctx context.Context, ids []string) ([]*Secret, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, recordKey(id), secretKey(id))
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading secrets: %w", err)
	}
	var found []*Secret
	for i := range ids {
		secret, err := secretOf(items[2*i], items[2*i+1])
		if err != nil {
			return nil, err
		}
		if secret != nil {
			found = append(found, secret)
		}
	}
	return found, nil
}

// Consumers returns the consumers of the secret, the first registered first.
func (s *Service) Consumers(ctx context.Context, secret *Secret) ([]Holder, error) {
	if secret.Record.Own == 0 {
		return nil, nil // consumers are among the owner's own holders
	}
	all, err := s.holders(ctx, secret.Record.ID, consumerPrefix)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Holder) int { return a.Since.Compare(b.Since) })
	return all, nil
}
