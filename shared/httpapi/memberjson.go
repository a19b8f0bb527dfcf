package httpapi

import (
	"encoding/json"
	"io"
	"iter"
	"net/http"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/problem"
)

// readMember reads the project out of the body of member-create. What else the
// body says is not looked at.
//
// Source: glance/api/v2/image_members.py, RequestDeserializer.create.
func readMember(body []byte) (project string, err error) {
	value, err := bodyValue(body, "member")
	switch {
	case err != nil:
		return "", err
	case value == nil:
		return "", problem.New(problem.Invalid, "Member to be added not specified")
	}
	if err := json.Unmarshal(value, &project); err != nil {
		return "", problem.New(problem.Invalid, "The value of 'member' must be a string, the id of a project.")
	}
	return project, image.CheckMemberID(project)
}

// readMemberStatus reads the status out of the body of member-update. One that
// is no text is as unknown as any other word.
//
// Source: glance/api/v2/image_members.py, RequestDeserializer.update.
func readMemberStatus(body []byte) (status image.MemberStatus, err error) {
	value, err := bodyValue(body, "status")
	switch {
	case err != nil:
		return "", err
	case value == nil:
		return "", problem.New(problem.Invalid, "Status not specified")
	case value[0] == '"':
		err = json.Unmarshal(value, &status)
	}
	return status, err
}

// bodyValue returns what a body, which is valid JSON, says under the key; nil
// where it says nothing.
func bodyValue(body []byte, key string) (json.RawMessage, error) {
	var values map[string]json.RawMessage // of equal keys the last counts
	if err := json.Unmarshal(body, &values); err != nil {
		return nil, problem.New(problem.Invalid, `Unexpected body type: an object of the form {"%s": "..."} is needed.`, key)
	}
	return values[key], nil
}

// appendMember appends the JSON of m.
//
// Source: glance/api/v2/image_members.py, ResponseSerializer._format_image_member.
func appendMember(b []byte, m image.Member) []byte {
	b = appendText(append(b, `{"member_id":`...), m.ID)
	b = appendText(append(b, `,"image_id":`...), m.ImageID)
	b = appendText(append(b, `,"status":`...), string(m.Status))
	b = appendTime(append(b, `,"created_at":`...), m.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), m.UpdatedAt)
	return append(b, `,"schema":"/v2/schemas/member"}`...)
}

func memberAnswer(m image.Member) *Response {
	return &Response{Status: http.StatusOK, Body: appendMember(make([]byte, 0, 256), m)}
}

// maxPiece is about how many bytes of a list of members are made before they are
// sent: all of them, where the quota of members is the usual one.
const maxPiece = 256 << 10

// membersAnswer is the answer to a list of members. What does not fit into one
// piece is made while it is sent.
func membersAnswer(members iter.Seq2[image.Member, error]) (*Response, error) {
	body := &membersBody{piece: []byte(`{"members":[`)}
	body.next, body.stop = iter.Pull2(members)
	err := body.fill()
	switch {
	case err != nil:
		body.stop()
		return nil, err
	case body.ended:
		body.stop()
		return &Response{Status: http.StatusOK, Body: body.piece}, nil
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &Response{Status: http.StatusOK, Header: header, Stream: body, Length: unknownLength}, nil
}

// A membersBody is the JSON of a list of members, made as it is read.
type membersBody struct {
	next  func() (image.Member, error, bool)
	stop  func()
	piece []byte
	read  int  // bytes of piece
	begun bool // a member was made
	ended bool
}

// fill makes members until the piece is full or there are no more.
func (b *membersBody) fill() error {
	for len(b.piece) < maxPiece {
		m, err, ok := b.next()
		if err != nil {
			return err
		}
		if !ok {
			b.ended = true
			b.piece = append(b.piece, `],"schema":"/v2/schemas/members"}`...)
			return nil
		}
		if b.begun {
			b.piece = append(b.piece, ',')
		}
		b.begun = true
		b.piece = appendMember(b.piece, m)
	}
	return nil
}

// Read implements io.Reader.
func (b *membersBody) Read(p []byte) (int, error) {
	if b.read == len(b.piece) {
		if b.ended {
			return 0, io.EOF
		}
		b.piece, b.read = b.piece[:0], 0
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.piece[b.read:])
	b.read += n
	return n, nil
}

// Close implements io.Closer.
func (b *membersBody) Close() error {
	b.stop()
	return nil
}
