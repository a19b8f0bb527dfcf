package main

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/boot/outside"
)

// A service is one data folder's, in one life after another.
type service struct {
	log *os.File

	mu    sync.Mutex
	now   *outside.Process // nil while there is none
	lives int
	began chan struct{} // closed when the next life serves
}

// start begins a life and waits until it serves.
func (s *service) start(ctx context.Context, cmd *exec.Cmd) error {
	p, err := outside.Start(ctx, cmd, s.log)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = p
	s.lives++
	if s.began != nil {
		close(s.began)
		s.began = nil
	}
	return nil
}

// startAndKill is a life that ends while it begins.
func (s *service) startAndKill(ctx context.Context, cmd *exec.Cmd, after time.Duration) error {
	p, err := outside.Launch(cmd, s.log)
	if err != nil {
		return err
	}
	err = pause(ctx, after)
	p.Kill()
	return err
}

func (s *service) kill() {
	s.mu.Lock()
	p := s.now
	s.now = nil
	s.mu.Unlock()
	if p != nil {
		p.Kill()
	}
}

// stop ends the last life as an operator would.
func (s *service) stop(ctx context.Context) error {
	s.mu.Lock()
	p := s.now
	s.now = nil
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Stop(ctx)
}

func (s *service) url() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return ""
	}
	return s.now.URL
}

// life returns the address of the present life, or of the next one, and its
// number.
func (s *service) life(ctx context.Context) (url string, number int, err error) {
	for {
		s.mu.Lock()
		if s.now != nil {
			url, number = s.now.URL, s.lives
			s.mu.Unlock()
			return url, number, nil
		}
		if s.began == nil {
			s.began = make(chan struct{})
		}
		began := s.began
		s.mu.Unlock()
		select {
		case <-began:
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
}

// over reports whether a life has ended. It is said to have before it is killed,
// so that nobody sees the end earlier.
func (s *service) over(number int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now == nil || s.lives > number
}
