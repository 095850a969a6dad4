"""What botocore signs for the values on standard input, with its clock where they say: an RDS and an EKS token."""

import datetime
import json
import sys
from unittest import mock

from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner, generate_db_auth_token

asked = json.load(sys.stdin)
now = datetime.datetime.fromisoformat(asked["at"])
credentials = Credentials(asked["accessKeyId"], asked["secretAccessKey"], asked.get("sessionToken"))
# Signers keep a weak reference only.
events = HierarchicalEmitter()


def frozen(remove_tzinfo=True):
    return now.replace(tzinfo=None) if remove_tzinfo else now


def signer(service):
    return RequestSigner(ServiceId(service), asked["region"], service, "v4", credentials, events)


class Client:
    """As much of a client as the signing of RDS tokens looks at."""

    def __init__(self):
        self._request_signer = signer("rds-db")
        self.meta = mock.Mock(region_name=asked["region"])


def presigned(headers, expires):
    url = f"https://sts.{asked['region']}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = {"method": "GET", "url": url, "body": {}, "headers": headers, "context": {}}
    return signer("sts").generate_presigned_url(
        request, region_name=asked["region"], expires_in=expires, operation_name=""
    )


with mock.patch("botocore.auth.get_current_datetime", frozen):
    rds = generate_db_auth_token(Client(), asked["host"], asked["port"], asked["user"])
    eks = presigned({"x-k8s-aws-id": asked["cluster"]}, 60)

print(json.dumps({"rds": rds, "eks": eks}))
