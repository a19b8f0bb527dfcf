package s3

// A schedule says how long the parts of an object are, by how many there are of
// each length, in order.
type schedule []struct {
	parts int
	size  int // bytes
}

// S3 takes at most 10,000 parts of 5 MiB to 5 GiB each, the last of any size, and
// a part must be held until S3 has it, for it may have to be sent again. Parts
// therefore grow with the object: small memory for usual images, and still room
// for more than 1 TiB.
//
// A writer holds at most one part and the spare: 32 MiB of an object up to
// 15.6 GiB, 48 MiB up to 53 GiB, 144 MiB beyond. With 10,000 parts, no schedule
// can do with less than 105 MiB for 1 TiB.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
var growing = schedule{
	{1000, 16 << 20},  // up to 15.6 GiB
	{1200, 32 << 20},  // up to 53 GiB
	{7800, 128 << 20}, // up to 1,028 GiB
}

// part is the size of part n, counted from 1, in bytes; 0 beyond the last.
func (s schedule) part(n int) int {
	for _, step := range s {
		if n <= step.parts {
			return step.size
		}
		n -= step.parts
	}
	return 0
}

// spare is how many bytes of the next part are gathered while one is on its way.
func (s schedule) spare() int { return s[0].size }
