package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Whole works everything out: the resources and outputs whose conditions hold,
// and the globals, each below its section's name. The error names everything that
// is wrong, needed or not; with it comes what could be worked out.
func (s *Stack) Whole() (Tree, error) {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(s.template.At("Conditions"))) {
		if _, err := s.condition(name, nil); err != nil {
			faults = append(faults, err)
		}
	}
	resources, resourcesErr := s.section("Resources")
	outputs, outputsErr := s.section("Outputs")
	globals, globalsErr := s.tree(s.template.At("Globals"))
	return Tree{"Resources": resources, "Outputs": outputs, "Globals": globals},
		errors.Join(append(faults, resourcesErr, outputsErr, globalsErr)...)
}

func (s *Stack) section(name string) (Tree, error) {
	var faults []error
	out := Tree{}
	for _, id := range slices.Sorted(maps.Keys(s.template.At(name))) {
		entry := s.template.At(name, id)
		if condition := entry.Text("Condition"); condition != "" {
			held, err := s.condition(condition, nil)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", id, err))
			}
			if !held {
				continue
			}
		}
		resolved, err := s.tree(entry)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", id, err))
		}
		out[id] = resolved
	}
	return out, errors.Join(faults...)
}
