"""LocalStack without containers: Lambda functions as processes, DynamoDB as dynoxide.

``executor`` and ``dynoxide`` are plugins, which LocalStack loads; ``fidelity`` is
for containers, too, and called by ../init.py; ``environment``, ``process`` and
``runtime_api`` know nothing of LocalStack.
"""
