package key

import (
	"encoding/json"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// The kinds of report that wait for an operator.
const (
	reportElsewhere = "elsewhere" // a key that is kept elsewhere was to go
	reportMissing   = "missing"   // the secret of a usable key is gone
)

// A Report is something about a key that an operator should know.
type Report struct {
	Key  string    `json:"key"`
	Kind string    `json:"kind"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}

const reports = "key-reports"

func (e *edit) report(kind, why string) {
	at := e.service.now()
	body, err := json.Marshal(Report{Key: e.id, Kind: kind, Why: why, At: at})
	if err != nil {
		return // four texts and a time can be written
	}
	key := table.Key{Partition: reports, Sort: at.Format(momentLayout) + "#" + kind + "#" + table.Text(e.id, maxTextKey)}
	e.reports = append(e.reports, table.Write{Kind: table.Put, Key: key, Schema: schema, Body: body, If: table.IfAbsent()})
}
