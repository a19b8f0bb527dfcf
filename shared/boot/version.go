package boot

import "runtime/debug"

// version is set by the linker: "make build VERSION=1.2.3". Without it the
// module's own version is told, which says "(devel)" for a working copy.
var version string

// Version says which version of Gander this is.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
