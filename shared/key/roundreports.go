package key

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/vault"
)

// walkReports takes back the reports that no longer hold, and counts the others.
func (s *Service) walkReports(ctx context.Context, _ *upkeep) error {
	for _, kind := range []string{reportMissing, reportUnrecorded, reportElsewhere} {
		count, err := s.reviewReports(ctx, kind)
		if err != nil {
			return err
		}
		switch kind {
		case reportMissing:
			s.measure(MeasureMissing, "", count)
		case reportUnrecorded:
			s.measure(MeasureUnrecorded, "", count)
		}
	}
	return nil
}

func (s *Service) reviewReports(ctx context.Context, kind string) (count int, err error) {
	failed := failures{service: s}
	after, more := "", true
	for more {
		var page []Report
		if page, after, more, err = s.reportPage(ctx, kind, after, pageSize); err != nil {
			return count, err
		}
		for _, r := range page {
			if err := endsSoon(ctx); err != nil {
				return count, err
			}
			stays, problem := s.review(ctx, r)
			if err := failed.met(ctx, r.Key, problem); err != nil {
				return count, err
			}
			if stays {
				count++
			}
		}
	}
	return count, nil
}

// review withdraws a report that no longer holds. While that is not known it stays.
func (s *Service) review(ctx context.Context, r Report) (stays bool, err error) {
	if stays, err = s.holds(ctx, r); stays || err != nil {
		return true, err
	}
	return false, s.withdraw(ctx, r)
}

// holds reports whether what a report says is still so.
func (s *Service) holds(ctx context.Context, report Report) (bool, error) {
	if report.Kind == reportElsewhere {
		return report.At.Add(elsewhereLife).After(s.now()), nil
	}
	r, err := s.read(ctx, report.Key)
	if err != nil {
		return false, err
	}
	_, err = s.Vault.Describe(ctx, vault.Name{Key: report.Key, Generation: report.Generation})
	absent, damaged := errors.Is(err, vault.ErrNotFound), errors.Is(err, vault.ErrDamaged)
	if err != nil && !absent && !damaged {
		return false, err
	}
	if report.Kind == reportMissing {
		return err != nil && r.Usable() && r.Generation == report.Generation, nil
	}
	recorded := r != nil && r.State != External && (r.State != Gone || r.Generation != report.Generation)
	return !absent && !recorded, nil
}
