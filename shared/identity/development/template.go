package development

import (
	"crypto/rand"
	"strings"
)

// firstDirectory returns the identity.yaml of a first start, each password
// made at random.
func firstDirectory() string {
	parts := strings.Split(template, "PASSWORD")
	var text strings.Builder
	for i, part := range parts {
		if i > 0 {
			text.WriteString(rand.Text())
		}
		text.WriteString(part)
	}
	return text.String()
}

const template = `# The people of this Gander: who may log in with a password, and as what.
#
# Gander made this file at its first start, with passwords found at random, and
# reads it at every start. Change what you like, then start again: clouds.yaml
# and the openrc files beside it follow. Keep the file to yourself.
#
# An id may be given to a domain, project, role or user ("id: ..."); otherwise it
# follows from the name. "enabled: false" locks a domain, project or user.

domains:
  - name: Default
    id: default

projects:            # "domain: <name>" where it is not Default
  - name: demo
    description: Where to try things
  - name: other
    description: Somebody else, to share images with
  - name: admin
    description: Whoever runs the cloud
  - name: service
    description: The services of the cloud

roles:               # a role brings all that it implies
  - name: admin
    implies: [manager]
  - name: manager
    implies: [member]
  - name: member
    implies: [reader]
  - name: reader
  - name: service

users:               # each role is on one of: project: <name>, domain: <name>, system: all
  - name: demo
    password: PASSWORD
    default_project: demo
    roles:
      - {role: member, project: demo}
  - name: reader
    password: PASSWORD
    default_project: demo
    roles:
      - {role: reader, project: demo}
  - name: manager
    password: PASSWORD
    default_project: demo
    roles:
      - {role: manager, project: demo}
  - name: admin
    password: PASSWORD
    default_project: admin
    roles:
      - {role: admin, project: admin}
      - {role: admin, domain: Default}
      - {role: admin, system: all}
  - name: other
    password: PASSWORD
    default_project: other
    roles:
      - {role: member, project: other}
  - name: service
    password: PASSWORD
    default_project: service
    roles:
      - {role: service, project: service}

clouds:              # what clouds.yaml and the openrc files are made of
  - {name: gander, user: demo, project: demo}
  - {name: gander-reader, user: reader, project: demo}
  - {name: gander-manager, user: manager, project: demo}
  - {name: gander-admin, user: admin, project: admin}
  - {name: gander-other, user: other, project: other}
  - {name: gander-service, user: service, project: service}
`
