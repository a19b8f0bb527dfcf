package s3

// S3 takes at most 10,000 parts of 5 MiB to 5 GiB each, the last of any size, and
// a part must be held until S3 has it, for it may have to be sent again. Parts
// therefore grow with the object: small memory for usual images, and still room
// for more than 1 TiB.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
var schedule = []struct {
	parts int
	size  int // bytes
}{
	{1000, 16 << 20},  // up to 15.6 GiB
	{1200, 32 << 20},  // up to 53 GiB
	{7800, 128 << 20}, // up to 1,028 GiB
}

// spare is how many bytes of the next part are gathered while one is on its way.
// A writer holds at most one part and the spare: 32 MiB of an object up to
// 15.6 GiB, 48 MiB up to 53 GiB, 144 MiB beyond.
const spare = 16 << 20

// partSize is the size of part n, counted from 1, in bytes; 0 beyond the last.
func partSize(n int) int {
	for _, step := range schedule {
		if n <= step.parts {
			return step.size
		}
		n -= step.parts
	}
	return 0
}
