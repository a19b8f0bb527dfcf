package boot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

// checkMapping: the reaper gets the table's changes that make something due,
// and one that it cannot work on neither blocks the others nor gets lost.
func (d deployment) checkMapping() []string {
	if !d.owns() {
		return nil
	}
	mapping := d.main.Properties("ReaperFunction").At("Events", "Changes")
	properties := mapping.At("Properties")
	failure := properties.At("DestinationConfig", "OnFailure")
	var found []string
	for _, c := range []struct {
		so   bool
		says string
	}{
		{mapping.Text("Type") == "DynamoDB" && properties.Text("Stream") == "${Table.StreamArn}", "is not fed by the table's stream"},
		{properties.Text("StartingPosition") == "TRIM_HORIZON", "misses the changes before it was made"},
		{slices.Equal(properties.Texts("FunctionResponseTypes"), []string{"ReportBatchItemFailures"}), "does not hear which records failed"},
		{properties.Text("BisectBatchOnFunctionError") == "true", "does not halve a batch that fails"},
		{between(properties.Text("MaximumRetryAttempts"), 1, 100), "tries without an end"},
		{between(properties.Text("MaximumRecordAgeInSeconds"), 60, 86400), "keeps records without an end"},
		{failure.Text("Type") == "SQS" && failure.Text("Destination") == "${ReaperFailures.Arn}", "tells nobody what it gave up on"},
	} {
		if !c.so {
			found = append(found, "ReaperFunction: its mapping "+c.says)
		}
	}
	found = append(found, d.checkGivenUp()...)
	return append(found, d.checkFilters(properties.At("FilterCriteria").Trees("Filters"))...)
}

// checkGivenUp: the sweeper reads what the reaper was given up on, message by message,
// and a message stays hidden while it may be at work on it.
//
// Source: AWS Lambda Developer Guide, "Creating and configuring an Amazon SQS event
// source mapping", which asks for six times the function's timeout.
func (d deployment) checkGivenUp() []string {
	sweeper := d.main.Properties("SweeperFunction")
	mapping := sweeper.At("Events", "GivenUp")
	properties := mapping.At("Properties")
	hidden, err := strconv.Atoi(d.main.Properties("ReaperFailures").Text("VisibilityTimeout"))
	timeout, other := strconv.Atoi(sweeper.Text("Timeout"))
	var found []string
	for _, c := range []struct {
		so   bool
		says string
	}{
		{mapping.Text("Type") == "SQS" && properties.Text("Queue") == "${ReaperFailures.Arn}", "does not read what the reaper was given up on"},
		{slices.Equal(properties.Texts("FunctionResponseTypes"), []string{"ReportBatchItemFailures"}), "does not hear which messages failed"},
		{err == nil && other == nil && hidden >= 6*timeout, "may get a message again that it is at work on"},
	} {
		if !c.so {
			found = append(found, "SweeperFunction: its mapping "+c.says)
		}
	}
	if sweeper.At("EventInvokeConfig").Text("MaximumRetryAttempts") != "0" {
		found = append(found, "SweeperFunction: what fails is tried again beside the next minute's")
	}
	return found
}

func between(text string, low, high int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= low && n <= high
}

// checkFilters: new due entries pass, and nothing else, for each record that
// passes costs a call.
func (d deployment) checkFilters(filters []template.Tree) []string {
	var found []string
	for _, record := range []struct {
		event, partition string
		passes           bool
	}{
		{"INSERT", "due#purge#0", true},
		{"MODIFY", "due#lease#3", true},
		{"REMOVE", "due#purge#0", false},
		{"INSERT", "image#2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10", false},
		{"INSERT", "list#public#created#0", false},
	} {
		passes := slices.ContainsFunc(filters, func(f template.Tree) bool { return matches(f.Text("Pattern"), record.event, record.partition) })
		if passes != record.passes {
			found = append(found, fmt.Sprintf("ReaperFunction: that its filters let %s of %s pass should be %t", record.event, record.partition, record.passes))
		}
	}
	return found
}

// matches decides a filter pattern as far as ours go.
//
// Source: AWS Lambda Developer Guide, "Filter rule syntax".
func matches(pattern, event, partition string) bool {
	var p struct {
		Names    []string `json:"eventName"`
		DynamoDB struct {
			Keys struct {
				PK struct {
					S []struct {
						Prefix string `json:"prefix"`
					}
				} `json:"pk"`
			}
		} `json:"dynamodb"`
	}
	decoder := json.NewDecoder(strings.NewReader(pattern))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&p) != nil {
		return false
	}
	for _, s := range p.DynamoDB.Keys.PK.S {
		if slices.Contains(p.Names, event) && strings.HasPrefix(partition, s.Prefix) {
			return true
		}
	}
	return false
}
