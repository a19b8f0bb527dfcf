package protect

// A matcher reports whether an expression is found anywhere in a name.
type matcher func(name string) bool
