"""Records what oslo.policy answers and what Glance registers, for the Go code to be held to."""
