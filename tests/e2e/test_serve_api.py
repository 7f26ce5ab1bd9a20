"""What holds for all services: who may ask, where, and what they are told who ask for something else. Through boto3 and by hand."""
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

boto3 = pytest.importorskip("boto3")

from botocore import UNSIGNED  # noqa: E402
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

import helpers  # noqa: E402
from server import Server  # noqa: E402

SERVICES = {"sagemaker": "list_models", "logs": "describe_log_groups", "cloudwatch": "describe_alarms", "sts": "get_caller_identity"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def client_of(server, service, config=None, **more):
    return boto3.client(service, config=Config(retries={"max_attempts": 0}).merge(config or Config()), **server.boto(**more))


def told(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def speaks_query(client):
    """CloudWatch speaks JSON with newer clients."""
    return client.meta.service_model.metadata["protocol"] == "query"


def fetch(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# --- who asks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_wrong_secret(server, service):
    client = client_of(server, service, aws_secret_access_key="wrong")
    status, code, text = told(getattr(client, SERVICES[service]))
    assert (status, code) == (403, "SignatureDoesNotMatch" if speaks_query(client) else "InvalidSignatureException")
    assert "signature we calculated does not match" in text


@pytest.mark.parametrize("service", SERVICES)
def test_wrong_key(server, service):
    client = client_of(server, service, aws_access_key_id="AKIAWRONG")
    status, code, text = told(getattr(client, SERVICES[service]))
    assert (status, code) == (403, "InvalidClientTokenId" if speaks_query(client) else "UnrecognizedClientException")
    assert "security token" in text and "hindcast env" in text


@pytest.mark.parametrize("service", SERVICES)
def test_not_signed(server, service):
    client = client_of(server, service, config=Config(signature_version=UNSIGNED))
    assert told(getattr(client, SERVICES[service]))[:2] == (403, "MissingAuthenticationToken")


def test_another_region(server):
    status, _, text = told(client_of(server, "sagemaker", region_name="eu-west-1").list_models)
    assert status == 403 and "'us-west-2'" in text and "'eu-west-1'" in text
    for service, call in (("sts", "get_caller_identity"), ("iam", "get_role")):
        params = {"RoleName": "r"} if service == "iam" else {}
        getattr(client_of(server, service, region_name="eu-west-1"), call)(**params)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_presigned_urls_of_sts(server, method):
    """A URL that says who has made it, as other programs' logins use it."""
    url = client_of(server, "sts").generate_presigned_url("get_caller_identity", HttpMethod=method)
    status, text = fetch(url, method)
    assert status == 200 and "<Account>123456789012</Account>" in text
    assert "SignatureDoesNotMatch" in fetch(url.replace("GetCallerIdentity", "GetSessionToken"), method)[1]
    assert "SignatureDoesNotMatch" in fetch(url[:-1] + ("0" if url[-1] != "0" else "1"), method)[1]
    assert fetch(url, "POST" if method == "GET" else "GET")[0] == 403


# --- what is not there -------------------------------------------------------------------------


@pytest.mark.parametrize("service, call, params, asked", [
    ("sagemaker", "list_training_jobs", {}, "operation 'SageMaker.ListTrainingJobs'"),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "ep", "Body": b"1,2"}, "request for /endpoints/ep/invocations"),
    ("logs", "describe_metric_filters", {}, "operation 'Logs_20140328.DescribeMetricFilters'"),
    ("sts", "get_session_token", {}, "operation 'GetSessionToken'"),
    ("lambda", "list_functions", {}, "service 'lambda'"),
    ("dynamodb", "list_tables", {}, "service 'dynamodb'"),
    ("ec2", "describe_instances", {}, "service 'ec2'"),
    ("sns", "list_topics", {}, "service 'sns'"),
])
def test_what_is_not_supported(server, service, call, params, asked):
    client = client_of(server, service)
    status, code, text = told(getattr(client, call), **params)
    assert status == 400 and code in ("UnknownOperationException", "InvalidAction")
    assert f"The {asked} is not supported" in text


def test_methods(server):
    """JSON services are asked with POST, and a target that comes otherwise is not obeyed."""
    request = AWSRequest("PUT", server.url + "/", data="{}", headers={"X-Amz-Target": "SageMaker.ListModels"})
    SigV4Auth(Credentials(*server.keys()), "sagemaker", "us-west-2").add_auth(request)
    sent = urllib.request.Request(server.url + "/", data=b"{}", headers=dict(request.headers), method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(sent, timeout=30)
    assert caught.value.code == 405 and json.loads(caught.value.read())["__type"] == "MethodNotAllowed"


# --- the shell of a user who comes from AWS ----------------------------------------------------


@pytest.mark.parametrize("config", [
    "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = x\n",
    "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n[profile base]\naws_access_key_id = a\n"
    "aws_secret_access_key = b\n",
    "[default]\nregion = eu-central-1\n",
])
def test_the_users_own_configuration(server, tmp_path, config):
    (tmp_path / "config").write_text(config)
    aws = shutil.which("aws")
    if not aws:
        pytest.skip("no aws command line")
    env = {**os.environ, "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": "prod", "HTTP_PROXY": "http://127.0.0.1:1",
           "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}
    for name in ("NO_PROXY", "no_proxy"):
        env.pop(name, None)
    script = f'eval "$({helpers.binary()} env --data {server.data})"; {aws} --endpoint-url "$AWS_ENDPOINT_URL" sagemaker list-models'
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"Models": []}
