package boot

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/gander-images/gander/shared/boot/setting"
)

// newLog makes the process's log: JSON, or text for whoever sits at a terminal.
func newLog(w io.Writer, v setting.Values) *slog.Logger {
	options := &slog.HandlerOptions{Level: v.LogLevel}
	if v.LogFormat == "text" || v.LogFormat == "auto" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
