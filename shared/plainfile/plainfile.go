// Package plainfile reads the files that operators name in settings.
package plainfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Read returns what a file holds, of which it takes no more than most bytes.
//
// Errors: the system's, as *os.PathError; the path names no plain file, such as a
// pipe, which could be waited for without end; the file is longer. The last two do
// not name the path.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no plain file")
	}
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > most {
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return content, nil
}
