"""Calls AWS with boto3 for the tests: a client that shares no code with amp-stack.

Reads one request a line, `{"service": "iam", "method": "get_role", "arguments": {...}}`, where the method may have its name
in the API (`GetRole`) as well, and answers each with one line,
`{"answer": {...}}` or `{"error": "NoSuchEntity", "message": "..."}`.
"""

import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

endpoint = sys.argv[1]
clients = {}


def client(service, region):
    key = (service, region)
    if key not in clients:
        clients[key] = boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
    return clients[key]


for line in sys.stdin:
    request = json.loads(line)
    try:
        method = getattr(client(request["service"], request["region"]), xform_name(request["method"]))
        answer = method(**request["arguments"])
        answer.pop("ResponseMetadata", None)
        reply = {"answer": answer}
    except ClientError as error:
        reply = {"error": error.response["Error"]["Code"], "message": str(error)}
    except BotoCoreError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(reply, default=str), flush=True)
