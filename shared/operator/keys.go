package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
)

const keysPath = "/gander/v1/keys"

// A key is what is shown of one.
type key struct {
	ID         string
	State      string
	Owner      *string
	Holders    int
	Own        int `json:"own_holders"`
	Wishes     struct{ Delete, Keep bool }
	Generation int
	Due        *string `json:"due_at"`
	Created    string  `json:"created_at"`
	HeldBy     []struct {
		Image    string `json:"image_id"`
		Owner    string
		Own      bool
		Delete   bool
		Since    string
		Consumer *struct {
			Service string
			Type    string `json:"resource_type"`
			ID      string `json:"resource_id"`
		}
	} `json:"held_by"`
	Next string
}

// A switch is whether keys are deleted.
type deletions struct {
	Enabled bool
	Since   *string
	Why     *string
}

// An audit is a page of findings.
type audit struct {
	Findings []struct {
		Kind       string
		Key        string `json:"key_id"`
		Generation int
		State      string
		At         string
		Why        string
		Person     bool `json:"needs_person"`
	}
	Alarms  []string
	RoundAt *string `json:"round_at"`
	Next    string
}

// audit prints what needs a person, and what will be done.
func (c *client) audit(ctx context.Context, out io.Writer) (int, error) {
	code := fine
	t := table(out, "NEEDS", "KIND", "KEY", "GENERATION", "AT", "WHY")
	var alarms []string
	round := "never"
	err := pages(keysPath+"/audit?limit=100", func(path string) (string, error) {
		var page audit
		if err := c.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return "", err
		}
		for _, f := range page.Findings {
			needs := "-"
			if f.Person {
				needs, code = "a person", person
			}
			t.row(needs, f.Kind, f.Key, number(f.Generation), f.At, f.Why)
		}
		alarms, round = page.Alarms, text(page.RoundAt, round)
		return page.Next, nil
	})
	if err != nil {
		return failed, err
	}
	if err := t.Flush(); err != nil {
		return failed, err
	}
	for _, alarm := range alarms {
		code = person
		fmt.Fprintln(out, "ALARM:", clean(alarm))
	}
	_, err = fmt.Fprintln(out, "Keys and secrets were compared last:", clean(round))
	return code, err
}

// list prints the keys, or nothing of them where they cannot all be had.
func (c *client) list(ctx context.Context, f flags, out io.Writer) (int, error) {
	query := url.Values{"limit": {"100"}}
	if f.state != "" {
		query.Set("state", f.state)
	}
	if f.owner != "" {
		query.Set("owner", f.owner)
	}
	t := table(out, "KEY", "STATE", "OWNER", "HOLDERS", "GENERATION", "DUE", "CREATED")
	err := pages(keysPath+"?"+query.Encode(), func(path string) (string, error) {
		var page struct {
			Keys []key
			Next string
		}
		if err := c.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return "", err
		}
		for _, k := range page.Keys {
			t.row(k.ID, k.State, text(k.Owner, "-"), strconv.Itoa(k.Holders), number(k.Generation), text(k.Due, "-"), k.Created)
		}
		return page.Next, nil
	})
	if err != nil {
		return failed, err
	}
	return fine, t.Flush()
}

// one shows the key at a path, or restores it and shows what it is then.
func (c *client) one(ctx context.Context, word, path string, out io.Writer) (int, error) {
	if word == "restore" {
		var restored key
		if err := c.call(ctx, http.MethodPost, path+"/restore", nil, &restored); err != nil {
			return failed, err
		}
	}
	holders := table(out, "HELD BY", "OWNER", "COUNTS AS ITS OWNER'S", "WISHES IT GONE", "SINCE")
	var shown key
	err := pages(path+"?limit=100", func(path string) (string, error) {
		var k key
		if err := c.call(ctx, http.MethodGet, path, nil, &k); err != nil {
			return "", err
		}
		for _, h := range k.HeldBy {
			what := "image " + h.Image
			if h.Consumer != nil {
				what = h.Consumer.Service + " " + h.Consumer.Type + " " + h.Consumer.ID
			}
			holders.row(what, h.Owner, strconv.FormatBool(h.Own), strconv.FormatBool(h.Delete), h.Since)
		}
		shown = k
		return k.Next, nil
	})
	if err != nil {
		return failed, err
	}
	t := table(out, "KEY", shown.ID)
	t.row("state", shown.State)
	t.row("owner", text(shown.Owner, "-"))
	t.row("holders", fmt.Sprintf("%d, %d of them its owner's", shown.Holders, shown.Own))
	t.row("wishes", fmt.Sprintf("delete %t, keep %t", shown.Wishes.Delete, shown.Wishes.Keep))
	t.row("generation", number(shown.Generation))
	t.row("next step", text(shown.Due, "-"))
	t.row("created", shown.Created)
	return fine, errors.Join(t.Flush(), holders.Flush())
}

// deletions shows the switch, after it was set where that is asked for.
func (c *client) deletions(ctx context.Context, word, why string, out io.Writer) (int, error) {
	method, body := http.MethodGet, any(nil)
	if word != "show" {
		method, body = http.MethodPut, object{"enabled": word == "on", "why": why}
	}
	var d deletions
	if err := c.call(ctx, method, keysPath+"/deletions", body, &d); err != nil {
		return failed, err
	}
	code, state := fine, "on"
	if !d.Enabled {
		code, state = person, "off"
	}
	_, err := fmt.Fprintf(out, "Deletions of keys are %s. Since: %s. Why: %s\n", state, text(d.Since, "ever"), clean(text(d.Why, "-")))
	return code, err
}

// pages follows the links from a page on. They lead on within the service alone.
func pages(path string, read func(path string) (next string, err error)) error {
	for path != "" {
		next, err := read(path)
		if err != nil {
			return err
		}
		if next != "" && !strings.HasPrefix(next, keysPath) {
			return fmt.Errorf("the page after %s is said to be %q", path, next)
		}
		path = next
	}
	return nil
}

// rows are lines of columns.
type rows struct{ *tabwriter.Writer }

func table(out io.Writer, head ...string) rows {
	t := rows{tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)}
	t.row(head...)
	return t
}

func (t rows) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = clean(cell)
	}
	fmt.Fprintln(t, strings.Join(cells, "\t"))
}

// clean keeps what somebody named from moving the cursor of a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func text(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
