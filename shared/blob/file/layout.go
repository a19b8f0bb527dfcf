package file

import (
	"crypto/rand"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
)

// The folders below a store's own.
const (
	objectsFolder    = "objects"    // <place of the name>/<version>
	unfinishedFolder = "unfinished" // <writer>/<place of the name>/data, or /<version>
	lockFile         = "lock"
	dataFile         = "data"
)

// A name's segments become folders. Both signs lie outside the grammar of
// names, so that an object "a" and an object "a/b" do not get in each other's
// way, and every place can be read back.
const (
	objectSign   = "@" // ends the folder that holds one object
	continueSign = "+" // the segment goes on in the folder below
	maxPiece     = 200 // bytes of a segment in one folder's name; file systems take 255
)

// placeOf returns the folder of the object with this name, below
// objectsFolder or a writer's folder.
func placeOf(name string) string {
	var b strings.Builder
	for i, segment := range strings.Split(name, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		for len(segment) > maxPiece {
			b.WriteString(segment[:maxPiece] + continueSign + "/")
			segment = segment[maxPiece:]
		}
		b.WriteString(segment)
	}
	return b.String() + objectSign
}

// extend returns the name, or the part of a name, that a folder stands for.
// Parts end with a slash, or in the middle of a segment.
func extend(part, folder string) (name string, object bool) {
	if piece, ok := strings.CutSuffix(folder, objectSign); ok {
		return part + piece, true
	}
	if piece, ok := strings.CutSuffix(folder, continueSign); ok {
		return part + piece, false
	}
	return part + folder + "/", false
}

// randomID names a writer's folder, and tells one object's bytes from another's.
func randomID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, as its documentation says
	return hex.EncodeToString(b[:])
}

// versionOf returns a version: the random part is wrong for all other bytes,
// and the size for a file that was cut or exchanged. Both are in the file's
// name, so that they survive a restart, a backup and another disk.
func versionOf(id string, size int64) string { return id + "-" + strconv.FormatInt(size, 10) }

// sizeOf reads the size out of a version, and tells whether it is one.
func sizeOf(version string) (int64, bool) {
	id, digits, found := strings.Cut(version, "-")
	if !found || len(id) != 24 || strings.Trim(id, "0123456789abcdef") != "" {
		return 0, false
	}
	size, err := strconv.ParseInt(digits, 10, 64)
	return size, err == nil && size >= 0 && strconv.FormatInt(size, 10) == digits
}

// objectPlace is placeOf below the finished objects.
func objectPlace(name string) string { return path.Join(objectsFolder, placeOf(name)) }
