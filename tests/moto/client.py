"""Calls AWS with boto3 for the tests: a client that shares no code with amp-stack.

Reads one request a line, `{"service": "iam", "method": "get_role", "arguments": {...}}`, where the method may have its name
in the API (`GetRole`) as well, and answers each with one line,
`{"answer": {...}}` or `{"error": "NoSuchEntity", "message": "..."}`. The service `prometheus` is a workspace's data plane, which has
no client in boto3: the method is a path, `query`, and the arguments are `workspace`, `secret` and `parameters`, or the hexadecimal `body` of a
remote write; botocore signs.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
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


def prometheus(path, region, workspace, secret, parameters=None, body=None):
    url = f"{endpoint}/workspaces/{workspace}/api/v1/{path}"
    if body is None:
        data = urllib.parse.urlencode(parameters, doseq=True).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
    else:
        data = bytes.fromhex(body)
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    signed = AWSRequest("POST", url, data=data, headers=headers)
    SigV4Auth(Credentials("sandbox", secret), "aps", region).add_auth(signed)
    request = urllib.request.Request(url, data=data, headers=dict(signed.headers), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return {"answer": json.loads(answer.read() or "null")}
    except urllib.error.HTTPError as error:
        return {"error": str(error.code), "message": error.read().decode()}


for line in sys.stdin:
    request = json.loads(line)
    if request["service"] == "prometheus":
        reply = prometheus(request["method"], request["region"], **request["arguments"])
        print(json.dumps(reply), flush=True)
        continue
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
