"""The reads of a plan, as somebody writes them with boto3: eight threads, and a description of each task definition, because
nothing else says what is in it. Prints how many calls that takes, and the processor seconds and mebibytes.
"""

import concurrent.futures
import json
import resource
import sys

import boto3
from botocore.config import Config

endpoint, groups = sys.argv[1], json.loads(sys.argv[2])
session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")
calls = []


def client(service):
    made = session.client(service, endpoint_url=endpoint, config=Config(max_pool_connections=50))
    made.meta.events.register("before-send", lambda **_: calls.append(service))
    return made


names = ("sts", "iam", "amp", "resourcegroupstaggingapi", "logs", "ecs")
sts, iam, amp, tagging, logs, ecs = (client(service) for service in names)


def all_of(api, operation, member, **arguments):
    pages = api.get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page[member]]


def workspaces():
    for workspace in all_of(amp, "list_workspaces", "workspaces"):
        try:
            amp.describe_logging_configuration(workspaceId=workspace["workspaceId"])
        except amp.exceptions.ResourceNotFoundException:
            pass


def newest():
    arns = all_of(ecs, "list_task_definitions", "taskDefinitionArns")
    families = {arn.rsplit(":", 1)[0]: arn for arn in arns}
    list(pool.map(lambda arn: ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"]), families.values()))


sts.get_caller_identity()
filters = [{"Key": "amp-stack:stack", "Values": ["big"]}]
batches = [groups[at : at + 50] for at in range(0, len(groups), 50)]
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    reads = [
        pool.submit(all_of, iam, "list_roles", "Roles"),
        pool.submit(all_of, iam, "get_account_authorization_details", "RoleDetailList", Filter=["Role"]),
        pool.submit(workspaces),
        pool.submit(all_of, tagging, "get_resources", "ResourceTagMappingList", TagFilters=filters),
        *(pool.submit(all_of, logs, "describe_log_groups", "logGroups", logGroupIdentifiers=batch) for batch in batches),
    ]
    newest()
    for read in reads:
        read.result()

used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "calls": len(calls),
    "cpu": used.ru_utime + used.ru_stime,
    "memory": used.ru_maxrss / 1024,
}))
