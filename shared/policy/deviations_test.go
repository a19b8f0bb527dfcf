package policy

// Deviations lets the command's test know which recorded answers are not ours.
var Deviations = deviations
