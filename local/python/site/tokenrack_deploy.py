"""Deploys a Serve config the way `serve run` does: the application is built here, and not in a Ray task.

Building imports Ray Serve LLM and vLLM, for many seconds. A Ray task could only begin with that once Ray and Serve's
controller run; this process begins while Ray starts. It waits at a socket for one request and then ends:
`{"address": <GCS address>, "config": <Serve config>}` in, `{"error": null | <text>}` out.
"""

import importlib
import json
import os
import socket
import sys

# Nobody asked for so long: the bring-up was given up.
PATIENCE_SECONDS = 120


def import_attribute(path):
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def deploy(address, config):
    import ray
    from ray import serve

    ray.init(address=address, log_to_driver=False)
    serve.start(proxy_location=config["proxy_location"], http_options=config["http_options"])
    targets = [
        serve.RunTarget(import_attribute(app["import_path"])(app["args"]), app["name"], app["route_prefix"])
        for app in config["applications"]
    ]
    # Who asked watches the applications start, and says meanwhile what they do.
    serve.run_many(targets, wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)


def answer(request):
    try:
        deploy(request["address"], request["config"])
    except Exception as error:  # Whatever it is, it is for the user to read.
        return {"error": f"{type(error).__name__}: {error}"}
    return {"error": None}


def main(path, modules):
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(1)
    listener.settimeout(PATIENCE_SECONDS)
    for module in modules:
        importlib.import_module(module)
    connection, _ = listener.accept()
    os.unlink(path)
    with connection, connection.makefile("rw") as stream:
        stream.write(json.dumps(answer(json.loads(stream.readline()))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
