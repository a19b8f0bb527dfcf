package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const importPath = "github.com/gander-images/gander/shared/policy"

// forgeries returns where a file makes a Grant of its own: by a literal, by new,
// or by a variable without a value. An empty literal that is returned beside an
// error gives nothing away, and is the way to return from a function that ends
// in a Grant. Fields and parameters of the type are what it is for. A literal that
// leaves the type out, within one of another type, is not seen.
func forgeries(file *ast.File) []ast.Node {
	name := localName(file)
	isGrant := func(e ast.Expr) bool {
		s, ok := e.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "Grant" {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == name
	}
	returned := map[ast.Node]bool{}
	var found []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			if len(n.Results) == 2 && !isNil(n.Results[1]) {
				returned[n.Results[0]] = true
			}
		case *ast.CompositeLit:
			if isGrant(n.Type) && (!returned[n] || len(n.Elts) > 0) {
				found = append(found, n)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "new" && len(n.Args) == 1 && isGrant(n.Args[0]) {
				found = append(found, n)
			}
		case *ast.TypeSpec:
			if isGrant(n.Type) {
				found = append(found, n)
			}
		}
		return true
	})
	return append(found, unsetVariables(file, isGrant)...)
}

// unsetVariables are variables of the type that nothing is ever assigned to.
func unsetVariables(file *ast.File, isGrant func(ast.Expr) bool) []ast.Node {
	assigned := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
			for _, left := range a.Lhs {
				if id, ok := left.(*ast.Ident); ok {
					assigned[id.Name] = true
				}
			}
		}
		return true
	})
	var found []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || !isGrant(v.Type) || len(v.Values) > 0 {
			return true
		}
		for _, id := range v.Names {
			if !assigned[id.Name] {
				found = append(found, v)
			}
		}
		return true
	})
	return found
}

func isNil(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "nil"
}

// localName is what the file calls this package; empty where it does not import
// it.
func localName(file *ast.File) string {
	for _, i := range file.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); path == importPath {
			if i.Name != nil {
				return i.Name.Name
			}
			return "policy"
		}
	}
	return ""
}

// A Grant says that policy was asked. Outside this package none may be made.
func TestNobodyElseMakesGrants(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	files, users := token.NewFileSet(), 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || path == filepath.Join(root, "build") || path == filepath.Join(root, "shared", "policy")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if localName(file) != "" {
			users++
		}
		for _, n := range forgeries(file) {
			t.Errorf("%s makes a Grant without asking", files.Position(n.Pos()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if users == 0 {
		t.Error("no file of the module imports this package: the test looks at the wrong place")
	}
}

func TestForgeriesAreFound(t *testing.T) {
	for body, want := range map[string]int{
		"func f() { use(p.Grant{}) }":                                         1,
		"func f() { g := &p.Grant{}; use(*g) }":                               1,
		"func f() p.Grant { return p.Grant{} }":                               1,
		"func f() (p.Grant, error) { return p.Grant{}, nil }":                 1,
		"func f() (p.Grant, error) { return p.Grant{}, err }":                 0,
		"func f() { use(*new(p.Grant)) }":                                     1,
		"func f() { var g p.Grant; use(g) }":                                  1,
		"func f() { var g p.Grant; g, err = ask(); use(g) }":                  0,
		"func f() { g, err := ask(); use(g) }":                                0,
		"func f(g p.Grant) {}":                                                0,
		"type t struct { g p.Grant }":                                         0,
		"type Mine p.Grant":                                                   1,
		"type Mine = p.Grant":                                                 1,
		"var all = []p.Grant{p.Grant{}}":                                      1,
		"func f() { use(other.Grant{}) }":                                     0,
		"func f() (p.Grant, error) { return p.Grant{Rule: 1}, errors.New() }": 1,
	} {
		source := "package x\nimport p \"" + importPath + "\"\n" + body
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(forgeries(file)); got != want {
			t.Errorf("%s: %d forgeries found, want %d", body, got, want)
		}
	}
}
