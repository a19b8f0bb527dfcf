package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// A Consumer is a function that is fed events of the cloud, not requests.
type Consumer struct {
	Name  string // folder under functions/
	Needs httpapi.Needs
	uses  setting.Use
	// take works on one event and returns the answer for the platform.
	take func(ctx context.Context, s *services, payload []byte) (any, error)
}

// The consumers.
var (
	// Reaper does promptly what a change of the table made due.
	Reaper = Consumer{Name: "reaper", Needs: dueNeeds, uses: dueUses, take: reap}

	// Sweeper does, when its timer fires, whatever else is due. It also keeps what the
	// reaper was given up on.
	Sweeper = Consumer{Name: "sweeper", Needs: sweepNeeds, uses: usesOf(sweepNeeds) | setting.Later, take: sweep}
)

const (
	dueNeeds = httpapi.ReadTable | httpapi.ReadItems | httpapi.ListTable | httpapi.WriteTable | httpapi.DeleteBytes | httpapi.EndUploads |
		httpapi.CheckItems | httpapi.DescribeSecrets | httpapi.DeleteSecrets

	// sweepNeeds are those of the hourly round, too, which holds keys and secrets
	// against each other.
	sweepNeeds = dueNeeds | httpapi.CheckItems | httpapi.ListSecrets | httpapi.RestoreSecrets | httpapi.RaiseEpoch
)

var dueUses = usesOf(dueNeeds) | setting.Later

// Consumers lists those that do what is due.
func Consumers() []Consumer { return []Consumer{Reaper, Sweeper} }

// batchFailures is the partial batch report: everything from the record named
// on is delivered again.
//
// Source: AWS Lambda Developer Guide, "Configuring partial batch response with
// DynamoDB and Lambda".
type batchFailures struct {
	Items []failedItem `json:"batchItemFailures"`
}

type failedItem struct {
	Sequence string `json:"itemIdentifier"`
}

// reap takes a batch of the table's change stream, oldest first. Each record has its
// turn while there is time; the first that it cannot read or work on is reported, and
// comes again with those after it, until the mapping gives it up.
func reap(ctx context.Context, s *services, payload []byte) (any, error) {
	records, err := dynamo.ParseEvent(payload)
	if err != nil {
		return nil, err
	}
	report := batchFailures{Items: []failedItem{}}
	for _, record := range records {
		if !reapOne(ctx, s, record) && len(report.Items) == 0 {
			report.Items = append(report.Items, failedItem{record.Sequence()})
		}
	}
	return report, nil
}

// reapOne reports whether the record need not come again. Why it has to is noted.
func reapOne(ctx context.Context, s *services, record dynamo.Record) bool {
	if ctx.Err() != nil {
		return false // it had no turn
	}
	change, err := record.Change()
	if err != nil {
		s.log.ErrorContext(ctx, "a stream record cannot be read", "sequence", record.Sequence(), "error", err)
		s.note(ctx, record, nil, err)
		return false
	}
	_, err = s.runner.React(ctx, []table.Change{change})
	if err != nil && ctx.Err() == nil {
		s.note(ctx, record, &change, err)
	}
	return err == nil
}

// sweep takes the event of a schedule, or messages about what the reaper's mapping
// gave up on.
func sweep(ctx context.Context, s *services, payload []byte) (any, error) {
	var event struct {
		Kind string `json:"detail-type"`
		queued
	}
	switch err := json.Unmarshal(payload, &event); {
	case err == nil && event.Kind == "Scheduled Event":
		return nil, s.sweepAll(ctx)
	case err == nil && len(event.Records) > 0:
		return takeFailures(ctx, s, event.queued)
	}
	return nil, errors.New("boot: this is neither the event of a schedule nor one of a queue")
}

// An eventHandler hands a Lambda's events to its consumer.
type eventHandler struct {
	consumer Consumer
	services *services
}

// Invoke implements lambda.Handler.
func (h eventHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := withReserve(ctx)
	defer cancel()
	answer, err := h.consumer.take(ctx, h.services, payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// maxEvent is the most that Lambda puts into one event.
const maxEvent = 6 << 20

// A postHandler takes events over HTTP, for platforms that deliver them so.
type postHandler struct {
	consumer Consumer
	services *services
}

// ServeHTTP implements http.Handler.
func (h postHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/":
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Events come by POST.", http.StatusMethodNotAllowed)
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		http.Error(w, fmt.Sprintf("The event could not be read; it may have at most %d bytes.", maxEvent), http.StatusBadRequest)
		return
	}
	h.answer(w, r, payload)
}

func (h postHandler) answer(w http.ResponseWriter, r *http.Request, payload []byte) {
	answer, err := h.consumer.take(r.Context(), h.services, payload)
	log := h.services.log
	switch {
	case errors.Is(err, errUnauthorized):
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	case err != nil:
		log.ErrorContext(r.Context(), "an event failed", "function", h.consumer.Name, "error", err)
		http.Error(w, "The event could not be worked on.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.WarnContext(r.Context(), "an answer could not be sent", "error", err)
	}
}
