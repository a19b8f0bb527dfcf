// Package scenarios holds what callers can see of the API, as tests. A scenario
// speaks HTTP to a world (newWorld, w.call, w.refused) and sees no more of the
// service than callers do, so it runs on two mixes:
//
//   - go test ./shared/httpapi/scenarios: the whole service within the test's
//     process, over the local adapters.
//   - build/tools/emulate dynoxide,versitygw,moto -- go test -tags cloud
//     ./shared/httpapi/scenarios -shape rest: a gateway in front of the functions'
//     own processes, over engines that stand in for AWS. Other shapes are other
//     gateways; what one changes by itself is a row of behind_gateway_test.go and
//     of docs/differences.md.
//
// A new scenario goes into the file of its subject, FEATURE_test.go. What reaches
// into the running service, to break its table or to change its clock, is no
// scenario: it goes into FEATURE_unit_test.go, uses newInside, and runs on the
// local mix alone. Tests of what package httpapi keeps to itself stand there.
//
//   - world_test.go, option_test.go, answer_test.go, people_test.go: the words
//     that scenarios are written in.
//   - local_test.go, cloud_test.go: the two mixes.
//   - matrix_test.go, testdata/matrix.txt: what everybody is answered.
//   - replay_unit_test.go: what Glance answered, from ../recorded.
package scenarios
