package gateway

import "time"

// SetTimeout shortens what the gateway waits for a function.
func (c *Config) SetTimeout(d time.Duration) { c.timeout = d }
