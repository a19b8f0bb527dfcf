// Command serve serves a small Secrets Manager at an address of this machine:
//
//	secrets 127.0.0.1:5566
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gander-images/gander/localstack/secrets"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: secrets HOST:PORT")
		os.Exit(2)
	}
	server := &http.Server{Addr: os.Args[1], Handler: secrets.New(time.Now), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
