package boot

import (
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

// usesOf says which settings belong to what a function needs.
func usesOf(needs httpapi.Needs) setting.Use {
	var uses setting.Use
	if needs&tableNeeds != 0 {
		uses |= setting.Metadata
	}
	if needs&(httpapi.WriteTable|httpapi.PutItems) != 0 {
		uses |= setting.Writes
	}
	if needs&(httpapi.ReadBytes|httpapi.WriteBytes|httpapi.DeleteBytes) != 0 {
		uses |= setting.Bytes
	}
	if needs&secretNeeds != 0 {
		uses |= setting.Secrets
	}
	if needs&httpapi.Tokens != 0 {
		uses |= setting.Tokens | setting.Decides
	}
	if needs&httpapi.ReadBytes != 0 && needs&httpapi.Tokens != 0 { // consumers read for themselves
		uses |= setting.Gives
	}
	return uses
}

// answering says which settings belong to operations that answer requests.
func answering(operations ...httpapi.Operation) setting.Use {
	uses := usesOf(needsOf(operations)) | setting.Answers
	for _, op := range operations {
		if op.Properties {
			uses |= setting.Properties
		}
	}
	return uses
}

// allNeeds are those of the standalone process.
const allNeeds = sweepNeeds | httpapi.ReadBytes | httpapi.WriteBytes | httpapi.Tokens | httpapi.ReadSecrets | httpapi.WriteSecrets

var standaloneUses = usesOf(allNeeds) | answering(httpapi.All...) | setting.Listens | setting.Standalone | setting.Later | setting.Ticks

// A function is one folder under functions/, but for standalone.
type function struct {
	name  string
	needs httpapi.Needs
	uses  setting.Use
}

func functions() []function { return functionsOf(httpapi.All) }

func functionsOf(rows []httpapi.Operation) []function {
	list := make([]function, 0, len(rows)+3)
	for _, op := range rows {
		list = append(list, function{op.Name, op.Needs, answering(op)})
	}
	for _, c := range Consumers() {
		list = append(list, function{c.Name, c.Needs, c.uses})
	}
	return append(list, function{Authorizer.Name, Authorizer.Needs, Authorizer.uses})
}
