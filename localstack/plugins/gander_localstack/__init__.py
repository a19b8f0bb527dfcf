"""LocalStack without containers: Lambda functions as processes, DynamoDB as dynoxide.

``executor`` and ``dynoxide`` are what LocalStack loads; ``environment``, ``process``
and ``runtime_api`` know nothing of LocalStack.
"""
