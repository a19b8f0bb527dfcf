# Gives the API that is called like its stack, gander, that very id, so that its
# URL is known before it is there. LocalStack runs this in its own process when it
# is ready, in a container and on the host alike.

from localstack.utils.id_generator import localstack_id_manager
from moto.apigateway.utils import ApigwRestApiIdentifier

localstack_id_manager.set_custom_id(ApigwRestApiIdentifier("000000000000", "us-east-1", "gander"), "gander")
