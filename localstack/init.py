# LocalStack runs this in its own process when it is ready, in a container and on
# the host alike, before template.yaml is deployed.

import sys

sys.path.append("/gander/localstack/plugins")  # where they are in a container; on the host they are installed

from gander_localstack import fidelity  # noqa: E402, the path comes first

fidelity.behave_as_aws()
