package httpapi

// behindGateway are the differences that the scenarios meet.
var behindGateway = []difference{}
