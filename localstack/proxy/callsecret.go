package proxy

import "encoding/json"

// readSecret fills in what a request of Secrets Manager does, and to what. An ARN ends
// with six characters of AWS's choice.
//
// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys
// for AWS Secrets Manager".
func (c *Call) readSecret(prefix string) error {
	var r struct {
		Name string
		ID   string `json:"SecretId"`
	}
	if err := json.Unmarshal(c.body, &r); err != nil {
		return &refusal{status: 400, code: "SerializationException", message: "The request is no JSON."}
	}
	u := Use{Action: "secretsmanager:" + c.Operation, Resource: "*"}
	if c.Operation != "ListSecrets" {
		c.Items = []string{r.Name + r.ID}
		u.Resource = prefix + c.Items[0] + "-AbCdEf"
	}
	c.Uses = []Use{u}
	return nil
}
