// Package proxy stands between functions and the engines that play DynamoDB, its
// streams, S3 and Secrets Manager. It does what those engines leave out, and what they never do
// unasked:
//
//   - It knows each function by an access key of its own, checks the signature of
//     every request, and signs anew for the engine. A function that signs wrongly,
//     or not at all, is answered as AWS would.
//   - It records which function did which action on which resource, as IAM counts
//     them, and can hold functions to the permissions they were given.
//   - It breaks calls: a Rule picks them, a Fault says how.
//
// The faults, by what the engine did of the call:
//
//	nothing     Throttled, RateLimited, Conflicted, PartThrottled, InProgress,
//	            Failed, Rejected, WrongState, CutBefore, CutUpload,
//	            IteratorExpired, Trimmed
//	all of it   FailedAfter, AnswerLost, AnswerSilent, AnswerCut
//	late        Delayed
//	other order Duplicated, Reordered, Withheld, and Config.Shards
//
// Streams promise every change at least once and the order of changes of one
// item; the last row stays within that. Lists of shards that are dealt anew
// (Config.Shards) let items overtake each other as they do on a table that has
// grown: an engine on one machine has one shard.
//
// A half-finished multipart upload is two rules, CutUpload from the n-th UploadPart
// on and Failed for every AbortMultipartUpload; an outage is Failed or CutBefore on
// all calls of an engine, for as long as the Injection stands. A test asks each
// Injection in the end whether it ever struck: a fault that did not proves nothing.
//
// Which promise of ours is played under which fault is the table at the top of
// shared/image/faulty_test.go; localstack/grants plays every function's ways under
// its own key.
//
// Source: AWS General Reference, "Signature Version 4"; the "Errors" of each
// operation in the API references of Amazon DynamoDB and Amazon S3.
package proxy
