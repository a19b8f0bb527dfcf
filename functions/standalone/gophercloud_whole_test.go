package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unused are the functions of gophercloud's packages that no test calls.
var unused = map[string]string{
	"imagedata.Stage": "staging comes with import",
}

// TestGophercloudIsUsedWhole: each function of the packages images, imagedata and
// members that makes a request, or reads the answer to one, and each change that
// their types stand for, is used by a test here, or it is said why not.
func TestGophercloudIsUsedWhole(t *testing.T) {
	used := usedOf(t)
	for _, name := range []string{"images", "imagedata", "members"} {
		for _, function := range exported(t, name) {
			is := used[name+"."+function]
			if why, excused := unused[name+"."+function]; is == excused {
				t.Errorf("%s.%s: that a test uses it is %t, and it is excused by %q", name, function, is, why)
			}
		}
	}
}

// exported lists the functions of a package of gophercloud that a program calls
// by themselves, and its types that are changes of an image.
func exported(t *testing.T, name string) []string {
	t.Helper()
	root, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/gophercloud/gophercloud/v2/openstack/image/v2/"+name).Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the sources of %s: %v, %v", name, files, err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() && !strings.HasSuffix(file, "_test.go") {
				names = append(names, callable(f)...)
			}
		}
	}
	return names
}

// callable is the name of a function, or of the type that is a change by this
// method.
func callable(f *ast.FuncDecl) []string {
	if f.Recv == nil {
		return []string{f.Name.Name}
	}
	if receiver, ok := f.Recv.List[0].Type.(*ast.Ident); ok && f.Name.Name == "ToImagePatchMap" {
		return []string{receiver.Name}
	}
	return nil
}

// usedOf is all that this package's tests name of other packages.
func usedOf(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("gophercloud*_test.go")
	if err != nil || len(files) < 2 {
		t.Fatalf("the tests are %v, %v", files, err)
	}
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					used[x.Name+"."+s.Sel.Name] = true
				}
			}
			return true
		})
	}
	return used
}
