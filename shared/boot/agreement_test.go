package boot

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

// An inventory is everything that must name the same functions.
type inventory struct {
	folders  map[string]string // under functions/, with their main.go
	rows     []httpapi.Operation
	events   map[string][]byte
	template tree
}

func takeInventory(t *testing.T) inventory {
	t.Helper()
	i := inventory{folders: map[string]string{}, events: map[string][]byte{}, rows: slices.Clone(httpapi.All), template: loadTemplate(t)}
	for _, e := range readDir(t, "../../functions") {
		main, err := os.ReadFile("../../functions/" + e + "/main.go")
		if err != nil {
			t.Error(err)
		}
		i.folders[e] = string(main)
	}
	for _, e := range readDir(t, "../../events") {
		payload, err := os.ReadFile("../../events/" + e)
		if err != nil {
			t.Error(err)
		}
		i.events[e] = payload
	}
	return i
}

func readDir(t *testing.T, name string) []string {
	t.Helper()
	entries, err := os.ReadDir(name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// functions are the operations and the consumers.
func (i inventory) functions() []function { return functionsOf(i.rows) }

func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// disagreements is what is on one side only.
func (i inventory) disagreements() []string {
	var found []string
	for _, check := range []func(inventory) []string{
		inventory.checkFolders, inventory.checkFunctions, inventory.checkRoutes, inventory.checkPermissions,
		inventory.checkVariables, inventory.checkRoles, inventory.checkEvents,
	} {
		found = append(found, check(i)...)
	}
	slices.Sort(found)
	return found
}

// compare tells what only one of two sets has.
func compare[V any, W any](left, right string, a map[string]V, b map[string]W) []string {
	var found []string
	for name := range a {
		if _, ok := b[name]; !ok {
			found = append(found, fmt.Sprintf("%s: in %s, not in %s", name, left, right))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			found = append(found, fmt.Sprintf("%s: in %s, not in %s", name, right, left))
		}
	}
	return found
}

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (i inventory) checkFolders() []string {
	names := set("standalone")
	for _, f := range i.functions() {
		names[f.name] = true
	}
	found := compare("the operation table", "functions/", names, i.folders)
	for _, f := range i.functions() {
		main, ok := i.folders[f.name]
		if ok && !strings.Contains(main, "."+camel(f.name)+")") {
			found = append(found, f.name+": its main.go does not run "+camel(f.name))
		}
	}
	return found
}

func (i inventory) resources(kind string) map[string]tree {
	of := make(map[string]tree)
	for name := range i.template.at("Resources") {
		if r := i.template.at("Resources", name); r.text("Type") == kind {
			of[name] = r
		}
	}
	return of
}

func (i inventory) checkFunctions() []string {
	names := map[string]bool{}
	var found []string
	blocks := i.resources("AWS::Serverless::Function")
	for _, f := range i.functions() {
		id := camel(f.name) + "Function"
		names[id] = true
		block, ok := blocks[id]
		if !ok {
			continue
		}
		if uri := block.at("Properties").text("CodeUri"); uri != "build/functions/"+f.name+"/" {
			found = append(found, id+": its CodeUri is "+uri)
		}
		if block.at("Metadata").text("SkipBuild") != "true" {
			found = append(found, id+": SAM would build it anew")
		}
	}
	return append(found, compare("the operation table", "template.yaml", names, blocks)...)
}

var arnOfFunction = regexp.MustCompile(`\$\{(\w+)\.Arn\}`)

// routes are "METHOD path" with the logical id that answers.
func (i inventory) routes() map[string]string {
	routes := make(map[string]string)
	paths := i.template.at("Resources", "Api", "Properties", "DefinitionBody", "paths")
	for p := range paths {
		for method := range paths.at(p) {
			if method == "parameters" {
				continue
			}
			uri := ref(paths.at(p, method, "x-amazon-apigateway-integration")["uri"])
			id := "nothing"
			if m := arnOfFunction.FindStringSubmatch(uri); m != nil {
				id = m[1]
			}
			if method == "x-amazon-apigateway-any-method" {
				method = "any"
			}
			routes[strings.ToUpper(method)+" "+p] = id
		}
	}
	return routes
}

// wantedRoutes are those of the rows. Every path has the fallback besides, so
// that other methods reach it.
func (i inventory) wantedRoutes() map[string]string {
	wanted := make(map[string]string)
	for _, op := range i.rows {
		for _, p := range op.Paths {
			wanted["ANY "+p] = "FallbackFunction"
			for _, m := range op.Methods {
				if m != "ANY" {
					wanted[m+" "+p] = camel(op.Name) + "Function"
				}
			}
		}
	}
	return wanted
}

func (i inventory) checkRoutes() []string {
	have, want := i.routes(), i.wantedRoutes()
	found := compare("the operation table", "the template's routes", want, have)
	for route, id := range want {
		if got, ok := have[route]; ok && got != id {
			found = append(found, fmt.Sprintf("%s: goes to %s, not to %s", route, got, id))
		}
	}
	return found
}

func (i inventory) checkPermissions() []string {
	var found []string
	names := map[string]bool{}
	permissions := i.resources("AWS::Lambda::Permission")
	for _, op := range i.rows {
		id := camel(op.Name) + "Permission"
		names[id] = true
		p, ok := permissions[id]
		if !ok {
			continue
		}
		if to := ref(p.at("Properties")["FunctionName"]); to != camel(op.Name)+"Function" {
			found = append(found, id+": is for "+to)
		}
		_, pattern, _ := strings.Cut(ref(p.at("Properties")["SourceArn"]), "${Api}/")
		for _, m := range op.Methods {
			for _, route := range op.Paths {
				if asked := "stage/" + m + variable.ReplaceAllString(route, "x"); !covers(pattern, asked) {
					found = append(found, fmt.Sprintf("%s: does not let the gateway call it for %s %s", id, m, route))
				}
			}
		}
	}
	return append(found, compare("the operation table", "the template's permissions", names, permissions)...)
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// covers reports whether an ARN's pattern, where * stands for anything, covers text.
func covers(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile("^" + quoted + "$").MatchString(text)
}

// mustSet are the variables without which the cloud mix does not know where to
// look; the others have defaults.
var mustSet = []string{"GANDER_TABLE", "GANDER_BUCKET", "GANDER_PUBLIC_ENDPOINT", "GANDER_IDENTITY"}

// checkVariables: a variable that the template gives to one function goes to
// every one that reads it, and to no other.
func (i inventory) checkVariables() []string {
	given := map[string]map[string]bool{}
	used := set(mustSet...)
	for _, f := range i.functions() {
		given[f.name] = map[string]bool{}
		for name := range i.template.at("Resources", camel(f.name)+"Function", "Properties", "Environment", "Variables") {
			given[f.name][name], used[name] = true, true
		}
	}
	var found []string
	for name := range used {
		at := slices.IndexFunc(setting.Table, func(r setting.Row) bool { return r.Name == name })
		if at < 0 {
			found = append(found, name+": in the template, but no setting")
			continue
		}
		for _, f := range i.functions() {
			reads := setting.Table[at].Uses&(f.uses|setting.Always) != 0
			switch {
			case reads && !given[f.name][name]:
				found = append(found, f.name+": reads "+name+" and is not given it")
			case !reads && given[f.name][name]:
				found = append(found, f.name+": is given "+name+" and does not read it")
			}
		}
	}
	return found
}

// grants are the actions that each need takes, and those of every function.
var grants = map[httpapi.Needs][]string{
	0:                   {"logs:CreateLogStream", "logs:PutLogEvents"},
	httpapi.ReadTable:   {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"},
	httpapi.WriteTable:  {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"},
	httpapi.ReadBytes:   {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"},
	httpapi.WriteBytes:  {"s3:PutObject", "s3:ListMultipartUploadParts"},
	httpapi.DeleteBytes: {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload", "s3:ListBucketMultipartUploads"},
	httpapi.Tokens:      nil,
}

// streamGrants are the reaper's own: it reads the table's stream, and its
// mapping reports what it gave up on.
var streamGrants = []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "sqs:SendMessage"}

func (i inventory) checkRoles() []string {
	var found []string
	sharers := map[string]httpapi.Needs{}
	used := map[string]bool{}
	for _, f := range i.functions() {
		role, _, _ := strings.Cut(ref(i.template.at("Resources", camel(f.name)+"Function", "Properties")["Role"]), ".")
		used[role] = true
		if needs, ok := sharers[role]; ok && needs != f.needs {
			found = append(found, fmt.Sprintf("%s: functions of other needs have the role %s, too", f.name, role))
		}
		sharers[role] = f.needs
		want := map[string]bool{}
		for need, actions := range grants {
			if need == 0 || f.needs&need != 0 {
				maps.Copy(want, set(actions...))
			}
		}
		if f.name == Reaper.Name {
			maps.Copy(want, set(streamGrants...))
		}
		for _, line := range compare("the needs of "+f.name, role, want, i.actions(role)) {
			found = append(found, f.name+": "+line)
		}
	}
	return append(found, compare("the functions' roles", "the template's roles", used, i.resources("AWS::IAM::Role"))...)
}

func (i inventory) actions(role string) map[string]bool {
	actions := map[string]bool{}
	policies, _ := i.template.at("Resources", role, "Properties")["Policies"].([]any)
	for _, p := range policies {
		statements, _ := p.(tree).at("PolicyDocument")["Statement"].([]any)
		for _, s := range statements {
			maps.Copy(actions, set(list(s.(tree)["Action"])...))
		}
	}
	return actions
}

func (i inventory) checkEvents() []string {
	names := map[string]bool{}
	shapes := map[event.Shape]bool{}
	var found []string
	for _, f := range i.functions() {
		names[f.name+".json"] = true
		payload, ok := i.events[f.name+".json"]
		if !ok {
			continue
		}
		if slices.ContainsFunc(Consumers(), func(c Consumer) bool { return c.Name == f.name }) {
			continue // their own tests feed them
		}
		r, shape, err := event.Request(context.Background(), payload)
		if err != nil {
			found = append(found, f.name+": its event is none: "+err.Error())
			continue
		}
		shapes[shape] = true
		if to := i.serves(r.Method, r.URL.Path); to != f.name {
			found = append(found, fmt.Sprintf("%s: its event is for %s %s, which is %s", f.name, r.Method, r.URL.Path, to))
		}
	}
	if !shapes[event.REST] || !shapes[event.HTTP] {
		found = append(found, "events/: payload 1.0 and payload 2.0 must both be among them")
	}
	return append(found, compare("the operation table", "events/", names, i.events)...)
}

func (i inventory) serves(method, asked string) string {
	for _, op := range i.rows {
		for _, p := range op.Paths {
			matched, _ := path.Match(variable.ReplaceAllString(p, "*"), asked)
			if matched && slices.Contains(op.Methods, method) {
				return op.Name
			}
		}
	}
	return httpapi.Fallback.Name
}

func TestFoldersRowsTemplateAndEventsAgree(t *testing.T) {
	for _, line := range takeInventory(t).disagreements() {
		t.Error(line)
	}
}

// TestDisagreementsAreNamed breaks each side once.
func TestDisagreementsAreNamed(t *testing.T) {
	variables := func(i inventory, function string) tree {
		return i.template.at("Resources", function, "Properties", "Environment", "Variables")
	}
	paths := func(i inventory) tree {
		return i.template.at("Resources", "Api", "Properties", "DefinitionBody", "paths")
	}
	statement := func(i inventory, role string) tree {
		policies := i.template.at("Resources", role, "Properties")["Policies"].([]any)
		return policies[0].(tree).at("PolicyDocument")["Statement"].([]any)[1].(tree)
	}
	for name, test := range map[string]struct {
		damage func(*inventory)
		want   string
	}{
		"folder missing":    {func(i *inventory) { delete(i.folders, "image-show") }, "image-show: in the operation table, not in functions/"},
		"folder too many":   {func(i *inventory) { i.folders["image-rename"] = "" }, "image-rename: in functions/, not in the operation table"},
		"another's main":    {func(i *inventory) { i.folders["image-show"] = i.folders["image-list"] }, "image-show: its main.go does not run ImageShow"},
		"row missing":       {func(i *inventory) { i.rows = i.rows[1:] }, "version-list: in functions/, not in the operation table"},
		"row with a method": {func(i *inventory) { i.rows[1].Methods = []string{"POST", "PUT"} }, "PUT /v2/images: in the operation table, not in the template's routes"},
		"row with a need":   {func(i *inventory) { i.rows[0].Needs |= httpapi.ReadTable }, "version-list: reads GANDER_TABLE and is not given it"},
		"function missing":  {func(i *inventory) { delete(i.template.at("Resources"), "ReaperFunction") }, "ReaperFunction: in the operation table, not in template.yaml"},
		"function's code": {func(i *inventory) {
			i.template.at("Resources", "ImageShowFunction", "Properties")["CodeUri"] = "build/functions/image-list/"
		}, "ImageShowFunction: its CodeUri is build/functions/image-list/"},
		"route missing":      {func(i *inventory) { delete(paths(*i).at("/v2/images"), "post") }, "POST /v2/images: in the operation table, not in the template's routes"},
		"route too many":     {func(i *inventory) { paths(*i).at("/v2/images")["put"] = tree{} }, "PUT /v2/images: in the template's routes, not in the operation table"},
		"route elsewhere":    {func(i *inventory) { paths(*i).at("/v2/images")["get"] = paths(*i).at("/v2/images")["post"] }, "GET /v2/images: goes to ImageCreateFunction, not to ImageListFunction"},
		"path misspelt":      {func(i *inventory) { paths(*i)["/v2/image"] = paths(*i)["/v2/images"]; delete(paths(*i), "/v2/images") }, "GET /v2/image: in the template's routes, not in the operation table"},
		"permission missing": {func(i *inventory) { delete(i.template.at("Resources"), "ImageShowPermission") }, "ImageShowPermission: in the operation table, not in the template's permissions"},
		"permission narrow": {func(i *inventory) {
			i.template.at("Resources", "VersionListPermission", "Properties")["SourceArn"] = "x:${Api}/*/GET/versions"
		}, "VersionListPermission: does not let the gateway call it for GET /"},
		"variable missing":  {func(i *inventory) { delete(variables(*i, "ImageShowFunction"), "GANDER_TABLE") }, "image-show: reads GANDER_TABLE and is not given it"},
		"variable too many": {func(i *inventory) { variables(*i, "ImageShowFunction")["GANDER_BUCKET"] = "b" }, "image-show: is given GANDER_BUCKET and does not read it"},
		"variable misspelt": {func(i *inventory) { variables(*i, "ImageShowFunction")["GANDER_TABEL"] = "b" }, "GANDER_TABEL: in the template, but no setting"},
		"grant missing":     {func(i *inventory) { statement(*i, "ReadRole")["Action"] = "dynamodb:GetItem" }, "image-show: dynamodb:Query: in the needs of image-show, not in ReadRole"},
		"grant too many":    {func(i *inventory) { statement(*i, "ReadRole")["Action"] = "dynamodb:*" }, "image-show: dynamodb:*: in ReadRole, not in the needs of image-show"},
		"role of others": {func(i *inventory) {
			i.template.at("Resources", "ImageShowFunction", "Properties")["Role"] = "WriteRole.Arn"
		}, "image-show: dynamodb:PutItem: in WriteRole, not in the needs of image-show"},
		"role without use":   {func(i *inventory) { i.template.at("Resources")["IdleRole"] = tree{"Type": "AWS::IAM::Role"} }, "IdleRole: in the template's roles, not in the functions' roles"},
		"event missing":      {func(i *inventory) { delete(i.events, "sweeper.json") }, "sweeper.json: in the operation table, not in events/"},
		"event too many":     {func(i *inventory) { i.events["image-rename.json"] = nil }, "image-rename.json: in events/, not in the operation table"},
		"event of another":   {func(i *inventory) { i.events["image-show.json"] = i.events["image-delete.json"] }, "which is image-delete"},
		"event of one shape": {func(i *inventory) { i.events["info-stores-detail.json"] = []byte("{}") }, "info-stores-detail: its event is none"},
	} {
		i := takeInventory(t)
		test.damage(&i)
		if found := strings.Join(i.disagreements(), "\n"); !strings.Contains(found, test.want) {
			t.Errorf("%s: nothing says %q in\n%s", name, test.want, found)
		}
	}
}
